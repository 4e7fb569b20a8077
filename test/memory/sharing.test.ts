/** Two VMs that share frames, and whose pages leave and are frozen, through every way of writing memory, against a model of bytes. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HartField } from "../../assembly/state/layout.ts";
import { Engine, MemoryModel, Priv } from "../../assembly/shared/constants.ts";
import { Csr } from "../../assembly/isa/csr.ts";
import { assemble } from "../../src/isa/assemble.ts";
import { FrozenRam } from "../../src/memory/frozen.ts";
import { CompressedPages } from "../../src/memory/paging/compressed.ts";
import { PageStore } from "../../src/memory/paging/page-store.ts";
import { createTestMachine, RAM_PA, type TestMachine, type TestMachineOptions } from "../support/core.ts";
import { PageTables, Pte, RWXAD } from "../support/paging.ts";

const PAGE = 4096;
const TABLES_PA = RAM_PA + PAGE;
/** Code, three levels of page tables, then data. */
const FIRST_DATA = 4;
const PAGES = 12;
const ROUTINE_BYTES = 128;
/** More than a routine: it spins behind its end. */
const BUDGET = 400;

/**
 * What a guest does to memory, with the address in a0 and a value in a1; a2 and a3 are what it found there. Loads before and behind the
 * store have translated code keep where the page lies.
 */
const ROUTINES = {
  sb: { code: "lbu a2, 0(a0)\nsb a1, 0(a0)\nlbu a3, 0(a0)", bytes: 1, align: 1 },
  sh: { code: "lhu a2, 0(a0)\nsh a1, 0(a0)\nlhu a3, 0(a0)", bytes: 2, align: 1 },
  sw: { code: "lwu a2, 0(a0)\nsw a1, 0(a0)\nlwu a3, 0(a0)", bytes: 4, align: 1 },
  sd: { code: "ld a2, 0(a0)\nsd a1, 0(a0)\nld a3, 0(a0)", bytes: 8, align: 1 },
  swap: { code: "ld a2, 0(a0)\namoswap.d a4, a1, (a0)\nld a3, 0(a0)", bytes: 8, align: 8 },
  lrsc: { code: "lr.d a2, (a0)\nsc.d a4, a1, (a0)\nld a3, 0(a0)", bytes: 8, align: 8 },
  cas: { code: "ld a2, 0(a0)\nmv a4, a2\namocas.d a4, a1, (a0)\nld a3, 0(a0)", bytes: 8, align: 8 },
} as const;
const LOAD = "ld a2, 0(a0)\nmv a3, a2";
const ZERO = "cbo.zero (a0)\nli a2, 0\nli a3, 0";

type Routine = keyof typeof ROUTINES | "load" | "zero";
const NAMES: readonly Routine[] = [...(Object.keys(ROUTINES) as Routine[]), "load", "zero"];

function codeOf(routine: Routine): string {
  return routine === "load" ? LOAD : routine === "zero" ? ZERO : ROUTINES[routine].code;
}

/** A machine, what its RAM should hold, and which pages should be dirty. */
class Side {
  readonly machine: TestMachine;
  readonly model = new Uint8Array(PAGES * PAGE);
  readonly #view = new DataView(this.model.buffer);
  readonly #paged: boolean;
  readonly #leaves: number[] = [];
  /** The dirty pages since the epoch; undefined while stores are not tracked. */
  dirty: { epoch: number; pages: Set<number> } | undefined;
  readonly frozen: { readonly ram: FrozenRam; readonly model: Uint8Array }[] = [];

  constructor(machine: TestMachine, paged: boolean) {
    this.machine = machine;
    this.#paged = paged;
    this.#writeCode();
    const tables = new PageTables(machine, TABLES_PA);
    for (let page = 0; page < PAGES; page++) {
      const flags = page < FIRST_DATA ? RWXAD : Pte.V | Pte.R | Pte.W;
      this.#leaves.push(tables.map(BigInt(RAM_PA + page * PAGE), RAM_PA + page * PAGE, flags));
    }
    for (let page = FIRST_DATA; page < PAGES; page++) {
      machine.load(new Uint8Array(PAGE).fill(page % 3), RAM_PA + page * PAGE);
    }
    this.model.set(machine.read(RAM_PA, PAGES * PAGE));
    for (const hart of machine.harts) this.#prepare(hart.view.ma, tables.satp);
  }

  #writeCode(): void {
    NAMES.forEach((name, index) => {
      const at = RAM_PA + index * ROUTINE_BYTES;
      this.machine.load(assemble(`${codeOf(name)}\nspin: j spin`, BigInt(at)), at);
    });
  }

  #prepare(ma: number, satp: bigint): void {
    const { core } = this.machine;
    const hart = this.machine.harts.find(({ view }) => view.ma === ma)!;
    hart.setCsr(Csr.PMPADDR0, 0x3f_ffff_ffff_ffffn);
    hart.setCsr(Csr.PMPCFG0, 0x1fn);
    // CBZE and ADUE.
    hart.setCsr(Csr.MENVCFG, (1n << 7n) | (1n << 61n));
    if (this.#paged) {
      hart.setCsr(Csr.SATP, satp);
      hart.view.setU32(HartField.priv, Priv.S);
    }
    core.hart_sync(ma);
  }

  get ram(): TestMachine["space"]["ram"] {
    return this.machine.space.ram;
  }

  /** Has hart `index` do `routine` at byte `offset` of the data, and checks what it found there. */
  run(routine: Routine, index: number, offset: number, value: bigint): void {
    const { bytes, align } =
      routine === "load" ? { bytes: 8, align: 8 } : routine === "zero" ? { bytes: 64, align: 64 } : ROUTINES[routine];
    const at = Math.min(FIRST_DATA * PAGE + offset, PAGES * PAGE - bytes);
    const place = at - (at % align);
    const hart = this.machine.hart(index);
    hart.pc = BigInt(RAM_PA + NAMES.indexOf(routine) * ROUTINE_BYTES);
    hart.setX(10, BigInt(RAM_PA + place));
    hart.setX(11, value);
    hart.run(BUDGET);
    const before = routine === "zero" ? 0n : this.#load(place, bytes);
    if (this.#paged) this.#access(place, bytes, routine !== "load");
    if (routine === "zero") this.#write(place, new Uint8Array(64));
    else if (routine !== "load") this.#store(place, bytes, value);
    expect(hart.x(12)).toBe(before);
    expect(hart.x(13)).toBe(routine === "zero" ? 0n : this.#load(place, bytes));
  }

  /** A device writes. */
  dma(offset: number, bytes: Uint8Array): void {
    const at = FIRST_DATA * PAGE + Math.min(offset, (PAGES - FIRST_DATA) * PAGE - bytes.length);
    expect(this.machine.ram.write(RAM_PA + at, bytes)).toBe(true);
    this.#write(at, bytes);
  }

  copy(page: number, from: Side, fromPage: number): void {
    expect(this.ram.copyFrom(page, from.ram, fromPage)).toBe(true);
    this.#write(page * PAGE, from.model.slice(fromPage * PAGE, (fromPage + 1) * PAGE));
  }

  share(page: number, other: Side, otherPage: number): void {
    const [own, theirs] = [
      [this, page],
      [other, otherPage],
    ].map(([side, at]) =>
      Buffer.from((side as Side).model.subarray((at as number) * PAGE, ((at as number) + 1) * PAGE)),
    );
    expect(this.ram.share(page, other.ram, otherPage)).toBe(own!.equals(theirs!));
  }

  /** A page that gets a frame of its own counts as stored to. */
  breakSharing(page: number): void {
    if (this.ram.shared(page)) this.#touch(page * PAGE, 1);
    expect(this.ram.breakSharing(page, 1)).toBe(true);
  }

  /** The balloon gives a page back. */
  discard(page: number): void {
    const hadFrame = this.ram.discard(page);
    this.model.fill(0, page * PAGE, (page + 1) * PAGE);
    if (hadFrame) this.#touch(page * PAGE, 1);
  }

  track(): void {
    this.dirty ??= { epoch: this.ram.trackStores(), pages: new Set() };
    const { pages, epoch } = this.ram.dirtyFrames(this.dirty.epoch);
    expect([...pages]).toEqual([...this.dirty.pages].sort((a, b) => a - b));
    this.dirty = { epoch, pages: new Set() };
  }

  stopTracking(): void {
    this.ram.stopTracking();
    this.dirty = undefined;
  }

  /** Notes that nobody has used some pages, and has one of them leave. */
  leave(page: number, isUnused: boolean): void {
    if (isUnused) this.ram.unuse(page - (page % 4), 4);
    const { paged } = this.ram;
    const zeros = this.model.subarray(page * PAGE, (page + 1) * PAGE).every((byte) => byte === 0);
    if (this.ram.pageOut(page)) expect(paged.has(page)).toBe(!zeros);
  }

  freeze(): void {
    if (this.frozen.length > 2) this.thaw();
    const { core } = this.machine;
    this.frozen.push({ ram: new FrozenRam(core, this.machine.memory, this.ram), model: this.model.slice() });
  }

  /** What was frozen is still as it was. */
  thaw(): void {
    const frozen = this.frozen.shift();
    if (frozen === undefined) return;
    const bytes = new Uint8Array(PAGE);
    for (let page = 0; page < PAGES; page++) {
      bytes.fill(0);
      if (frozen.ram.holds(page)) frozen.ram.read(page, bytes);
      expect(Buffer.compare(bytes, frozen.model.subarray(page * PAGE, (page + 1) * PAGE))).toBe(0);
    }
    frozen.ram.release();
  }

  /** Is what was frozen again, as a clone is its template. */
  revert(): void {
    const frozen = this.frozen[0];
    if (frozen === undefined) return;
    this.stopTracking();
    const { memory, core } = this.machine;
    const scratch = memory.allocate(PAGES * 4);
    this.ram.revertTo(frozen.ram.table, scratch, frozen.ram.paged);
    memory.release(scratch, PAGES * 4);
    for (const { view } of this.machine.harts) core.hart_sync(view.ma);
    this.model.set(frozen.model);
  }

  check(): void {
    const bytes = new Uint8Array(PAGES * PAGE);
    // What has left stays away.
    for (let page = 0; page < PAGES; page++) this.ram.copyOut(page, bytes.subarray(page * PAGE, (page + 1) * PAGE));
    const at = bytes.findIndex((byte, index) => byte !== this.model[index]);
    expect(at < 0 ? "the same" : `differs at ${at}: ${bytes[at]}, not ${this.model[at]}`).toBe("the same");
  }

  #load(at: number, bytes: number): bigint {
    let value = 0n;
    for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.model[at + i]!);
    return value;
  }

  #store(at: number, bytes: number, value: bigint): void {
    this.#write(
      at,
      Uint8Array.from({ length: bytes }, (_, i) => Number((value >> BigInt(8 * i)) & 0xffn)),
    );
  }

  #write(at: number, bytes: Uint8Array): void {
    this.model.set(bytes, at);
    this.#touch(at, bytes.length);
  }

  #touch(at: number, bytes: number): void {
    for (let page = Math.floor(at / PAGE); page <= Math.floor((at + bytes - 1) / PAGE); page++)
      this.dirty?.pages.add(page);
  }

  /** The walk sets A, and D for a store. */
  #access(at: number, bytes: number, storing: boolean): void {
    for (let page = Math.floor(at / PAGE); page <= Math.floor((at + bytes - 1) / PAGE); page++) {
      const slot = this.#leaves[page]! - RAM_PA;
      const [old, set] = [this.#view.getBigUint64(slot, true), storing ? Pte.A | Pte.D : Pte.A];
      if ((old & set) === set) continue;
      this.#view.setBigUint64(slot, old | set, true);
      this.#touch(slot, 8);
    }
  }
}

const side = fc.integer({ min: 0, max: 1 });
const page = fc.integer({ min: FIRST_DATA, max: PAGES - 1 });
const anyPage = fc.integer({ min: 0, max: PAGES - 1 });
/** Near the ends of pages, and anywhere. */
const place = fc.oneof(
  fc
    .tuple(fc.integer({ min: 0, max: PAGES - FIRST_DATA }), fc.integer({ min: -9, max: 9 }))
    .map(([p, o]) => Math.max(0, p * PAGE + o)),
  fc.integer({ min: 0, max: (PAGES - FIRST_DATA) * PAGE }),
);

const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant("run" as const),
      side,
      routine: fc.constantFrom(...NAMES),
      hart: side,
      place,
      value: fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant("dma" as const),
      side,
      place,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant("fill" as const),
      side,
      place,
      length: fc.integer({ min: 1, max: 2 * PAGE }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ what: fc.constant("share" as const), side, page: anyPage, from: side, fromPage: anyPage }),
  },
  { weight: 4, arbitrary: fc.record({ what: fc.constant("same" as const), page: anyPage }) },
  { weight: 3, arbitrary: fc.record({ what: fc.constant("copy" as const), side, page, from: side, fromPage: page }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("break" as const), side, page: anyPage }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("settle" as const), side }) },
  { weight: 2, arbitrary: fc.record({ what: fc.constant("track" as const), side }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("untrack" as const), side }) },
  {
    weight: 6,
    arbitrary: fc.record({ what: fc.constant("leave" as const), side, page: anyPage, isUnused: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant("discard" as const), side, page }) },
  { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("freeze", "thaw", "revert"), side }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function perform(sides: readonly Side[], step: Step): void {
  switch (step.what) {
    case "run":
      return sides[step.side]!.run(step.routine, step.hart, step.place, step.value);
    case "dma":
      return sides[step.side]!.dma(step.place, step.bytes);
    case "fill":
      return sides[step.side]!.dma(step.place, new Uint8Array(step.length).fill(step.length));
    case "share":
      return sides[step.side]!.share(step.page, sides[step.from]!, step.fromPage);
    case "same":
      return sides[0]!.share(step.page, sides[1]!, step.page);
    case "copy":
      return sides[step.side]!.copy(step.page, sides[step.from]!, step.fromPage);
    case "break":
      return sides[step.side]!.breakSharing(step.page);
    case "settle":
      return sides[step.side]!.ram.settle();
    case "track":
      return sides[step.side]!.track();
    case "untrack":
      return sides[step.side]!.stopTracking();
    case "leave":
      return sides[step.side]!.leave(step.page, step.isUnused);
    case "discard":
      return sides[step.side]!.discard(step.page);
    case "freeze":
    case "thaw":
    case "revert":
      return sides[step.side]![step.what]();
  }
}

interface Kind {
  readonly engine: Engine;
  readonly scattered: boolean;
  readonly paged: boolean;
  readonly memoryModel?: MemoryModel;
}

async function newSide(kind: Kind, beside?: TestMachine): Promise<Side> {
  const { engine, memoryModel } = kind;
  const ramLimit = kind.scattered ? PAGES * PAGE : undefined;
  const options: TestMachineOptions = {
    ram: PAGES * PAGE,
    harts: 2,
    codePages: 4,
    engine,
    ramLimit,
    memoryModel,
    beside,
    pageStore: new PageStore(new CompressedPages(2 ** 20)),
  };
  return new Side(await createTestMachine(options), kind.paged);
}

const engine = fc.constantFrom(Engine.INTERPRET, Engine.PREDECODE, Engine.TRANSLATE, Engine.TRANSLATE);
const memoryModel = fc.constantFrom(MemoryModel.SHADOW, MemoryModel.TLB, MemoryModel.NESTED);
const kind: fc.Arbitrary<Kind> = fc
  .record({ engine, scattered: fc.boolean(), paged: fc.boolean(), memoryModel })
  .map((of) => (of.engine === Engine.TRANSLATE ? { ...of, memoryModel: MemoryModel.SHADOW } : of));

describe("two VMs that share frames", () => {
  test("see what the model says, whatever writes and whoever shares", async () => {
    await fc.assert(
      fc.asyncProperty(kind, kind, fc.array(step, { maxLength: 60, size: "max" }), async (first, second, steps) => {
        const left = await newSide(first);
        const sides = [left, await newSide(second, left.machine)];
        for (const each of steps) {
          perform(sides, each);
          for (const one of sides) one.check();
        }
        const { memory, core } = left.machine;
        for (const one of sides) while (one.frozen.length > 0) one.thaw();
        for (const { machine } of sides) machine.space.release();
        expect([memory.allocatedBytes, core.pool.statistics()]).toEqual([
          0,
          { pieceBytes: 0, frameBytes: 0, freeBytes: 0 },
        ]);
        expect(core.pool.pager!.store.statistics).toMatchObject({ pages: 0, storedBytes: 0 });
      }),
      { numRuns: Number(process.env.SHARING_RUNS ?? 60) },
    );
  });
});
