import { beforeAll, describe, expect, test } from "vitest";
import { popekGoldberg, tryAll, type Finding } from "../../../src/study/popek-goldberg/section.ts";
import { className, explanation, isException } from "../../../src/study/popek-goldberg/explain.ts";
import { csrSubjects, instructionSubjects } from "../../../src/study/popek-goldberg/subjects.ts";

const found = new Map<string, Finding>();

beforeAll(async () => {
  for (const finding of await tryAll([...instructionSubjects(), ...csrSubjects()]))
    found.set(finding.subject.name, finding);
}, 240_000);

function finding(name: string): Finding {
  const it = found.get(name);
  if (it === undefined) throw new Error(`${name} was not tried`);
  return it;
}

describe("the classes that execution shows", () => {
  test.each([
    ["add", "innocuous"],
    ["ld", "innocuous"],
    ["amoadd.d", "innocuous"],
    ["fence", "innocuous"],
    ["ecall", "traps in every mode"],
    ["ebreak", "traps in every mode"],
    ["csrr misa", "privileged"],
  ])("%s is %s", (name, expected) => {
    expect(className(finding(name).verdict)).toBe(expected);
  });

  test.each([
    "sret",
    "mret",
    "wfi",
    "sfence.vma",
    "csrrw satp",
    "csrrw sstatus",
    "csrrw stvec",
    "csrrs sie",
    "csrrw mstatus",
    "csrrw pmpcfg0",
  ])("%s is privileged and control-sensitive", (name) => {
    const { verdict } = finding(name);
    expect(verdict).toMatchObject({ privileged: true, control: true });
    expect(verdict.traps.U).toBe("always");
    expect(verdict.traps.M).toBe("never");
  });

  test.each([
    ["sret", "TSR=1"],
    ["wfi", "TW=1"],
    ["sfence.vma", "TVM=1"],
    ["csrr satp", "TVM=1"],
    ["csrrw satp", "TVM=1"],
  ])("%s traps in S mode when %s, and not otherwise", (name, bit) => {
    const { verdict } = finding(name);
    expect(verdict.traps.S).toBe("sometimes");
    expect(verdict.dependsOn).toContain(bit);
  });

  test.each([
    ["csrr cycle", "mcounteren=0"],
    ["csrr time", "scounteren=0"],
    ["fadd.d", "FS=0"],
    ["csrr fcsr", "FS=0"],
    ["cbo.zero", "senvcfg=0"],
  ])("%s is an exception that %s makes trap in U mode", (name, bit) => {
    const { subject, verdict } = finding(name);
    expect(isException(verdict)).toBe(true);
    expect(verdict.modeDependent).toBe(false);
    expect(verdict.traps.U).toBe("sometimes");
    expect(verdict.dependsOn).toContain(bit);
    expect(explanation(subject, verdict)).toBeDefined();
  });

  test("reads of status are behaviour-sensitive: they show what the monitor would hide", () => {
    for (const name of ["csrr sstatus", "csrr stvec", "csrr satp", "csrr mstatus"]) {
      expect(finding(name).verdict).toMatchObject({ privileged: true, behaviour: true, control: false });
    }
  });

  test("loads depend on SUM, MXR and MPRV as memory accesses, and on nothing else", () => {
    const { memoryDependsOn, dependsOn } = finding("ld").verdict;
    expect([...memoryDependsOn].sort()).toEqual(["MPRV=1", "MXR=1", "SUM=1"]);
    expect(dependsOn).toEqual([]);
  });

  test("every exception is explained", () => {
    const open = [...found.values()].filter(
      ({ subject, verdict }) => isException(verdict) && explanation(subject, verdict) === undefined,
    );
    expect(open.map(({ subject }) => subject.name)).toEqual([]);
  });
});

test("the section groups what is alike and says how the question was answered", async () => {
  const { tables, voided } = await popekGoldberg.produce({
    quick: true,
    cpuMilliseconds: () => 0,
    guest: () => Promise.reject(new Error("none is needed")),
    progress: () => undefined,
    signal: new AbortController().signal,
  });
  expect(voided).toEqual([]);
  const [table] = tables;
  expect(table!.rows.length).toBeLessThan(80);
  const count = table!.rows.reduce((sum, row) => sum + Number(row.count), 0);
  expect(count).toBeGreaterThan(300);
  expect(table!.notes.join(" ")).toMatch(/TVM, TW and TSR decide whether these trap: .*sret.*wfi.*sfence\.vma/);
  const letters = new Set(table!.rows.map(({ reason }) => reason).filter((reason) => reason !== ""));
  expect(letters.size).toBeGreaterThan(2);
  for (const letter of letters) {
    expect(table!.notes.filter((note) => note.startsWith(`(${letter}) `))).toHaveLength(1);
  }
}, 120_000);
