/** Files compressed in pieces, for tests. */

import { crc32, deflateRawSync } from "node:zlib";

const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value >>> 0);
  return bytes;
};
const u16 = (value: number) => u32(value).subarray(0, 2);

/** node has it from 20.15 on. */
const checksum = (bytes: Uint8Array) => (crc32 as ((bytes: Uint8Array) => number) | undefined)?.(bytes) ?? 0;

function pieces(content: Uint8Array, size: number): Uint8Array[] {
  return Array.from({ length: Math.ceil(content.length / size) }, (_, index) =>
    content.subarray(index * size, (index + 1) * size),
  );
}

/** As bgzip writes it. */
export function bgzf(content: Uint8Array, size = 60_000): Uint8Array {
  const members = pieces(content, size).map((piece) => {
    const data = deflateRawSync(piece);
    const head = [u32(0x0408_8b1f), u32(0), u16(0xff00), u16(6), Buffer.from("BC"), u16(2), u16(26 + data.length - 1)];
    return Buffer.concat([...head, data, u32(checksum(piece)), u32(piece.length)]);
  });
  return Buffer.concat([...members, Buffer.from("1f8b08040000000000ff0600424302001b0003000000000000000000", "hex")]);
}

/** A frame of zstd whose blocks are not compressed, or one byte many times; it says how long it is. */
function zstdFrame(piece: Uint8Array): Buffer {
  const blocks = pieces(piece, 100_000).map((block, index, all) => {
    const last = index === all.length - 1 ? 1 : 0;
    const isRun = block.every((byte) => byte === block[0]);
    const head = u32(last | (isRun ? 2 : 0) | (block.length << 3)).subarray(0, 3);
    return Buffer.concat([head, isRun ? block.subarray(0, 1) : block]);
  });
  return Buffer.concat([u32(0xfd2f_b528), Buffer.from([0xa0]), u32(piece.length), ...blocks]);
}

/** Frames, one of another kind among them, and the table of the seekable format if wanted. */
export function zstdFrames(content: Uint8Array, size: number, seekable: boolean): Uint8Array {
  const frames = pieces(content, size).map((piece) => ({ frame: zstdFrame(piece), length: piece.length }));
  if (!seekable) {
    const other = Buffer.concat([u32(0x184d_2a53), u32(5), Buffer.from("other")]);
    return Buffer.concat([frames[0]!.frame, other, ...frames.slice(1).map(({ frame }) => frame)]);
  }
  const entries = frames.map(({ frame, length }) => Buffer.concat([u32(frame.length), u32(length)]));
  const table = Buffer.concat([...entries, u32(frames.length), Buffer.from([0]), u32(0x8f92_eab1)]);
  return Buffer.concat([...frames.map(({ frame }) => frame), u32(0x184d_2a5e), u32(table.length), table]);
}
