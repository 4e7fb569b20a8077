/** The translator's passes, one by one, on intermediate representation that a test has written: no guest, no machine, no emitted code. */

import { Mode, Term } from "../../assembly/shared/ir.ts";
import type { RegionBlock, RegionInsn, RegionNode, RegionParts, Span } from "../../src/core/explained.ts";
import { compileAssembly } from "../support/compile.ts";

const entry = `
  import { Block, block, ordered } from "./dbt/ir/block";
  import { Dbt } from "./dbt/ir/dbt";
  import { dbt_open } from "./dbt/ir/open";
  import { Node, node, emit, Ir } from "./dbt/ir/node";
  import { decode, decode16 } from "./isa/decode";
  import { flow } from "./dbt/analysis/flow";
  import { liveness } from "./dbt/analysis/live";
  import { narrow } from "./dbt/opt/narrow";
  import { block_spans, span_of, spans, step } from "./dbt/analysis/spans";
  import { unroll } from "./dbt/opt/unroll";

  const AT: usize = 0x100000;
  const BYTES: u32 = 0x200000;

  function dbt(): Dbt { return changetype<Dbt>(AT); }

  export function open(entryPc: u64, mode: u32, switches: u32, ramPa: u64, ramSize: u64): void {
    memory.fill(AT, 0, BYTES);
    const t = dbt();
    dbt_open(t, BYTES);
    t.entryPc = entryPc;
    t.mode = mode;
    t.switches = switches;
    t.ramPa = ramPa;
    t.ramSize = ramSize;
    t.maxInsns = 1200;
  }

  export function add_block(pc: u64, targetPc: u64, nextPc: u64, term: u32, insns: u32, word: u32, succ0: u32, succ1: u32): void {
    const t = dbt();
    const b = block(t, t.blockCount);
    t.blockCount += 1;
    t.insns += insns;
    b.pc = pc;
    b.endPc = nextPc;
    b.targetPc = targetPc;
    b.nextPc = nextPc;
    b.term = term;
    b.insns = insns;
    b.record = (word & 3) == 3 ? decode(word) : decode16(word);
    b.succ0 = succ0;
    b.succ1 = succ1;
    b.irFirst = t.irCount;
  }

  export function add_node(op: u32, w: u32, dst: u32, a: u32, b: u32, c: u32, size: u32, imm: i64, word: u32, k: u32, offset: u32): void {
    const t = dbt();
    const value = word ? ((word & 3) == 3 ? decode(word) : decode16(word)) : imm;
    const n = emit(t, op, w, dst, a, b, value);
    n.c = <u8>c;
    n.size = <u8>size;
    n.k = <u16>k;
    n.offset = offset;
    block(t, t.blockCount - 1).irCount += 1;
  }

  export function pass_flow(): void { flow(dbt()); }
  export function pass_live(): void { liveness(dbt()); }
  export function pass_narrow(): void { narrow(dbt()); }
  export function pass_spans(): void { spans(dbt(), dbt().scratch); }
  export function pass_unroll(): void { unroll(dbt()); }

  export function insns(): u32 { return dbt().insns; }
  export function block_count(): u32 { return dbt().orderCount; }

  export function block_field(position: u32, which: u32): u64 {
    const b = ordered(dbt(), position);
    switch (which) {
      case 0: return b.pc;
      case 1: return b.targetPc;
      case 2: return b.nextPc;
      case 3: return b.liveIn;
      case 4: return b.dirtyIn;
      case 5: return b.term;
      case 6: return b.succ0 ? block(dbt(), b.succ0 - 1).rpo : 0;
      case 7: return b.succ1 ? block(dbt(), b.succ1 - 1).rpo : 0;
      case 8: return u64(b.backIn != 0);
      case 9: return b.uncharged;
      case 10: return b.irFirst;
      case 11: return b.irCount;
      case 12: return b.words;
    }
    return 0;
  }

  export function block_span(position: u32, register: u32): u64 {
    return load<u64>(block_spans(ordered(dbt(), position)) + (register << 3));
  }

  /** Begins a walk over a block's nodes: what is known of memory when it begins. */
  export function begin_block(position: u32): void {
    memory.copy(dbt().scratch, block_spans(ordered(dbt(), position)), 256);
  }

  export function node_step(position: u32, index: u32): u32 {
    return step(dbt(), ordered(dbt(), position), index, dbt().scratch, span_of(dbt()));
  }

  export function step_field(which: u32): i32 {
    return which == 0 ? span_of(dbt()).lo : which == 1 ? span_of(dbt()).hi : i32(span_of(dbt()).stored);
  }

  export function node_field(index: u32, which: u32): i64 {
    const n = node(dbt(), index);
    switch (which) {
      case 0: return n.op;
      case 1: return n.w;
      case 2: return n.dst;
      case 3: return n.a;
      case 4: return n.b;
      case 5: return n.c;
      case 6: return n.size;
      case 7: return n.imm;
      case 8: return n.offset;
    }
    return 0;
  }
`;

interface Exports {
  open(entryPc: bigint, mode: number, switches: number, ramPa: bigint, ramSize: bigint): void;
  add_block(
    pc: bigint,
    targetPc: bigint,
    nextPc: bigint,
    term: number,
    insns: number,
    word: number,
    succ0: number,
    succ1: number,
  ): void;
  add_node(
    op: number,
    w: number,
    dst: number,
    a: number,
    b: number,
    c: number,
    size: number,
    imm: bigint,
    word: number,
    k: number,
    offset: number,
  ): void;
  pass_flow(): void;
  pass_live(): void;
  pass_narrow(): void;
  pass_spans(): void;
  pass_unroll(): void;
  insns(): number;
  block_count(): number;
  block_field(position: number, which: number): bigint;
  block_span(position: number, register: number): bigint;
  begin_block(position: number): void;
  node_step(position: number, index: number): number;
  step_field(which: number): number;
  node_field(index: number, which: number): bigint;
}

/** The passes by name. `flow` puts the blocks in order: the others come behind it. */
export const passes = ["unroll", "flow", "live", "narrow", "spans"] as const;
export type Pass = (typeof passes)[number];

const RAM_PA = 0x8000_0000n;
const RAM_BYTES = 0x10_0000n;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

export class PassMachine {
  readonly #core: Exports;

  private constructor(core: Exports) {
    this.#core = core;
  }

  static async create(): Promise<PassMachine> {
    const module = await compileAssembly(entry);
    const memory = new WebAssembly.Memory({ initial: 64, maximum: 65536 });
    const env = { memory, mmio_load: () => 0, mmio_store: () => 0, mtime: () => 0n };
    return new PassMachine(new WebAssembly.Instance(module, { env }).exports as unknown as Exports);
  }

  /** Writes the region's blocks and nodes into the translator's memory, runs the passes, and reads what has become of it. */
  run(region: RegionParts, names: readonly Pass[], switches: number): RegionParts {
    this.#core.open(region.pc, region.mode, switches, RAM_PA, RAM_BYTES);
    for (const block of region.blocks) this.#write(block);
    for (const name of names) this.#core[`pass_${name}`]();
    const checks = names.includes("spans") && (region.mode & Mode.FLAT) !== 0;
    // Copies of a block have its address, and its instructions.
    const insns = (pc: bigint) => region.blocks.find((block) => block.pc === pc)?.insns ?? [];
    const blocks = Array.from({ length: this.#core.block_count() }, (_, i) => this.#read(i, insns, checks));
    return { ...region, instructions: this.#core.insns(), blocks };
  }

  #write(block: RegionBlock): void {
    if (block.term === Term.DISPATCH) throw new Error("Dispatch tables are not supported here");
    const pcs = [...new Set([...block.nodes, ...block.insns].map(({ pc }) => pc))].sort((a, b) => (a < b ? -1 : 1));
    const ends = block.term === Term.INTERPRET ? 1 : 0;
    const word = block.insns.at(-1)?.word ?? 0x13;
    const successor = (index: number | undefined): number => (index === undefined ? 0 : index + 1);
    this.#core.add_block(
      ...([block.pc, block.targetPc, block.nextPc, block.term, pcs.length - ends, word] as const),
      successor(block.taken),
      successor(block.next),
    );
    for (const { op, w, dst, a, b, c, size, imm, pc } of block.nodes) {
      const insn = block.insns.find((candidate) => candidate.pc === pc)?.word ?? 0;
      this.#core.add_node(op, w, dst, a, b, c, size, imm, insn, pcs.indexOf(pc), Number(pc - block.pc));
    }
  }

  #read(position: number, insns: (pc: bigint) => readonly RegionInsn[], checks: boolean): RegionBlock {
    const core = this.#core;
    const field = (which: number): bigint => u64(core.block_field(position, which));
    const number = (which: number): number => Number(field(which));
    const pc = field(0);
    const successor = (place: number): number | undefined => (place === 0 ? undefined : place - 1);
    const spans = new Map<number, Span>();
    for (let register = 1; register < 32; register++) {
      const span = u64(core.block_span(position, register));
      const [lo, hi] = [Number(BigInt.asIntN(32, span)), Number(BigInt.asIntN(32, span >> 32n))];
      if (lo !== hi) spans.set(register, { lo, hi });
    }
    core.begin_block(position);
    const nodes = Array.from({ length: number(11) }, (_, i) => this.#node(position, number(10) + i, pc, checks));
    return {
      ...{ pc, targetPc: field(1), nextPc: field(2), live: field(3), dirty: field(4), term: number(5) },
      ...{ taken: successor(number(6)), next: successor(number(7)), targets: [], loop: number(8) !== 0, depth: 0 },
      ...{ uncharged: number(9), spans, nodes },
      insns: insns(pc),
    };
  }

  #node(position: number, index: number, pc: bigint, checks: boolean): RegionNode {
    const core = this.#core;
    const number = (which: number): number => Number(core.node_field(index, which));
    const check = checks ? core.node_step(position, index) : 0;
    const [op, w, dst, a, b, c, size] = [0, 1, 2, 3, 4, 5, 6].map(number) as [number, ...number[]];
    return {
      ...{ op, w: w!, dst: dst!, a: a!, b: b!, c: c!, size: size!, imm: core.node_field(index, 7) },
      ...{ pc: pc + BigInt(number(8)), check },
      span: checks ? { lo: core.step_field(0), hi: core.step_field(1) } : { lo: 0, hi: 0 },
      stored: checks && core.step_field(2) !== 0,
    };
  }
}
