/** What the page shows of a machine, read from it through the public API. */

import { type Hart, type Vm, WasmvisorError } from "../../src/index.ts";
import { listing, pteHas, shownCsrs, walkPageTable, xNames } from "../../src/debug/index.ts";
import type { HotRegions } from "./hot-regions.ts";
import {
  EntryKind,
  type HartView,
  PageError,
  type Query,
  type TableView,
  type View,
  type WalkView,
} from "./protocol.ts";

const CSRS = shownCsrs("short");

const PAGE_BYTES = 4096;

/** The parts of the machine that `query` asks for. */
export function lookAt(vm: Vm, hot: HotRegions, query: Query): View {
  const first = vm.hart(0);
  return {
    time: performance.now(),
    state: vm.state,
    counters: vm.counters(),
    pc: first.pc,
    mode: first.mode,
    harts: vm.harts.length,
    ...(query.hart === undefined ? {} : { hart: hartView(vm.hart(query.hart.index), query.hart.at) }),
    ...(query.pages === true ? { pages: { start: vm.memory.start, flags: vm.memory.pages() } } : {}),
    ...(query.page === undefined ? {} : { page: { pa: query.page, bytes: vm.memory.read(query.page, PAGE_BYTES) } }),
    ...(query.walk === undefined ? {} : { walk: walkView(vm, query.walk) }),
    ...(query.regions === undefined ? {} : { regions: hot.list(query.regions) }),
    ...(query.explain === undefined ? {} : { explained: explanation(vm, query.explain) }),
  };
}

function hartView(hart: Hart, at: string | undefined): HartView {
  const start = at === undefined ? hart.pc : (tryAddress(hart, at) ?? hart.pc);
  return {
    index: hart.index,
    pc: hart.pc,
    mode: hart.mode,
    waiting: hart.waiting,
    x: xNames.map((_, number) => hart.x(number)),
    csrs: CSRS.map((name) => [name, hart.csr(name)]),
    listing: listing(hart, start, 7, 17),
  };
}

function walkView(vm: Vm, { hart: index, address, access }: NonNullable<Query["walk"]>): NonNullable<View["walk"]> {
  const hart = vm.hart(index);
  try {
    const walk = walkPageTable(hart, vm.memory, parseAddress(hart, address), access);
    const tables = walk.steps.map(({ tablePa }) =>
      vm.memory.contains(tablePa, PAGE_BYTES) ? table(vm, tablePa) : undefined,
    );
    return { ...walk, tables } satisfies WalkView;
  } catch (error) {
    if (error instanceof WasmvisorError || error instanceof PageError) return { problem: error.message };
    throw error;
  }
}

function explanation(vm: Vm, { pc, mode }: NonNullable<Query["explain"]>): NonNullable<View["explained"]> {
  try {
    return vm.explainRegion(pc, { mode });
  } catch (error) {
    if (error instanceof WasmvisorError) return { problem: error.message };
    throw error;
  }
}

function table(vm: Vm, pa: number): TableView {
  const bytes = vm.memory.read(pa, PAGE_BYTES);
  const entries = new DataView(bytes.buffer, bytes.byteOffset, PAGE_BYTES);
  return Uint8Array.from({ length: 512 }, (_, index) => entryKind(entries.getBigUint64(index * 8, true)));
}

function entryKind(pte: bigint): EntryKind {
  if (!pteHas(pte, "V")) return EntryKind.NOTHING;
  if (!pteHas(pte, "R") && !pteHas(pte, "X")) return EntryKind.TABLE;
  return pteHas(pte, "U") ? EntryKind.USER_PAGE : EntryKind.PAGE;
}

function tryAddress(hart: Hart, text: string): bigint | undefined {
  try {
    return parseAddress(hart, text);
  } catch {
    return undefined;
  }
}

/**
 * A register, a CSR or a hexadecimal number, and others added to or taken from it: `sp+16`, `0x80200000`.
 * @throws PageError `address-text`
 */
export function parseAddress(hart: Hart, text: string): bigint {
  const terms = text.replaceAll(/[\s_]/g, "").match(/[+-]?[^+-]+/g) ?? [];
  if (terms.length === 0) throw new PageError("address-text", "Give an address, such as pc, sp+16 or 0x80200000.");
  const value = terms.reduce((sum, term) => {
    const amount = termValue(hart, term.replace(/^[+-]/, "").toLowerCase());
    return term.startsWith("-") ? sum - amount : sum + amount;
  }, 0n);
  return BigInt.asUintN(64, value);
}

function termValue(hart: Hart, term: string): bigint {
  if (term === "pc") return hart.pc;
  const register = xNames.indexOf(term === "fp" ? "s0" : term);
  if (register >= 0) return hart.x(register);
  if (/^(0x)?[\da-f]+$/.test(term)) return BigInt(term.startsWith("0x") ? term : `0x${term}`);
  try {
    return hart.csr(term);
  } catch {
    throw new PageError("address-text", `"${term}" is no address; use a register, a CSR or a hexadecimal number.`);
  }
}
