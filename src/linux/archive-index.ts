/** Finds packages by the archive's signed index: InRelease names the hash of Packages, which names those of all packages. */

import { WasmvisorError } from "../error.ts";
import { ByteReader, damaged } from "./byte-reader.ts";
import { type Crypto, signedText } from "./openpgp.ts";
import type { PackagedFile, Suite } from "./release.ts";
import { unxz } from "./xz.ts";

/** A digest in the making. */
export interface Hash {
  readonly update: (bytes: Uint8Array) => void;
  hex(): string;
}

/** A mirror of the archive. */
export interface Archive {
  readonly crypto: Crypto;
  /**
   * The bytes at a path, in pieces that are good until the next one is asked for. Fails with a WasmvisorError, of code
   * `archive-missing` when there is no such file.
   */
  open(path: string): AsyncIterable<Uint8Array>;
  /** A SHA-256. */
  hash(): Hash;
}

/** InRelease has some 150 kB. */
const MAX_RELEASE = 1 << 22;
/** A stanza of Packages has some 2 kB. */
const MAX_STANZA = 1 << 20;

/** The newest of what `wasmvisor linux` boots. */
export interface Listed {
  readonly version: string;
  readonly kernel: PackagedFile;
  readonly busybox: PackagedFile;
}

/**
 * Reads the index.
 * @throws WasmvisorError `archive-signature` when nobody vouches for it, `archive` when it makes no sense
 */
export async function findListed(archive: Archive, suite: Suite): Promise<Listed> {
  const release = await signedRelease(archive, suite);
  const [sha256, size] = indexEntry(release, suite);
  const stanzas = await readStanzas(archive, suite, sha256, size);
  const kernelName = /linux-image-[0-9][^ ,]*/.exec(stanzas.get("linux-image-riscv64")?.get("Depends") ?? "")?.[0];
  const kernel = stanzas.get(kernelName ?? "");
  const busybox = stanzas.get("busybox-static");
  if (kernelName === undefined || kernel === undefined || busybox === undefined) throw damaged("is listed nowhere");
  const version = kernelName.slice("linux-image-".length);
  return {
    version,
    kernel: packaged(kernel, `boot/vmlinux-${version}`),
    busybox: packaged(busybox, "usr/bin/busybox"),
  };
}

async function signedRelease(archive: Archive, suite: Suite): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of archive.open(suite.release)) {
    chunks.push(chunk.slice());
    size += chunk.length;
    if (size > MAX_RELEASE) throw damaged("has an index of absurd size");
  }
  const message = chunks.map((chunk) => String.fromCharCode(...chunk)).join("");
  const release = signedText(message, fromHex(suite.key), archive.crypto);
  const date = Date.parse(field(release ?? "", "Date") ?? "");
  if (release !== undefined && field(release, "Codename") === suite.codename && date >= suite.notBefore) return release;
  throw new WasmvisorError(
    "archive-signature",
    "The mirror's index is not signed by Debian's release key, or is an old one; try another --mirror, or a newer wasmvisor.",
  );
}

function field(stanza: string, name: string): string | undefined {
  return new RegExp(`^${name}: (.*)$`, "m").exec(stanza)?.[1];
}

/** The hash and size of Packages. */
function indexEntry(release: string, suite: Suite): [sha256: string, size: number] {
  const sums = release.slice(release.indexOf("\nSHA256:\n"));
  for (const [, hash, size, path] of sums.matchAll(/^ ([0-9a-f]{64}) +(\d+) (\S+)$/gm)) {
    if (path === suite.packages) return [hash!, Number(size)];
  }
  throw damaged("has no index");
}

type Stanza = ReadonlyMap<string, string>;

/** The stanzas of the packages that could be wanted, once all of the index is known to be right. */
async function readStanzas(archive: Archive, suite: Suite, sha256: string, size: number): Promise<Map<string, Stanza>> {
  const hash = archive.hash();
  const reader = new ByteReader(bounded(archive.open(`dists/${suite.codename}/${suite.packages}`), hash.update, size));
  const found = new Map<string, Stanza>();
  const decoder = new TextDecoder();
  let text = "";
  const take = (stanza: string): void => {
    const name = /^Package: (linux-image-\S*riscv64|busybox-static)$/m.exec(stanza)?.[1];
    if (name === undefined) return;
    found.set(name, new Map([...stanza.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)].map(([, key, value]) => [key!, value!])));
  };
  for await (const piece of unxz(reader)) {
    text += decoder.decode(piece, { stream: true });
    const stanzas = text.split("\n\n");
    text = stanzas.pop() ?? "";
    if (text.length > MAX_STANZA) throw damaged("has an index that makes no sense");
    stanzas.forEach(take);
  }
  take(text);
  while ((await reader.some(65536)).length > 0) continue;
  if (hash.hex() !== sha256) throw damaged("has an index that is not the signed one");
  return found;
}

/** Passes chunks on, and shows each to `see`; not more bytes than there should be. */
export async function* bounded(
  chunks: AsyncIterable<Uint8Array>,
  see: (chunk: Uint8Array) => void,
  most: number,
): AsyncGenerator<Uint8Array, void> {
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > most) throw damaged("is longer than it should be");
    see(chunk);
    yield chunk;
  }
}

function packaged(stanza: Stanza, path: string): PackagedFile {
  const [place, size, sha256] = ["Filename", "Size", "SHA256"].map((name) => stanza.get(name) ?? "") as [
    string,
    string,
    string,
  ];
  if (
    !/^pool\/[\w.+~/-]+$/.test(place) ||
    place.includes("..") ||
    !/^\d+$/.test(size) ||
    !/^[0-9a-f]{64}$/.test(sha256)
  ) {
    throw damaged("is listed in a way that makes no sense");
  }
  return { package: place, packageBytes: Number(size), packageSha256: sha256, path };
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (byte) => parseInt(byte, 16));
}
