/** Images that are nearly right: well-formed files of every format, with a few fields set to values at some edge. */

import { gzipSync } from "node:zlib";
import { encodeFdt, FdtTree } from "../../../src/machine/fdt.ts";
import { crc32 } from "../../../src/machine/loader/crc32.ts";
import { RAM } from "../fakes.ts";
import { makeElf } from "./elf-maker.ts";
import { linuxImage, zboot } from "./linux-maker.ts";
import { makeUImage } from "./uimage-maker.ts";

/** RAM of the machine that they are for. */
export const RAM_BYTES = 4 << 20;

/** An image for one of the places that take one. */
export interface HostileImage {
  readonly seed: number;
  readonly format: string;
  readonly place: "program" | "dtb" | "initrd";
  readonly bytes: Uint8Array;
}

/** A number below `below`, from a sequence that the seed fixes. (Mulberry32) */
type Random = (below: number) => number;

function randomFrom(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b_79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function pick<Value>(random: Random, values: readonly Value[]): Value {
  return values[random(values.length)]!;
}

/** What arithmetic goes wrong at: ends of types, of RAM and of the file. */
function edge(random: Random, length: number): bigint {
  const ends = [0, 2 ** 31, 2 ** 32, RAM, RAM + RAM_BYTES, RAM_BYTES, length, 2 ** 20, 2 << 20, 64, 4096].map(BigInt);
  const wide = [1n << 63n, (1n << 64n) - 1n, (1n << 56n) - 1n, 1n << 53n, BigInt(random(2 ** 32))];
  return pick(random, [...ends, ...wide]) + pick(random, [-8n, -1n, 0n, 0n, 0n, 1n, 2n, 8n]);
}

/** A field: where it lies, and how wide it is. */
type Field = readonly [at: number, bytes: 1 | 2 | 4 | 8];

function set(file: Uint8Array, [at, width]: Field, value: bigint, littleEndian: boolean): void {
  if (at + width > file.length) return;
  const bytes = Array.from({ length: width }, (_, index) => Number((value >> BigInt(8 * index)) & 0xffn));
  file.set(littleEndian ? bytes : bytes.reverse(), at);
}

function damage(random: Random, original: Uint8Array, fields: readonly Field[], littleEndian = true): Uint8Array {
  const file = original.slice();
  for (let left = random(4); left >= 0; left--)
    set(file, pick(random, fields), edge(random, file.length), littleEndian);
  return random(8) === 0 ? file.slice(0, random(file.length + 1)) : file;
}

const words = (from: number, to: number, width: 1 | 2 | 4 | 8): Field[] =>
  Array.from({ length: (to - from) / width }, (_, index) => [from + index * width, width]);

/** Segments, some of which share memory or bytes, and symbols, some of which share names. */
function elf(random: Random): Uint8Array {
  const pieces = Array.from({ length: 1 + random(4) }, (_, index) => ({
    type: pick(random, [1, 1, 1, 1, 4]),
    paddr: BigInt(RAM + index * pick(random, [16, 4096])),
    bytes: new Uint8Array(16),
    memorySize: pick(random, [16n, 16n, 4096n]),
  }));
  const names = ["tohost", "fromhost", "begin_signature", "end_signature", "main"];
  const symbols = names.map((name) => ({ name, address: edge(random, 4096) & ((1n << 64n) - 1n) }));
  const file = makeElf({ type: pick(random, [2, 3]), entry: BigInt(RAM), pieces, symbols });
  const sections = file.length - 3 * 64;
  const headers = words(64, 64 + 56 * pieces.length, 8);
  const tables = [...words(sections, file.length, 4), ...words(sections, file.length, 8)];
  return damage(random, file, [...words(24, 48, 8), ...words(52, 64, 2), ...headers, ...headers, ...tables]);
}

function linux(random: Random): Uint8Array {
  return damage(random, linuxImage(), words(0, 64, 8));
}

function flat(random: Random): Uint8Array {
  return new Uint8Array(random(300)).map(() => random(256));
}

/** What unpacks to much more than it has, or to less than it says. */
function packed(random: Random, inner: Uint8Array): Uint8Array {
  const padded = new Uint8Array(inner.length + pick(random, [0, 0, 0, RAM_BYTES, 2 * RAM_BYTES]));
  padded.set(inner);
  const file = new Uint8Array(gzipSync(padded));
  return random(3) === 0
    ? damage(random, file, [...words(0, 16, 1), [file.length - 4, 4], [file.length - 8, 4]])
    : file;
}

function uImage(random: Random, kernel: Uint8Array): Uint8Array {
  const compression = random(3);
  const file = makeUImage(compression === 1 ? packed(random, kernel) : kernel, { load: RAM, compression });
  const damaged = damage(random, file, [...words(8, 32, 4), ...words(28, 32, 1)], false);
  // As one who means it would: the header's own sum is right.
  if (damaged.length >= 64 && random(4) > 0) {
    const header = damaged.slice(0, 64).fill(0, 4, 8);
    new DataView(damaged.buffer).setUint32(4, crc32(header));
  }
  return damaged;
}

function tree(random: Random): Uint8Array {
  const root = new FdtTree().strings("model", "x").cells("#address-cells", 2);
  let node = root;
  for (let depth = random(80); depth > 0; depth--) node = node.node(pick(random, ["a", "chosen", "b@1"])).flag("c");
  const blob = encodeFdt({ root, reservations: [{ pa: 1n, size: 2n }], bootHart: 0 });
  return damage(random, blob, [...words(0, 40, 4), ...words(56, Math.min(blob.length, 400) & ~3, 4)], false);
}

/** The image of a seed. */
export function hostileImage(seed: number): HostileImage {
  const random = randomFrom(seed);
  const kernel = pick(random, [elf, linux, flat])(random);
  const make: readonly (readonly [format: string, place: HostileImage["place"], bytes: () => Uint8Array])[] = [
    ["elf", "program", () => elf(random)],
    ["elf", "program", () => elf(random)],
    ["linux", "program", () => linux(random)],
    ["gzip", "program", () => packed(random, kernel)],
    ["uimage", "program", () => uImage(random, kernel)],
    ["zboot", "program", () => damage(random, zboot(packed(random, kernel)), words(0, 32, 4))],
    ["fdt", "dtb", () => tree(random)],
    ["fdt", "dtb", () => tree(random)],
    ["initrd", "initrd", () => flat(random)],
  ];
  const [format, place, bytes] = pick(random, make);
  return { seed, format, place, bytes: bytes() };
}
