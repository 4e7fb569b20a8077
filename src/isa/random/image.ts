/** A bare-metal image of many random programs, which leave what they computed where `layout.ts` says. */

import { assembleProgram } from "../assemble.ts";
import { instructionByName } from "../ops.ts";
import { Body } from "./code.ts";
import { BASE, STACK } from "./encode.ts";
import { harnessSource } from "./harness.ts";
import { blockOffset, dataOffset, HarnessWord, layout } from "./layout.ts";
import { gather, PAGED_VA, pageTables, scatter, scatterPages } from "./paging.ts";
import type { Pool } from "./pool.ts";
import { hardFloat, hardInteger, Random } from "./values.ts";

/** Where `BASE` and `STACK` point, from the block's data; the latter anywhere in the next few bytes. */
const BASE_OFFSET = 0x1000;
const STACK_OFFSET = 0xe00;
const STACK_SLACK = 9;

/** How many constructs a program has; the most must fit the code area. */
const CONSTRUCTS = { least: 20, most: 90 };

/** An image, and where the parts of its programs are. */
export interface RandomImage {
  /** To be loaded at `base`. */
  readonly bytes: Uint8Array;
  /** The programs' seeds, in order. */
  readonly seeds: readonly number[];
  /** The image as the programs see it, from the bytes or from what is in memory after a run. */
  readonly view: (bytes: Uint8Array) => Uint8Array;
  /** The address of the view's first byte as the programs see it. */
  readonly va: bigint;
  /** In the view: offset of program `i`'s first instruction, and of the end of its code. */
  readonly code: readonly { readonly start: number; readonly end: number }[];
}

const range = (first: number, end: number): number[] => Array.from({ length: end - first }, (_, i) => first + i);

function writeData(view: DataView, at: number, va: bigint, random: Random): void {
  const put = (offset: number, value: bigint): void => view.setBigUint64(at + offset, BigInt.asUintN(64, value), true);
  for (const i of range(1, 32)) put(layout.x + 8 * i, hardInteger(random));
  put(layout.x + 8 * STACK, va + BigInt(at + STACK_OFFSET + random.below(STACK_SLACK)));
  put(layout.x + 8 * BASE, va + BigInt(at + BASE_OFFSET));
  for (const i of range(0, 32)) put(layout.f + 8 * i, hardFloat(random));
  put(layout.fcsr, BigInt(random.below(5) * 32 + random.pick([0, 0, 1, 31])));
  for (let offset: number = layout.scratch; offset < layout.dataEnd; offset += 8) {
    put(offset, random.oneIn(2) ? hardFloat(random) : hardInteger(random));
  }
}

/** Writes programs into the image as they see it. */
class Writer {
  readonly bytes: Uint8Array;
  private readonly view: DataView;

  /** `pa` and `va` turn an offset into the address for the harness and for programs. */
  constructor(
    programs: number,
    private readonly pool: Pool,
    private readonly pa: (offset: number) => bigint,
    private readonly va: bigint,
  ) {
    this.bytes = new Uint8Array(blockOffset(programs));
    this.view = new DataView(this.bytes.buffer);
  }

  program(i: number, seed: number, last: boolean): { start: number; end: number } {
    const random = new Random(seed);
    const at = dataOffset(i);
    writeData(this.view, at, this.va, random);
    const body = new Body(random, this.pool);
    body.build(random.between(CONSTRUCTS.least, CONSTRUCTS.most));
    const start = blockOffset(i) + 0x1000 - 2 * random.below(100);
    const code = body.link(start);
    const end = start + code.length;
    if (end + 4 > at) throw new RangeError(`program ${seed} is too long`);
    this.bytes.set(code, start);
    this.view.setUint32(end, instructionByName.get("ebreak")!.match, true);
    this.word(at + HarnessWord.LOG, this.pa(at + layout.log));
    this.word(at + HarnessWord.LOG_END, this.pa(at + layout.logEnd));
    this.word(at + HarnessWord.END, this.va + BigInt(end));
    this.word(at + HarnessWord.NEXT, last ? 0n : this.pa(dataOffset(i + 1)));
    this.word(at + HarnessWord.ENTRY, this.va + BigInt(start));
    return { start, end };
  }

  private word(offset: number, value: bigint): void {
    this.view.setBigUint64(offset, value, true);
  }
}

/**
 * Makes an image that runs a random program for each seed and then writes 0x5555 to the test finisher at 0x100000.
 *
 * @param base where the image will be loaded, and entered in M mode
 * @param paged runs the programs in U mode, with their pages scattered over physical memory; otherwise in M mode
 */
export function randomImage(seeds: readonly number[], base: bigint, pool: Pool, paged = false): RandomImage {
  const size = blockOffset(seeds.length);
  const pages = scatterPages(size, new Random(seeds[0] ?? 0));
  const tables = paged ? pageTables(pages, base, size) : undefined;
  const pa = (offset: number): bigint => base + BigInt(paged ? pages[offset >> 12]! * 4096 + (offset & 0xfff) : offset);
  const va = paged ? PAGED_VA : base;
  const writer = new Writer(seeds.length, pool, pa, va);
  const code = seeds.map((seed, i) => writer.program(i, seed, i === seeds.length - 1));
  const source = harnessSource({ firstData: pa(dataOffset(0)), satp: tables?.satp });
  writer.bytes.set(assembleProgram(source, base).bytes);
  if (!tables) return { bytes: writer.bytes, seeds, view: (bytes) => bytes, va, code };
  const bytes = new Uint8Array(size + tables.bytes.length);
  scatter(writer.bytes, pages, bytes);
  bytes.set(tables.bytes, size);
  return { bytes, seeds, view: (scattered) => gather(scattered, pages), va, code };
}
