/**
 * A bare-metal image of many random programs. Each has a block of its own; the harness runs them one after another in
 * M mode and leaves what they computed in the blocks.
 *
 *   image  +0        harness
 *          +0x4000   block of program 0, then one every 0x4000 bytes
 *   block  +0        code, from near +0x1000, so that it crosses a page
 *          +0x3000   two words saved by the trap handler, log position and end, address of the end, next block, entry
 *          +0x3040   log of traps: cause, tval, epc
 *          +0x3400   x0 to x31    before and after
 *          +0x3500   f0 to f31
 *          +0x3600   fcsr
 *          +0x3800   scratch memory
 */

import { assembleProgram } from "../assemble.ts";
import { instructionByName } from "../ops.ts";
import { Body } from "./code.ts";
import { BASE, STACK } from "./encode.ts";
import type { Pool } from "./pool.ts";
import { hardFloat, hardInteger, Random } from "./values.ts";

/** Places within the image and its blocks. */
export const layout = {
  block: 0x4000,
  data: 0x3000,
  log: 0x40,
  logEnd: 0x400,
  x: 0x400,
  f: 0x500,
  fcsr: 0x600,
  scratch: 0x800,
  dataEnd: 0x1000,
} as const;

/** Where `BASE` and `STACK` point, from the block's data. */
const BASE_OFFSET = 0xc00;
const STACK_OFFSET = 0xa00;

/** The last constructs must fit the code area. */
const CONSTRUCTS = { least: 20, most: 90 };

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);
const each = (first: number, last: number, line: (i: number) => string): string =>
  range(first, last).map(line).join("\n");

/** Hart 0 runs the programs, then writes to the test finisher; other harts sleep. */
const harness = (firstBlockData: bigint): string => `
  csrr t0, mhartid
  bnez t0, park
  la t0, handler
  csrw mtvec, t0
  li t0, 0x6000
  csrs mstatus, t0
  li t6, ${firstBlockData}
enter:
  csrw mscratch, t6
  ld t0, 48(t6)
  csrw mepc, t0
  li t0, 0x1800
  csrs mstatus, t0
  ld t0, ${layout.fcsr}(t6)
  csrw fcsr, t0
  ${each(0, 31, (i) => `fld f${i}, ${layout.f + 8 * i}(t6)`)}
  ${each(1, 31, (i) => `ld x${i}, ${layout.x + 8 * i}(t6)`)}
  mret

.align 2
handler:
  csrrw sp, mscratch, sp
  sd t0, 0(sp)
  sd t1, 8(sp)
  csrr t0, mepc
  ld t1, 32(sp)
  beq t0, t1, leave
  ld t1, 16(sp)
  ld t0, 24(sp)
  beq t0, t1, skip
  csrr t0, mcause
  sd t0, 0(t1)
  csrr t0, mtval
  sd t0, 8(t1)
  csrr t0, mepc
  sd t0, 16(t1)
  addi t1, t1, 24
  sd t1, 16(sp)
skip:
  csrr t0, mepc
  lbu t1, 0(t0)
  andi t1, t1, 3
  addi t1, t1, -3
  seqz t1, t1
  slli t1, t1, 1
  add t0, t0, t1
  addi t0, t0, 2
  csrw mepc, t0
  li t0, 0x1800
  csrs mstatus, t0
  ld t0, 0(sp)
  ld t1, 8(sp)
  csrrw sp, mscratch, sp
  mret

leave:
  ld t0, 0(sp)
  ld t1, 8(sp)
  csrrw sp, mscratch, sp
  csrrw t6, mscratch, t6
  ${each(1, 30, (i) => `sd x${i}, ${layout.x + 8 * i}(t6)`)}
  csrr t0, mscratch
  sd t0, ${layout.x + 8 * 31}(t6)
  ${each(0, 31, (i) => `fsd f${i}, ${layout.f + 8 * i}(t6)`)}
  csrr t0, fcsr
  sd t0, ${layout.fcsr}(t6)
  ld t6, 40(t6)
  bnez t6, enter
  li t0, 0x100000
  li t1, 0x5555
  sw t1, 0(t0)
park:
  wfi
  j park
`;

/** An image, and where the parts of its programs are. */
export interface RandomImage {
  readonly bytes: Uint8Array;
  /** The programs' seeds, in order. */
  readonly seeds: readonly number[];
  /** Offset of program `i`'s first instruction, and of the end of its code. */
  readonly code: readonly { readonly start: number; readonly end: number }[];
}

/** Offset of program `i`'s data within the image. */
export const dataOffset = (i: number): number => layout.block * (i + 1) + layout.data;

function writeData(view: DataView, at: number, base: bigint, random: Random): void {
  const put = (offset: number, value: bigint): void => view.setBigUint64(at + offset, BigInt.asUintN(64, value), true);
  for (const i of range(1, 31)) put(layout.x + 8 * i, hardInteger(random));
  put(layout.x + 8 * STACK, base + BigInt(at + STACK_OFFSET));
  put(layout.x + 8 * BASE, base + BigInt(at + BASE_OFFSET));
  for (const i of range(0, 31)) put(layout.f + 8 * i, hardFloat(random));
  put(layout.fcsr, BigInt(random.below(5) * 32 + random.pick([0, 0, 1, 31])));
  for (let offset: number = layout.scratch; offset < layout.dataEnd; offset += 8) {
    put(offset, random.oneIn(2) ? hardFloat(random) : hardInteger(random));
  }
}

/** Writes one program's code and data; returns where its code is. */
function writeProgram(
  bytes: Uint8Array,
  i: number,
  seed: number,
  base: bigint,
  pool: Pool,
  last: boolean,
): { start: number; end: number } {
  const random = new Random(seed);
  const view = new DataView(bytes.buffer);
  const at = dataOffset(i);
  writeData(view, at, base, random);
  const body = new Body(random, pool);
  body.build(random.between(CONSTRUCTS.least, CONSTRUCTS.most));
  const start = layout.block * (i + 1) + 0x1000 - 2 * random.below(100);
  const code = body.link(start);
  const end = start + code.size;
  if (end + 4 > at) throw new RangeError(`program ${seed} is too long`);
  bytes.set(code.bytes, start);
  view.setUint32(end, instructionByName.get("ebreak")!.match, true);
  const absolute = (offset: number): bigint => base + BigInt(offset);
  const words = [
    absolute(at + layout.log),
    absolute(at + layout.logEnd),
    absolute(end),
    last ? 0n : absolute(dataOffset(i + 1)),
    absolute(start),
  ];
  words.forEach((word, n) => view.setBigUint64(at + 16 + 8 * n, word, true));
  return { start, end };
}

/**
 * Makes an image that runs a random program for each seed and then writes 0x5555 to the test finisher at 0x100000.
 *
 * @param base where the image will be loaded, and entered in M mode
 */
export function randomImage(seeds: readonly number[], base: bigint, pool: Pool): RandomImage {
  const bytes = new Uint8Array(layout.block * (seeds.length + 1));
  bytes.set(assembleProgram(harness(base + BigInt(dataOffset(0))), base).bytes);
  const code = seeds.map((seed, i) => writeProgram(bytes, i, seed, base, pool, i === seeds.length - 1));
  return { bytes, seeds, code };
}
