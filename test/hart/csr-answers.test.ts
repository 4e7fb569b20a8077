/**
 * What each CSR number answers in each privilege mode, against a recording: the exception, and all that has changed in the hart. `-u` takes
 * the core's present answers for right; test/hart/csr-qemu.test.ts compares with QEMU.
 */

import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Priv } from "../../assembly/shared/constants.ts";
import { csrByNumber } from "../../src/isa/csr.ts";
import { hartState, isVisible, type StateRow } from "../../src/isa/state.ts";
import { HartBench, immediateRecord, record } from "./hart-bench.ts";

const ONES = 0xffff_ffff_ffff_ffffn;
const sizes = { u8: 1, u16: 2, u32: 4, u64: 8 } as const;

/** What is compared: all that the guest can see, and what follows from it. */
const compared = hartState.filter(
  ([name, , , kind]) => isVisible(kind) || ["attention", "exitReason", "pmpActive", "pmpOpen"].includes(name),
);

/** splitmix64: the same values on every run. */
function randomValues(seed: bigint): () => bigint {
  let state = seed;
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let z = state;
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return z ^ (z >> 31n);
  };
}

let bench: HartBench;

beforeAll(async () => {
  bench = await HartBench.create();
});

/** CSRs that decide what others answer. */
const CONTEXT = [
  0x300, 0x302, 0x303, 0x304, 0x344, 0x306, 0x106, 0x30a, 0x10a, 0x320, 0x180, 0x14d, 0x003, 0x105, 0x341,
];

/** A state that M mode could have made, from `random`; the CSRs are written by the core itself. */
function prepare(random: () => bigint, priv: Priv): void {
  bench.reset(Number(random() & 1n));
  bench.time = random();
  for (let i = 1; i < 4; i++) bench.view.setU64(HartField.x, random(), i);
  bench.set(HartField.instret, random() >> 8n);
  for (const csr of CONTEXT) bench.write(csr, random());
  for (let i = 0; i < 16; i++) bench.write(0x3b0 + i, random());
  // Locks are rare, so that most entries can be written.
  const locks = random() & random() & random() & 0x8080_8080_8080_8080n;
  bench.write(0x3a0, (random() & 0x1f1f_1f1f_1f1f_1f1fn) | locks);
  bench.write(0x3a2, (random() & 0x1f1f_1f1f_1f1f_1f1fn) | locks);
  bench.exports.hart_set_lines(bench.hart, 0xaaa, Number(random() & 0xaaan));
  bench.priv = priv;
  bench.exports.pmp_changed(bench.hart);
  bench.set(HartField.exitReason, 0);
  bench.set(HartField.attention, bench.exports.interrupt_pending(bench.hart) >= 0 ? 1 : 0);
}

/** Every byte of what is compared, by name. */
function state(): Map<string, string> {
  const { buffer } = bench.memory.view;
  const bytes = ([name, type, count]: StateRow): string => {
    const at = bench.hart + HartField[name as keyof typeof HartField];
    return Buffer.from(buffer, at, sizes[type] * count).toString("hex");
  };
  return new Map(compared.map((row) => [row[0], bytes(row)]));
}

/** What is not as it was before, so that fields which no CSR touches can come and go. */
function changes(before: ReadonlyMap<string, string>): string {
  return [...state()]
    .filter(([name, bytes]) => before.get(name) !== bytes)
    .map(([name, bytes]) => ` ${name}=${bytes}`)
    .join("");
}

const FORMS = ["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"] as const;
/** With rd and rs1 (or the immediate); zero is the form that does not read, or does not write. */
const OPERANDS = [
  [3, 1],
  [3, 0],
  [0, 1],
] as const;

/** A digest of the answers to all forms of access, with all-ones, all-zeros and random operands. */
function answers(csr: number, priv: Priv): string {
  const random = randomValues(BigInt(csr * 4 + priv));
  const hash = createHash("sha256");
  for (let round = 0; round < 6; round++) {
    for (const form of FORMS) {
      for (const [rd, rs1] of OPERANDS) {
        prepare(random, priv);
        bench.view.setU64(HartField.x, [ONES, 0n][round] ?? random(), 1);
        const immediate = form.endsWith("i");
        const uimm = rs1 && Number([31n, 0n][round] ?? random() & 31n);
        const before = state();
        const word = (csr << 20) | (rd << 7) | 0x73;
        const raised = bench.execute(form, immediate ? immediateRecord(rd, uimm, csr) : record(rd, rs1, csr), word);
        hash.update(raised ? `${raised.cause} ${raised.tval}` : "none").update(changes(before));
      }
    }
  }
  return hash.digest("hex").slice(0, 16);
}

const numbers = Array.from({ length: 4096 }, (_, csr) => csr);

describe("every CSR number, in every privilege mode", () => {
  test("answers as recorded where there is a CSR", async () => {
    const lines = numbers
      .filter((csr) => bench.exports.csr_exists(csr))
      .map((csr) => {
        const modes = [Priv.U, Priv.S, Priv.M].map((priv) => answers(csr, priv));
        return `${csrByNumber.get(csr)?.name ?? csr} ${modes.join(" ")}\n`;
      });
    await expect(lines.join("")).toMatchFileSnapshot("oracle/csr-answers.txt");
  });

  test("is an illegal instruction where there is none", () => {
    for (const csr of numbers.filter((number) => !bench.exports.csr_exists(number))) {
      for (const priv of [Priv.U, Priv.S, Priv.M]) {
        bench.priv = priv;
        for (const form of FORMS) expect(bench.execute(form, record(3, 0, csr), 0x73)?.cause, `${csr}`).toBe(2);
      }
    }
  });
});
