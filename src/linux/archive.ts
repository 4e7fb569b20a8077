/** Takes files out of a Debian archive: what is pinned, or else what the archive's signed index lists. */

import { WasmvisorError } from "../error.ts";
import { type Archive, bounded, findListed } from "./archive-index.ts";
import { ByteReader } from "./byte-reader.ts";
import { extractFile } from "./deb.ts";
import { LINUX, type PackagedFile, SUITE, type Suite } from "./release.ts";

/** What was fetched. */
export interface FetchedLinux {
  readonly version: string;
  readonly kernel: Uint8Array;
  readonly busybox: Uint8Array;
}

/** Called with the bytes of a package that have come so far, and those that it has. */
export type OnFetch = (name: "kernel" | "busybox", loaded: number, total: number) => void;

/** No kernel has more. */
const MAX_FILE = 128 << 20;

/**
 * The pinned Linux, or the archive's newest when the archive has dropped it.
 * @param from what is pinned, and where later versions are listed; others in tests
 * @throws WasmvisorError `archive…`; the archive's own errors
 */
export async function fetchLinux(
  archive: Archive,
  onFetch: OnFetch,
  { suite = SUITE }: { readonly suite?: Suite } = {},
): Promise<FetchedLinux> {
  try {
    return await fetchBoth(archive, LINUX, onFetch);
  } catch (error) {
    if (!(error instanceof WasmvisorError) || error.code !== "archive-missing") throw error;
  }
  return fetchBoth(archive, await findListed(archive, suite), onFetch);
}

async function fetchBoth(
  archive: Archive,
  { version, kernel, busybox }: typeof LINUX,
  onFetch: OnFetch,
): Promise<FetchedLinux> {
  const fetchOne = (name: "kernel" | "busybox", file: PackagedFile) =>
    fetchFile(archive, file, (loaded) => onFetch(name, loaded, expectedBytes(file)));
  return { version, busybox: await fetchOne("busybox", busybox), kernel: await fetchOne("kernel", kernel) };
}

/** Of a package of which the file is known, only the beginning comes: a kernel is in front of its modules. */
function expectedBytes({ packageBytes, sha256, bytes }: PackagedFile): number {
  return sha256 === undefined
    ? packageBytes
    : Math.min(packageBytes, Math.ceil((bytes ?? packageBytes) * PACKED_SHARE));
}

/** What a kernel is packed to, roughly; for people who watch. */
const PACKED_SHARE = 0.28;

/**
 * A file out of a package, checked by its own hash when that is known, else by the package's.
 * @throws WasmvisorError `archive-hash`, `archive`; the archive's own errors
 */
export async function fetchFile(
  archive: Archive,
  file: PackagedFile,
  onLoaded: (loaded: number) => void = () => undefined,
): Promise<Uint8Array> {
  const packageHash = archive.hash();
  let loaded = 0;
  const see = (chunk: Uint8Array): void => {
    packageHash.update(chunk);
    onLoaded((loaded += chunk.length));
  };
  const chunks = bounded(archive.open(file.package), see, file.packageBytes);
  try {
    const reader = new ByteReader(chunks);
    const bytes = await extractFile(reader, file.path, file.bytes ?? MAX_FILE);
    if (file.sha256 !== undefined) {
      const hash = archive.hash();
      hash.update(bytes);
      if (hash.hex() !== file.sha256) throw wrongHash(file.path);
      return bytes;
    }
    while ((await reader.some(1 << 16)).length > 0) continue;
    if (packageHash.hex() !== file.packageSha256) throw wrongHash(file.package);
    return bytes;
  } finally {
    await chunks.return();
  }
}

function wrongHash(what: string): WasmvisorError {
  return new WasmvisorError(
    "archive-hash",
    `The mirror's ${what} is not what it should be; use another mirror (--mirror).`,
    { what },
  );
}
