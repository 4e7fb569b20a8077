/** Writes assembly/interp/loop.ts: the two loops over decoded records, with every hot instruction in one switch. */

import { FIRST_EXT_OP, ops } from "../ops.ts";
import type { Flow } from "../row.ts";
import { floatInPlace } from "./loop_float.ts";
import { heading } from "./text.ts";

/** A primary op as the loop sees it; a compressed one has its base instruction's handler and flow. */
interface HotOp {
  readonly op: string;
  readonly handler: string;
  readonly file: string;
  readonly flow: Flow;
  readonly length: number;
}

function hotOps(): HotOp[] {
  return ops
    .filter(({ op }) => op < FIRST_EXT_OP)
    .map(({ name, insn }) => {
      const { handler, table, flow } = insn.base ?? insn;
      return { op: name, handler, file: table, flow, length: insn.base ? 2 : 4 };
    });
}

/** Compressed instructions one of whose operands is always x0. */
const special: Readonly<Record<string, string>> = {
  C_MV: "setX(hart, r, x2(hart, r));",
  C_LI: "setX(hart, r, <u64>imm(r));",
  LUI: "setX(hart, r, <u64>imm(r));",
  C_LUI: "setX(hart, r, <u64>imm(r));",
};

const branchSpecial: Readonly<Record<string, string>> = {
  C_BEQZ: "x1(hart, r) == 0",
  C_BNEZ: "x1(hart, r) != 0",
};

/** Bytes, signedness and AssemblyScript types of the integer loads and stores. */
const memory: Readonly<Record<string, { bytes: number; load?: string; store?: string }>> = {
  lb: { bytes: 1, load: "<u64>(<i64>load<i8>(at))" },
  lh: { bytes: 2, load: "<u64>(<i64>load<i16>(at))" },
  lw: { bytes: 4, load: "<u64>(<i64>load<i32>(at))" },
  ld: { bytes: 8, load: "load<u64>(at)" },
  lbu: { bytes: 1, load: "<u64>load<u8>(at)" },
  lhu: { bytes: 2, load: "<u64>load<u16>(at)" },
  lwu: { bytes: 4, load: "<u64>load<u32>(at)" },
  sb: { bytes: 1, store: "store<u8>(at, <u8>x2(hart, r))" },
  sh: { bytes: 2, store: "store<u16>(at, <u16>x2(hart, r))" },
  sw: { bytes: 4, store: "store<u32>(at, <u32>x2(hart, r))" },
  sd: { bytes: 8, store: "store<u64>(at, x2(hart, r))" },
  fld: { bytes: 8, load: "load<u64>(at)" },
  fsd: { bytes: 8, store: "store<u64>(at, f2(hart, r))" },
  flw: { bytes: 4, load: "<u64>load<u32>(at) | 0xffff_ffff_0000_0000" },
  fsw: { bytes: 4, store: "store<u32>(at, <u32>f2(hart, r))" },
};

function advance(op: HotOp): string {
  return `rec += ${op.length * 4};\n          n += 1;\n          continue;`;
}

/** A TLB hit is done in place; a miss goes to the slow tail (break), which executes the record again from the start. */
function memoryCase(op: HotOp, access: { bytes: number; load?: string; store?: string }): string {
  const mask = access.bytes === 1 ? "~0xfff" : `(~0xfff | ${access.bytes - 1})`;
  const set = access.store ? "tlb + Tlb.STORE_DELTA" : "tlb";
  const float = op.handler.startsWith("f");
  const write = access.store ?? (float ? `setF(hart, r, ${access.load!})` : `setX(hart, r, ${access.load!})`);
  return `const va = x1(hart, r) + <u64>imm(r);
          const entry = tlb_entry(${set}, va);
          if (load<u64>(entry) != (va & ${mask})${float ? " || !in_place.is_on(ready)" : ""}) break;
          const at = <usize>va + load<u32>(entry, 8);
          ${write};
          ${advance(op)}`;
}

function hotCase(op: HotOp): string | undefined {
  const access = memory[op.handler];
  let body: string;
  if (access) {
    body = memoryCase(op, access);
  } else if (floatInPlace.has(op.handler)) {
    body = `if (!${floatInPlace.get(op.handler)!}) break;
          ${advance(op)}`;
  } else if (op.handler === "jal") {
    body = `setX(hart, r, record_pc(pageVa, recs, rec) + ${op.length});
          n += 1;
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && n < room) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;`;
  } else if (op.handler === "jalr") {
    body = `const to = (x1(hart, r) + <u64>imm(r)) & ~1;
          setX(hart, r, record_pc(pageVa, recs, rec) + ${op.length});
          n += 1;
          if (to == hart.stopPc) room = 0;
          if (to - pageVa < 4096 && n < room) {
            rec = recs + (<usize>(to - pageVa) << 2);
            continue;
          }
          leave = true;
          pc = to;
          break;`;
  } else if (op.handler === "auipc") {
    body = `setX(hart, r, record_pc(pageVa, recs, rec) + <u64>imm(r));
          ${advance(op)}`;
  } else if (op.flow === "branch") {
    body = `n += 1;
          if (!(${branchSpecial[op.op] ?? `${op.file}.${op.handler}(hart, r)`})) {
            rec += ${op.length * 4};
            continue;
          }
          rec += <usize>imm(r) << 2;
          if (rec - recs < RECORD_BYTES && (imm(r) > 0 || n < room)) continue;
          leave = true;
          pc = record_pc(pageVa, recs, rec);
          break;`;
  } else if (op.flow === "none") {
    body = `${special[op.op] ?? `${op.file}.${op.handler}(hart, r);`}
          ${advance(op)}`;
  } else {
    return undefined;
  }
  return `        case Op.${op.op}: {
          ${body}
        }`;
}

function loop(name: string, doc: string, exact: boolean): string {
  const cases = hotOps()
    .map(hotCase)
    .filter((text) => text !== undefined);
  const check = exact ? "    if (n >= room) break;\n" : "";
  return `/** ${doc} */
export function ${name}(hart: Hart, page: usize, room: u32): u32 {
  const tlb = hart.tlbLoad;
  const ready = in_place.float_ready(hart);
  let n: u32 = 0;
  let pc = hart.pc;
  let pageVa = pc & ~0xfff;
  let recs = page + CodePage.RECORDS;
  let rec = recs + (<usize>(pc & 0xffe) << 2);
  let leave = false;
  let r: u64 = 0;
  while (true) {
${check}    r = load<u64>(rec);
    switch (<u32>r & 0xff) {
${cases.join("\n")}
      case Op.PAGE_END: {
        leave = true;
        pc = pageVa + 4096;
        break;
      }
    }
    if (!leave) break;
    leave = false;
    const entry = tlb_entry(hart.tlbFetch, pc);
    if (load<u64>(entry) != (pc & ~0xfff) || n >= room) {
      hart.pc = pc;
      hart.slowRecord = 0;
      return n;
    }
    recs = <usize>load<u32>(entry, 8) + CodePage.RECORDS;
    pageVa = pc & ~0xfff;
    rec = recs + (<usize>(pc & 0xffe) << 2);
  }
  hart.pc = record_pc(pageVa, recs, rec);
  hart.slowRecord = ${exact ? "n < room ? <u32>rec : 0" : "<u32>rec"};
  return n;
}
`;
}

/** The text of assembly/interp/loop.ts. */
export function loopFile(): string {
  const ops = hotOps();
  const files = [
    ...new Set(ops.filter((op) => op.flow === "none" || op.flow === "branch").map((op) => op.file)),
  ].sort();
  const imports = files.map((file) => `import * as ${file} from "../insn/${file}";`).join("\n");
  return `${heading("The predecoded interpreter: the hot instructions in one switch; the rest and TLB misses take the slow tail.")}
import { f2, imm, record_pc, setF, setX, x1, x2 } from "../state/regs";
import * as in_place from "./in_place";
${imports}
import { tlb_entry } from "../mem/tlb";
import { CodePage, Tlb } from "../shared/constants";
import { Op } from "../isa/op";
import { Hart } from "../state/state";

const RECORD_BYTES: usize = 2048 * 8;

// Both are leaf functions, so that the engine keeps the loop's variables in registers: whatever needs a call ends the loop,
// with \`hart.pc\` exact and \`hart.slowRecord\` the address of the record to be done slowly, or 0. They return how many
// instructions have retired.

${loop("run_leaf", "Runs from `hart.pc`, in `page`, until `room` instructions are done and a jump is taken backward or out of the page.", false)}
${loop("run_leaf_exact", "Runs from `hart.pc`, in `page`, until exactly `room` instructions are done.", true)}`;
}
