/**
 * Finds a file in a Debian package as the package comes in. (deb(5), ar(5), tar(5))
 *
 * ```
 *  !<arch>\n | debian-binary | control.tar.xz | data.tar.xz     each with a header of 60 bytes, padded to 2
 *  data.tar: header of 512 bytes, contents padded to 512 …
 * ```
 */

import { ByteReader, damaged } from "./byte-reader.ts";
import { unxz } from "./xz.ts";

const AR_MAGIC = "!<arch>\n";
const AR_HEADER = 60;
const BLOCK = 512;
/** Longest name that a header outside itself may give. */
const MAX_NAME = 4096;

/**
 * The contents of the file at `path`, without a leading slash. What comes after it is not read.
 * @param limit the most bytes it may have
 * @throws WasmvisorError `archive`
 */
export async function extractFile(reader: ByteReader, path: string, limit: number): Promise<Uint8Array> {
  return (await extractFiles(reader, [path], limit)).get(path)!;
}

/**
 * The contents of the files at `paths`, without leading slashes, by path. What comes after the last of them is not read.
 * @param limit the most bytes that each may have
 * @throws WasmvisorError `archive`, also when one of them is not there
 */
export async function extractFiles(
  reader: ByteReader,
  paths: readonly string[],
  limit: number,
): Promise<Map<string, Uint8Array>> {
  if (text(await reader.read(AR_MAGIC.length)) !== AR_MAGIC) throw damaged("is no Debian package");
  for (;;) {
    const header = text(await reader.read(AR_HEADER));
    const name = header.slice(0, 16).replace(/[/ ]+$/, "");
    const size = Number(header.slice(48, 58));
    if (!header.endsWith("`\n") || !Number.isSafeInteger(size) || size < 0) throw damaged("is damaged");
    if (name.startsWith("data.tar")) return findInTar(dataOf(name, reader, size), paths, limit);
    await reader.skip(size + (size % 2));
  }
}

function dataOf(name: string, reader: ByteReader, size: number): ByteReader {
  if (name === "data.tar") return new ByteReader(reader.pieces(size));
  if (name === "data.tar.xz") return new ByteReader(unxz(new ByteReader(reader.pieces(size))));
  throw damaged(`is packed in a way that is not known (${name})`);
}

async function findInTar(tar: ByteReader, paths: readonly string[], limit: number): Promise<Map<string, Uint8Array>> {
  const missing = new Set(paths);
  const found = new Map<string, Uint8Array>();
  let longName: string | undefined;
  for (;;) {
    const header = (await tar.read(BLOCK)).slice();
    if (header[0] === 0) throw damaged(`does not have the file ${[...missing][0]}`);
    const size = parseInt(text(header.subarray(124, 136)), 8);
    if (!Number.isSafeInteger(size) || size < 0) throw damaged("is damaged");
    const type = String.fromCharCode(header[156]!);
    const padding = (BLOCK - (size % BLOCK)) % BLOCK;
    if (type === "L" && size <= MAX_NAME) {
      longName = untilZero(await tar.read(size));
      await tar.skip(padding);
      continue;
    }
    const name = (longName ?? untilZero(header.subarray(0, 100))).replace(/^\.\//, "");
    longName = undefined;
    if ((type === "0" || type === "\0") && missing.delete(name)) {
      if (size > limit) throw damaged(`has a file of ${size} bytes, which is too large`);
      found.set(name, (await tar.read(size)).slice());
      if (missing.size === 0) return found;
      await tar.skip(padding);
    } else await tar.skip(size + padding);
  }
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function untilZero(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}
