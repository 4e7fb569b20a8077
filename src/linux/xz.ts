/**
 * Unpacks .xz data as it comes. (The .xz File Format; LZMA2)
 *
 * ```
 *  stream header (12) | block … | index
 *  block: header | LZMA2 chunks | padding to 4 | check
 * ```
 *
 * The checks in the data are passed over: whoever calls knows what the whole must hash to.
 */

import { type ByteReader, damaged } from "./byte-reader.ts";
import { LzmaDecoder } from "./lzma.ts";

const MAGIC = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0];
const FILTER_LZMA2 = 0x21;
/** What `xz -9` uses; more takes more memory than is right for this. */
const MAX_DICTIONARY = 64 << 20;
const CHECK_BYTES = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

/**
 * The unpacked data, in pieces that are good until the next one is asked for.
 * @throws WasmvisorError `archive`
 */
export async function* unxz(reader: ByteReader): AsyncGenerator<Uint8Array, void> {
  const header = (await reader.read(12)).slice();
  if (!MAGIC.every((byte, index) => header[index] === byte)) throw damaged("is no xz file");
  const checkBytes = CHECK_BYTES[header[7]! & 15]!;
  for (;;) {
    const units = (await reader.read(1))[0]!;
    if (units === 0) return;
    const dictionary = dictionaryOf((await reader.read(4 * units + 3)).slice());
    const start = reader.position;
    yield* chunks(reader, new LzmaDecoder(dictionary));
    await reader.skip((4 - ((reader.position - start) % 4)) % 4);
    await reader.skip(checkBytes);
  }
}

/** The dictionary that a block's header asks for; `header` begins with the flags. */
function dictionaryOf(header: Uint8Array): number {
  const flags = header[0]!;
  let at = 1;
  const number = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = header[at++] ?? 0x80;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      if (scale > 2 ** 49) throw damaged("is damaged");
    }
  };
  if (flags & 0x40) number();
  if (flags & 0x80) number();
  const isLzma2 = (flags & 3) === 0 && number() === FILTER_LZMA2 && number() === 1;
  const bits = header[at] ?? 255;
  if (!isLzma2 || bits > 40) throw damaged("is packed in a way that is not known");
  const size = (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (size > MAX_DICTIONARY) throw damaged("needs too much memory to unpack");
  return size;
}

async function* chunks(reader: ByteReader, decoder: LzmaDecoder): AsyncGenerator<Uint8Array, void> {
  let mayMatch = false;
  let hasProperties = false;
  for (;;) {
    const control = (await reader.read(1))[0]!;
    if (control === 0) return;
    if (control === 1 || control >= 0xe0) {
      decoder.resetDictionary();
      mayMatch = true;
    }
    if (!mayMatch || (control > 2 && control < 0x80)) throw damaged("is damaged");
    if (control < 0x80) {
      const size = word(await reader.read(2)) + 1;
      yield decoder.copy(await reader.read(size));
      continue;
    }
    const sizes = (await reader.read(4)).slice();
    const unpacked = ((control & 31) << 16) + word(sizes) + 1;
    const packed = word(sizes.subarray(2)) + 1;
    if (control >= 0xc0) {
      decoder.setProperties((await reader.read(1))[0]!);
      hasProperties = true;
    }
    if (!hasProperties) throw damaged("is damaged");
    if (control >= 0xa0) decoder.resetState();
    yield decoder.decode(await reader.read(packed), unpacked);
  }
}

function word(bytes: Uint8Array): number {
  return (bytes[0]! << 8) | bytes[1]!;
}
