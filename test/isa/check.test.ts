import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseBits } from "../../src/isa/bits.ts";
import { tableFaults } from "../../src/isa/check.ts";
import { instructions } from "../../src/isa/instruction.ts";
import { FIRST_EXT_OP, opOf, ops } from "../../src/isa/ops.ts";
import { Op } from "../../assembly/isa/op.ts";
import { csrByNumber, csrs, placedCsrs } from "../../src/isa/csr.ts";
import { hartState } from "../../src/isa/state.ts";
import { tables } from "../../src/isa/tables.ts";

describe("instruction tables", () => {
  it("have no overlapping rows", () => {
    expect(tableFaults()).toEqual([]);
  });

  it("are all listed, and have a file of handlers each", () => {
    const files = (folder: string): string[] =>
      readdirSync(new URL(`../../${folder}`, import.meta.url))
        .filter((name) => name.startsWith("rv_"))
        .map((name) => name.replace(".ts", ""))
        // Compressed instructions are a table of another shape, and use the handlers of those that they abbreviate.
        .filter((name) => name !== "rv_c")
        .toSorted();
    const names = tables.map(({ name }) => name).toSorted();
    expect(files("src/isa/")).toEqual(names);
    expect(files("assembly/insn/")).toEqual(names);
  });

  it("reject a row without 32 or 16 bits", () => {
    expect(() => parseBits("add", "0000000 ttttt sssss 000 ddddd 011001")).toThrow("add: 31 bits");
  });

  it("reject an immediate whose bit list has another length", () => {
    const imm = { list: "11:1", signed: true };
    expect(() => parseBits("addi", "iiiiiiiiiiii sssss 000 ddddd 0010011", imm)).toThrow("12 bits, listed 11");
  });

  it("give every op a number of its own that the core knows", () => {
    expect(new Set(ops.map(({ op }) => op)).size).toBe(ops.length);
    for (const { name, op } of ops) expect(Op[name as keyof typeof Op], name).toBe(op);
  });

  it("give every op that needs the whole immediate a number below 256", () => {
    const needs = instructions.filter((insn) => (insn.fields.get("i")?.pieces.at(0)?.width ?? 0) > 5);
    for (const insn of needs) expect(opOf(insn).op, insn.name).toBeLessThan(FIRST_EXT_OP);
  });
});

describe("CSR table", () => {
  it("has no number or name twice", () => {
    expect(new Set(csrs.map(({ number }) => number)).size).toBe(csrs.length);
    expect(new Set(csrs.map(({ name }) => name)).size).toBe(csrs.length);
  });

  it("has a field of the hart's state, 64 bits an element, for every CSR that is kept in one", () => {
    const fields = new Map(hartState.map(([name, type, count]) => [name, { type, count }]));
    for (const { row, index, name } of placedCsrs) {
      if ((row.register ?? "field") !== "field" || row.absent) continue;
      const { type, count } = fields.get(row.field ?? row.name) ?? { type: "none", count: 0 };
      const elements = type === "u8" ? 8 : 1;
      expect(["u64", "u8"], name).toContain(type);
      expect((row.element ?? index) + elements, name).toBeLessThanOrEqual(count);
    }
  });

  it("takes no bit in a write that a read never shows", () => {
    for (const { row, name } of placedCsrs) expect((row.write ?? 0n) & ~(row.read ?? -1n), name).toBe(0n);
  });

  it("derives privilege and access from the number", () => {
    expect(csrByNumber.get(0xc01)).toMatchObject({ name: "time", privilege: "U", readOnly: true });
    expect(csrByNumber.get(0x180)).toMatchObject({ name: "satp", privilege: "S", readOnly: false });
    expect(csrByNumber.get(0xf14)).toMatchObject({ name: "mhartid", privilege: "M", readOnly: true });
  });
});
