/** Takes files out of a Debian archive: what is pinned, or else what the archive's signed index lists. */

import { WasmvisorError } from "../error.ts";
import { type Archive, bounded, findListed } from "./archive-index.ts";
import { ByteReader, damaged } from "./byte-reader.ts";
import { extractFiles } from "./deb.ts";
import { LINUX, type PackagedFile, SUITE, type Suite } from "./release.ts";
import { unxz } from "./xz.ts";

/** What was fetched. */
export interface FetchedLinux {
  readonly version: string;
  readonly kernel: Uint8Array;
  readonly busybox: Uint8Array;
  /** The modules that were asked for, by the name of their file: `virtio_net.ko`. */
  readonly modules: ReadonlyMap<string, Uint8Array>;
}

/** Called with the bytes of a package that have come so far, and those that it has. */
export type OnFetch = (name: "kernel" | "busybox", loaded: number, total: number) => void;

/** No kernel has more. */
const MAX_FILE = 128 << 20;
/** No module has more. */
const MAX_MODULE = 32 << 20;

/**
 * The pinned Linux, or the archive's newest when the archive has dropped it.
 * @param suite where later versions are listed; another in tests
 * @param modules modules of the kernel's, such as `kernel/drivers/net/virtio_net`; they lie behind the kernel, so all of its package comes
 * @throws WasmvisorError `archive…`; the archive's own errors
 */
export async function fetchLinux(
  archive: Archive,
  onFetch: OnFetch,
  { suite = SUITE, modules = [] }: { readonly suite?: Suite; readonly modules?: readonly string[] } = {},
): Promise<FetchedLinux> {
  try {
    return await fetchAll(archive, LINUX, modules, onFetch);
  } catch (error) {
    if (!(error instanceof WasmvisorError) || error.code !== "archive-missing") throw error;
  }
  return fetchAll(archive, await findListed(archive, suite), modules, onFetch);
}

async function fetchAll(
  archive: Archive,
  { version, kernel, busybox }: typeof LINUX,
  modules: readonly string[],
  onFetch: OnFetch,
): Promise<FetchedLinux> {
  const fetchOne = (name: "kernel" | "busybox", file: PackagedFile, more: readonly string[] = []) =>
    fetchFiles(archive, file, more, (loaded) => onFetch(name, loaded, expectedBytes(file, more.length > 0)));
  const [busyboxBytes] = await fetchOne("busybox", busybox);
  // The package's own version has more in it than the one that people see.
  const folder = kernel.path.replace("boot/vmlinux-", "usr/lib/modules/");
  const paths = modules.map((name) => `${folder}/${name}.ko.xz`);
  const [kernelBytes, ...packed] = await fetchOne("kernel", kernel, paths);
  const unpacked = new Map<string, Uint8Array>();
  for (const [index, name] of modules.entries()) unpacked.set(moduleFile(name), await unpackModule(packed[index]!));
  return { version, busybox: busyboxBytes!, kernel: kernelBytes!, modules: unpacked };
}

/** The file of a module, such as `virtio_net.ko` of `kernel/drivers/net/virtio_net`. */
export function moduleFile(name: string): string {
  return `${name.replace(/^.*\//, "")}.ko`;
}

async function unpackModule(packed: Uint8Array): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of unxz(new ByteReader(onePiece(packed)))) {
    if ((size += piece.length) > MAX_MODULE) throw damaged("has a module that is too large");
    pieces.push(piece.slice());
  }
  const whole = new Uint8Array(size);
  for (let at = 0; pieces.length > 0; at += pieces.shift()!.length) whole.set(pieces[0]!, at);
  return whole;
}

async function* onePiece(bytes: Uint8Array): AsyncGenerator<Uint8Array, void> {
  yield await Promise.resolve(bytes);
}

/** Of a package of which the file is known, only the beginning comes: a kernel is in front of its modules. */
function expectedBytes({ packageBytes, sha256, bytes }: PackagedFile, isWhole: boolean): number {
  return isWhole || sha256 === undefined
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
  onLoaded?: (loaded: number) => void,
): Promise<Uint8Array> {
  const [bytes] = await fetchFiles(archive, file, [], onLoaded);
  return bytes!;
}

/** The file and others of its package, whose hash is checked when there are others. */
async function fetchFiles(
  archive: Archive,
  file: PackagedFile,
  more: readonly string[],
  onLoaded: (loaded: number) => void = () => undefined,
): Promise<Uint8Array[]> {
  const packageHash = archive.hash();
  let loaded = 0;
  const see = (chunk: Uint8Array): void => {
    packageHash.update(chunk);
    onLoaded((loaded += chunk.length));
  };
  const chunks = bounded(archive.open(file.package), see, file.packageBytes);
  try {
    const reader = new ByteReader(chunks);
    const paths = [file.path, ...more];
    const found = await extractFiles(reader, paths, file.bytes ?? MAX_FILE);
    const files = paths.map((path) => found.get(path)!);
    if (file.sha256 !== undefined) {
      const hash = archive.hash();
      hash.update(files[0]!);
      if (hash.hex() !== file.sha256) throw wrongHash(file.path);
      if (more.length === 0) return files;
    }
    while ((await reader.some(1 << 16)).length > 0) continue;
    if (packageHash.hex() !== file.packageSha256) throw wrongHash(file.package);
    return files;
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
