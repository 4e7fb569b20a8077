/** The engine's pieces, each as something to do again and again that fails when it has not done what it says. */

import { HartField } from "../../assembly/state/layout.ts";
import { Engine, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { explainRegion } from "../../src/core/explained.ts";
import { Host } from "../../src/index.ts";
import { assembleProgram } from "../../src/isa/assemble.ts";
import { createTestMachine, RAM_PA, type TestMachine } from "../../test/support/core.ts";
import { flatGuest } from "../../test/support/guest.ts";
import { PageTables } from "../../test/support/paging.ts";

/** One piece. */
export interface Piece {
  readonly name: string;
  /** How many of it one `run` does. */
  readonly operations: number;
  /** @throws when something else was done */
  run(): void;
}

const RAM = 16 * 2 ** 20;
const PAGE = 4096;
const MPRV_AS_S = (1n << 17n) | (BigInt(Priv.S) << 11n);
/** More pages than a TLB has entries, twice over: coming round, each has lost its entry to another. */
const PAGES = 1024;
const LOADS_VA = 0x4000_0000n;
const DATA = RAM_PA + 8 * 2 ** 20;

function machineWith(source: string, engine = Engine.PREDECODE): Promise<TestMachine> {
  return createTestMachine({ ram: RAM, engine }).then((machine) => {
    machine.load(assembleProgram(source, BigInt(RAM_PA)).bytes);
    return machine;
  });
}

/** Runs a hart from the beginning of RAM. */
function runFrom(machine: TestMachine, steps: number): void {
  const hart = machine.hart();
  hart.pc = BigInt(RAM_PA);
  hart.run(steps);
}

/** What a counter of hart 0 has gone up by. */
function counted(machine: TestMachine, field: HartField, act: () => void): number {
  const read = () => machine.hart().view.u64(field);
  const before = read();
  act();
  return Number(read() - before);
}

function expectAtLeast(name: string, least: number, found: number): void {
  if (found < least) throw new Error(`${name}: ${found} were done, not ${least}`);
}

/** Code that is decoded as it is executed: two forms of a page take turns, and no instruction is the same in both. */
async function decode(): Promise<Piece[]> {
  const count = 1000;
  const page = (register: number) => `addi x${register}, x${register}, 1\n`.repeat(count);
  const machine = await machineWith(page(6));
  const forms = [6, 7].map((register) => assembleProgram(page(register), BigInt(RAM_PA)).bytes);
  let turn = 0;
  const fresh = () => {
    machine.load(forms[(turn ^= 1)]!);
    machine.core.hart_fence_i(machine.hart().view.ma);
    runFrom(machine, count);
  };
  const again = () => runFrom(machine, count);
  const all = (name: string, least: number, act: () => void): Piece => ({
    name,
    operations: count,
    run: () => expectAtLeast(name, least, counted(machine, HartField.countDecode, act)),
  });
  fresh();
  return [all("decode an instruction, and execute it", count, fresh), all("execute a decoded instruction", 0, again)];
}

/** Loads from page after page, straight on. */
async function loads(paged: boolean): Promise<TestMachine> {
  const machine = await machineWith("ld x7, 0(x5)\nadd x5, x5, x6\n".repeat(PAGES));
  const hart = machine.hart();
  hart.setCsr(Csr.PMPADDR0, 0xffff_ffff_ffff_ffffn);
  hart.setCsr(Csr.PMPCFG0, 0x1fn);
  if (!paged) return machine;
  const tables = new PageTables(machine, RAM_PA + 4 * 2 ** 20);
  for (let page = 0; page < PAGES; page++) tables.map(LOADS_VA + BigInt(page * PAGE), DATA + page * PAGE);
  hart.setCsr(Csr.SATP, tables.satp);
  hart.setCsr(Csr.MSTATUS, MPRV_AS_S);
  return machine;
}

/** What is to be counted while pages are loaded from, and how often at least. */
interface Expected {
  readonly field: HartField;
  readonly least: number;
  /** Both levels of the TLB are emptied before. */
  readonly flushed?: boolean;
}

function loadPiece(
  machine: TestMachine,
  name: string,
  from: bigint,
  stride: number,
  { field, least, flushed = false }: Expected,
): Piece {
  const run = () => {
    machine.hart().setX(5, from);
    machine.hart().setX(6, BigInt(stride));
    if (flushed) machine.core.hart_flush(machine.hart().view.ma);
    runFrom(machine, 2 * PAGES);
  };
  return { name, operations: PAGES, run: () => expectAtLeast(name, least, counted(machine, field, run)) };
}

async function memory(): Promise<Piece[]> {
  const [flat, paged] = [await loads(false), await loads(true)];
  const walk = () => {
    for (let page = 0; page < PAGES; page++) {
      const pa = paged.hart().translate(LOADS_VA + BigInt(page * PAGE));
      if (pa !== BigInt(DATA + page * PAGE)) throw new Error("page walk: it led elsewhere");
    }
  };
  return [
    loadPiece(flat, "load and add, TLB hit", BigInt(DATA), 0, { field: HartField.countTlbMiss, least: 0 }),
    loadPiece(paged, "load and add, found in the second level", LOADS_VA, PAGE, {
      field: HartField.countTlbMiss,
      least: PAGES,
    }),
    loadPiece(flat, "load and add, TLB fill", BigInt(DATA), PAGE, {
      field: HartField.countTlbMiss,
      least: PAGES - 1,
      flushed: true,
    }),
    loadPiece(paged, "load and add, TLB fill after a page walk", LOADS_VA, PAGE, {
      field: HartField.countWalk,
      least: PAGES,
      flushed: true,
    }),
    { name: "page walk, Sv39, asked for by the host", operations: PAGES, run: walk },
  ];
}

/** A loop with a branch in it, loads and stores: an ordinary small region. */
const REGION = `
again: ld x6, 0(x5)
  andi x7, x6, 1
  srli x6, x6, 1
  beqz x7, even
  xor x6, x6, x8
even: sd x6, 0(x5)
  addi x5, x5, 8
  add x10, x10, x6
  bltu x5, x9, again
  ret
`;

/** Makes modules that differ in a custom section "n" only: an engine keeps what it has compiled, and would find the same one again. */
function different(module: Uint8Array): () => Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array([...module, 0, 6, 1, 0x6e, 0, 0, 0, 0]);
  const number = new DataView(bytes.buffer, bytes.length - 4);
  let next = 0;
  return () => {
    number.setUint32(0, next++);
    return bytes;
  };
}

async function translator(): Promise<Piece[]> {
  const machine = await machineWith(REGION, Engine.TIERED);
  const { core, space } = machine;
  const parts = explainRegion(core, space, 0, BigInt(RAM_PA), Priv.M);
  if (parts === undefined) throw new Error("the region cannot be translated");
  const imports = core.code.importsOf(space.code!.ma);
  const compiled = new WebAssembly.Module(parts.wasm);
  const nextModule = different(parts.wasm);
  return [
    {
      name: `translate a region of ${parts.instructions} instructions to ${parts.wasm.length} bytes`,
      operations: 1,
      run: () => {
        if (core.dbt_explain(space.harts[0]!.ma, BigInt(RAM_PA), Priv.M) === 0) throw new Error("no region was made");
      },
    },
    {
      name: "compile its module",
      operations: 1,
      run: () => {
        const made = WebAssembly.Module.exports(new WebAssembly.Module(nextModule()));
        if (made.length === 0) throw new Error("no exports");
      },
    },
    {
      name: "instantiate its module",
      operations: 1,
      run: () => {
        if (Object.keys(new WebAssembly.Instance(compiled, imports).exports).length === 0)
          throw new Error("no exports");
      },
    },
  ];
}

/** The UART's scratch register, through the board's bus. */
async function device(): Promise<Piece[]> {
  const count = 256;
  const host = await Host.create();
  const piece = async (name: string, access: string): Promise<Piece> => {
    const kernel = flatGuest(`li t0, 0x10000000\nagain: ${`${access} t1, 7(t0)\n`.repeat(count)} j again\n`);
    const vm = await host.createVm({ memory: "1M", bios: "none", kernel, engine: "interpreter" });
    vm.step(0, 100 * count);
    const run = () => {
      const before = vm.counters().mmio;
      vm.step(0, count + 1);
      expectAtLeast(name, count, vm.counters().mmio - before);
    };
    return { name, operations: count, run };
  };
  return [await piece("device read (UART)", "lbu"), await piece("device write (UART)", "sb")];
}

/** All of them, ready to be run. */
export async function makePieces(): Promise<Piece[]> {
  const groups = [await decode(), await memory(), await translator(), await device()];
  return groups.flat();
}
