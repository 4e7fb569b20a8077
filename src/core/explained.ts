/** Reads what the core explains of a region (assembly/dbt/drive/explain.ts). */

import { VmField } from "../../assembly/state/layout.ts";
import {
  Explained,
  ExplainedBlock,
  ExplainedInsn,
  ExplainedMark,
  ExplainedNode,
  ExplainedTarget,
} from "../../assembly/shared/explained.ts";
import type { Ir, Step, Term } from "../../assembly/shared/ir.ts";
import type { Core } from "./core.ts";
import type { MachineSpace } from "./machine-space.ts";

/** Bytes from one address relative to a register's value up to another. */
export interface Span {
  readonly lo: number;
  readonly hi: number;
}

/** A node of the intermediate representation; see assembly/dbt/ir/node.ts. */
export interface RegionNode {
  readonly op: Ir;
  /** The WebAssembly operator that does the work. */
  readonly w: number;
  /** Values: 0 to 31 x registers, 32 to 63 f registers, temps above. */
  readonly dst: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  readonly size: number;
  readonly imm: bigint;
  /** Virtual address of its instruction. */
  readonly pc: bigint;
  /** Of loads and stores: how they are checked. */
  readonly check: Step;
  /** The span that is checked or that covers the access; empty when it is checked alone. */
  readonly span: Span;
  /** Whether the span is to be stored to. */
  readonly stored: boolean;
}

/** An instruction of the guest. */
export interface RegionInsn {
  readonly pc: bigint;
  /** Its bytes, little-endian; a compressed one is 16 bits. */
  readonly word: number;
}

/** A target of a dispatch table. */
export interface RegionTarget {
  readonly pc: bigint;
  /** Index of its block; undefined leaves the region. */
  readonly block: number | undefined;
}

/** A basic block. */
export interface RegionBlock {
  readonly pc: bigint;
  readonly targetPc: bigint;
  readonly nextPc: bigint;
  /** Registers needed when it begins, and those that may differ from the hart's: x in the low half, f in the high. */
  readonly live: bigint;
  readonly dirty: bigint;
  readonly term: Term;
  /** Indices of the successors; undefined leaves the region. */
  readonly taken: number | undefined;
  readonly next: number | undefined;
  /** Of a dispatch table: where it leads. */
  readonly targets: readonly RegionTarget[];
  readonly loop: boolean;
  /** How deep it lies in inlined calls. */
  readonly depth: number;
  /** Instructions executed before it and not yet charged to the fuel. */
  readonly uncharged: number;
  /** Checked spans at its entry, by register. */
  readonly spans: ReadonlyMap<number, Span>;
  readonly nodes: readonly RegionNode[];
  /** Of a block that ends for the interpreter, its instruction is the last one. */
  readonly insns: readonly RegionInsn[];
}

/** All of it. */
export interface RegionParts {
  readonly pc: bigint;
  /** `Mode` bits. */
  readonly mode: number;
  readonly instructions: number;
  readonly blocks: readonly RegionBlock[];
  /** The module that the region alone would be. */
  readonly wasm: Uint8Array<ArrayBuffer>;
  /** From which byte of the module on its code is for which instruction. */
  readonly marks: readonly { readonly at: number; readonly pc: bigint }[];
  /** Machine address of RAM: it is in the code of regions that have the window. */
  readonly ramMa: number;
}

/**
 * The parts of the region that `pc` would begin in privilege mode `priv` of a hart, as it would be made now; undefined when nothing can
 * be translated there, or the VM has no translator. No hart may be running. The guest notices nothing.
 */
export function explainRegion(
  core: Core,
  space: MachineSpace,
  hart: number,
  pc: bigint,
  priv: number,
): RegionParts | undefined {
  const header = core.dbt_explain(space.harts[hart]!.ma, BigInt.asIntN(64, pc), priv) >>> 0;
  if (header === 0) return undefined;
  const { view, u8 } = space.memory;
  const u32 = (field: Explained) => view.getUint32(header + field, true);
  const module = u32(Explained.module);
  return {
    pc: view.getBigUint64(header + Explained.entry, true),
    mode: u32(Explained.mode),
    instructions: u32(Explained.insns),
    blocks: readBlocks(view, u32),
    wasm: u8.slice(module, module + u32(Explained.moduleBytes)),
    marks: rows(u32(Explained.marks), u32(Explained.markCount), ExplainedMark.BYTES).map((ma) => ({
      at: view.getUint32(ma + ExplainedMark.at, true),
      pc: view.getBigUint64(ma + ExplainedMark.pc, true),
    })),
    ramMa: space.vm.u32(VmField.ramMa),
  };
}

/** Addresses of the rows of a table. */
function rows(first: number, count: number, bytes: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index * bytes);
}

function readBlocks(view: DataView, header: (field: Explained) => number): RegionBlock[] {
  let nodeAt = header(Explained.nodes);
  let insnAt = header(Explained.insnTable);
  return rows(header(Explained.blocks), header(Explained.blockCount), ExplainedBlock.BYTES).map((ma) => {
    const u32 = (field: ExplainedBlock) => view.getUint32(ma + field, true);
    const u64 = (field: ExplainedBlock) => view.getBigUint64(ma + field, true);
    const pc = u64(ExplainedBlock.pc);
    const nodes = rows(nodeAt, u32(ExplainedBlock.nodeCount), ExplainedNode.BYTES);
    const insns = rows(insnAt, u32(ExplainedBlock.insnCount), ExplainedInsn.BYTES);
    nodeAt += nodes.length * ExplainedNode.BYTES;
    insnAt += insns.length * ExplainedInsn.BYTES;
    return {
      pc,
      targetPc: u64(ExplainedBlock.targetPc),
      nextPc: u64(ExplainedBlock.nextPc),
      live: u64(ExplainedBlock.liveIn),
      dirty: u64(ExplainedBlock.dirtyIn),
      term: u32(ExplainedBlock.term),
      taken: successor(u32(ExplainedBlock.succ0)),
      next: successor(u32(ExplainedBlock.succ1)),
      targets: rows(u32(ExplainedBlock.targets), u32(ExplainedBlock.targetCount), ExplainedTarget.BYTES).map((at) => ({
        pc: view.getBigUint64(at + ExplainedTarget.pc, true),
        block: successor(view.getUint32(at + ExplainedTarget.block, true)),
      })),
      loop: u32(ExplainedBlock.loop) !== 0,
      depth: u32(ExplainedBlock.depth),
      uncharged: u32(ExplainedBlock.uncharged),
      spans: readSpans(view, u32(ExplainedBlock.spans)),
      nodes: nodes.map((at) => readNode(view, at, pc)),
      insns: readInsns(view, insns, pc),
    };
  });
}

function successor(position: number): number | undefined {
  return position === 0 ? undefined : position - 1;
}

function readSpans(view: DataView, ma: number): Map<number, Span> {
  const spans = new Map<number, Span>();
  for (let register = 1; register < 32; register++) {
    const lo = view.getInt32(ma + 8 * register, true);
    const hi = view.getInt32(ma + 8 * register + 4, true);
    if (lo !== hi) spans.set(register, { lo, hi });
  }
  return spans;
}

function readInsns(view: DataView, rows: readonly number[], first: bigint): RegionInsn[] {
  let pc = first;
  return rows.map((ma) => {
    const insn = { pc, word: view.getUint32(ma, true) };
    pc = BigInt.asUintN(64, pc + ((insn.word & 3) === 3 ? 4n : 2n));
    return insn;
  });
}

function readNode(view: DataView, ma: number, pc: bigint): RegionNode {
  const u8 = (field: ExplainedNode) => view.getUint8(ma + field);
  return {
    op: u8(ExplainedNode.op),
    w: u8(ExplainedNode.w),
    dst: u8(ExplainedNode.dst),
    a: u8(ExplainedNode.a),
    b: u8(ExplainedNode.b),
    c: u8(ExplainedNode.c),
    size: u8(ExplainedNode.size),
    imm: view.getBigInt64(ma + ExplainedNode.imm, true),
    pc: BigInt.asUintN(64, pc + BigInt(view.getUint32(ma + ExplainedNode.offset, true))),
    check: u8(ExplainedNode.check),
    span: {
      lo: view.getInt32(ma + ExplainedNode.lo, true),
      hi: view.getInt32(ma + ExplainedNode.hi, true),
    },
    stored: view.getUint32(ma + ExplainedNode.stored, true) !== 0,
  };
}
