/** Nanobenchmarks after Adams and Agesen (ASPLOS 2006): what single operations cost under each handling of sensitive instructions. */

import { Host, type VmConfig } from "../index.ts";
import type { Section, SectionContext, TableRow, TableSection } from "./result.ts";

/** A line of the guest's. */
export interface NanoLine {
  readonly name: string;
  readonly operations: number;
  /** Of 100 ns: the loop with the operation, and without it. */
  readonly ticks: number;
  readonly plain: number;
}

/** One operation's cost. */
export interface NanoCost {
  readonly nanoseconds: number;
  /** Plain ALU instructions that would take as long. */
  readonly instructions: number;
}

const TICK_NANOSECONDS = 100;

/** Of the guest's loop of ALU instructions: four operations, each with another instruction, and three to go round. */
const ALU_ITERATION = { operations: 4, instructions: 11 };

/** The lines in the guest's output, in its order. */
export function parseNano(output: string): NanoLine[] {
  return [...output.matchAll(/^nano (\w+) (\d+) (\d+) (\d+)\r?$/gm)].map(([, name = "", ...numbers]) => {
    const [operations = 0, ticks = 0, plain = 0] = numbers.map(Number);
    return { name, operations, ticks, plain };
  });
}

/** What each operation costs; undefined when the loop of ALU instructions is missing. */
export function costs(lines: readonly NanoLine[]): ReadonlyMap<string, NanoCost> | undefined {
  const alu = lines.find(({ name }) => name === "alu");
  if (alu === undefined || alu.ticks === 0) return undefined;
  const iterations = alu.operations / ALU_ITERATION.operations;
  const instruction = (alu.ticks * TICK_NANOSECONDS) / (iterations * ALU_ITERATION.instructions);
  return new Map(
    lines
      .filter(({ name }) => name !== "alu")
      .map(({ name, operations, ticks, plain }) => {
        const nanoseconds = (Math.max(0, ticks - plain) * TICK_NANOSECONDS) / operations;
        return [name, { nanoseconds, instructions: nanoseconds / instruction }];
      }),
  );
}

/** A way of running the guest. */
interface Handling {
  readonly key: string;
  readonly title: string;
  readonly vm: Partial<VmConfig>;
}

const HANDLINGS: readonly Handling[] = [
  { key: "interpreter", title: "Interpreted", vm: { engine: "interpreter" } },
  { key: "exit", title: "Exit to the VMM", vm: { engine: "tiered", translator: { sensitive: "exit" } } },
  { key: "callout", title: "Call out", vm: { engine: "tiered", translator: { sensitive: "callout" } } },
  { key: "inline", title: "Inline", vm: { engine: "tiered", translator: { sensitive: "inline" } } },
];

/** The guest's names, as people call them. */
const OPERATIONS: Readonly<Record<string, string>> = {
  call_system: "system call",
  csr_read: "CSR read",
  csr_write: "CSR write",
  mask: "interrupt mask change",
  table: "page-table change",
  fault: "page fault",
  mmio_read: "MMIO read",
  mmio_write: "MMIO write",
  call: "call and return",
  indirect: "indirect jump",
};

async function outputOf(host: Host, kernel: Uint8Array, vm: Partial<VmConfig>): Promise<string> {
  const machine = await host.createVm({ memory: "16M", bios: "none", kernel, ...vm });
  const decoder = new TextDecoder();
  let output = "";
  machine.on("output", (bytes) => (output += decoder.decode(bytes, { stream: true })));
  try {
    machine.start();
    await machine.exited;
  } finally {
    machine.destroy();
  }
  return output;
}

function tableOf(found: ReadonlyMap<string, ReadonlyMap<string, NanoCost>>): TableSection {
  const rows = Object.entries(OPERATIONS).map(([name, title]): TableRow => {
    const cells = HANDLINGS.flatMap(({ key }) => {
      const cost = found.get(key)?.get(name);
      return [
        [`${key}-ns`, cost?.nanoseconds ?? null],
        [`${key}-instructions`, cost?.instructions ?? null],
      ];
    });
    return { operation: title, ...(Object.fromEntries(cells) as TableRow) };
  });
  return {
    name: "nanobenchmarks",
    title: "What single operations cost",
    intro: [
      "Loops of one operation each, in a guest of its own, against the same loop without it. Adams and Agesen measured so what a trapping monitor and a translating one pay for the same guest code; here the same translator treats CSR accesses and fences in three ways.",
    ],
    columns: [
      { key: "operation", title: "Operation" },
      ...HANDLINGS.flatMap(({ key, title }) => [
        { key: `${key}-ns`, title, unit: "ns" },
        { key: `${key}-instructions`, title: `${title}, in ALU instructions` },
      ]),
    ],
    rows,
    notes: [
      "Equivalent instructions are of the same engine: the time divided by that of one plain ALU instruction in the same run.",
      "System calls, page faults and MMIO leave translated code under every handling. Guest time is the host's wall clock; each figure is the shortest of five runs of at least 12 ms.",
    ],
  };
}

export const nanobenchmarks: Section = {
  name: "nanobenchmarks",
  title: "What a system call, a CSR access, a page fault and their like cost",
  async produce({ guest, progress, signal }: SectionContext) {
    const kernel = await guest("nano");
    const found = new Map<string, ReadonlyMap<string, NanoCost>>();
    const voided: string[] = [];
    using host = await Host.create();
    for (const { key, title, vm } of HANDLINGS) {
      signal.throwIfAborted();
      progress(title.toLowerCase());
      const cost = costs(parseNano(await outputOf(host, kernel, vm)));
      const missing = Object.keys(OPERATIONS).filter((name) => cost?.has(name) !== true);
      if (missing.length > 0) voided.push(`nanobenchmarks: ${key} did not print ${missing.join(", ")}`);
      if (cost !== undefined) found.set(key, cost);
    }
    return { tables: [tableOf(found)], voided };
  },
};
