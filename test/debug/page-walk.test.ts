import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { PTE_FLAGS, pteHas, walkPageTable } from "../../src/debug/page-walk.ts";
import { type AccessName, Host, type Vm } from "../../src/index.ts";
import { flatGuest } from "../support/guest.ts";
import { PageTables, Pte, RWXAD, type Words } from "../support/paging.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

const TABLES = 0x8030_0000;
const PAGE = 0x8020_0000;
const VA = 0x12_3456_7abcn;

/** With the built-in SBI a kernel starts in S mode. */
async function supervisor(): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "4M", kernel: flatGuest("nop") });
}

function words(vm: Vm): Words {
  return {
    read64: (pa) => new DataView(vm.memory.read(pa, 8).buffer).getBigUint64(0, true),
    write64: (pa, value) => {
      const bytes = new DataView(new ArrayBuffer(8));
      bytes.setBigUint64(0, BigInt.asUintN(64, value), true);
      vm.memory.write(pa, new Uint8Array(bytes.buffer));
    },
  };
}

function tables(vm: Vm, mode: 8 | 9 | 10 = 8): PageTables {
  const made = new PageTables(words(vm), TABLES, mode);
  vm.hart(0).setCsr("satp", made.satp);
  return made;
}

const look = (vm: Vm, va = VA, access: AccessName = "load") => walkPageTable(vm.hart(0), vm.memory, va, access);

describe("a page-table walk", () => {
  test("without paging ends where it begins", async () => {
    const vm = await supervisor();
    expect(look(vm, BigInt(PAGE))).toMatchObject({ scheme: "Bare", mode: "S", steps: [], pa: PAGE });
  });

  test.each([
    [8, "Sv39", [2, 1, 0]],
    [9, "Sv48", [3, 2, 1, 0]],
    [10, "Sv57", [4, 3, 2, 1, 0]],
  ] as const)("with satp.MODE %i (%s) looks into a table for each level", async (mode, scheme, levels) => {
    const vm = await supervisor();
    tables(vm, mode).map(VA, PAGE);
    const walk = look(vm);
    expect(walk).toMatchObject({ scheme, pageBytes: 4096, pa: PAGE + 0xabc });
    expect(walk.steps.map(({ level }) => level)).toEqual(levels);
    expect(walk.steps.map(({ found }) => found)).toEqual([...levels.slice(1).map(() => "table"), "page"]);
    expect(walk.steps[0]?.tablePa).toBe(TABLES);
    expect(walk.steps.at(-1)?.index).toBe(0x167);
    expect(pteHas(walk.steps.at(-1)!.pte!, "D")).toBe(true);
  });

  test("ends early in a superpage", async () => {
    const vm = await supervisor();
    tables(vm).map(VA, PAGE, RWXAD, 1);
    expect(look(vm)).toMatchObject({ pageBytes: 2 ** 21, pa: PAGE + Number(VA % 0x20_0000n) });
    expect(look(vm).steps).toHaveLength(2);
  });

  test.each([
    ["load", RWXAD & ~Pte.V, /not valid/],
    ["store", RWXAD & ~Pte.W, /not writable/],
    ["fetch", RWXAD & ~Pte.X, /not executable/],
    ["load", RWXAD & ~Pte.R & ~Pte.W, /not readable/],
    ["load", RWXAD | Pte.U, /user page/],
    ["load", RWXAD & ~Pte.R, /reserved/],
    ["load", RWXAD & ~Pte.A, /not been accessed/],
    ["store", RWXAD & ~Pte.D, /not been written/],
  ] as const)("of a %s through an entry with flags %i says why it faults", async (access, flags, why) => {
    const vm = await supervisor();
    vm.hart(0).setCsr("menvcfg", 0n);
    tables(vm).map(VA, PAGE, flags);
    const walk = look(vm, VA, access);
    expect(walk.fault).toMatch(why);
    expect(walk.pa).toBeUndefined();
    expect(walk.steps.at(-1)).toMatchObject({ found: "fault", level: 0 });
  });

  test("of an address whose upper bits are no sign extension looks at nothing", async () => {
    const vm = await supervisor();
    tables(vm);
    expect(look(vm, 1n << 45n)).toMatchObject({ steps: [], fault: expect.stringMatching(/bit 38/) as string });
  });

  test("into a table beyond RAM faults there", async () => {
    const vm = await supervisor();
    words(vm).write64(tables(vm).entry(VA, 2), (0x1000n << 10n) | Pte.V);
    expect(look(vm)).toMatchObject({ fault: "the table does not lie in RAM" });
    expect(look(vm).steps).toHaveLength(2);
  });

  test("comes to the hart's own verdict, whatever the tables hold", async () => {
    const vm = await supervisor();
    const hart = vm.hart(0);
    const entry = fc.record({
      flags: fc.uniqueArray(fc.constantFrom(...PTE_FLAGS)),
      upper: fc.constantFrom(0n, 0n, 0n, 1n << 63n, 1n << 61n, 3n << 61n, 1n << 54n),
      page: fc.constantFrom(0x8020_0000, 0x8020_8000, 0x8000_0000, 0x8030_1000),
    });
    const arbitrary = fc.record({
      ...{ entry, level: fc.integer({ min: 0, max: 2 }), access: fc.constantFrom("fetch", "load", "store") },
      ...{ sum: fc.boolean(), mxr: fc.boolean(), envcfg: fc.constantFrom(0n, 1n << 61n, 1n << 62n, 3n << 61n) },
      mode: fc.constantFrom(8, 9, 10),
    });
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(arbitrary, (given) => {
        hart.setCsr("sstatus", (given.sum ? 1n << 18n : 0n) | (given.mxr ? 1n << 19n : 0n));
        hart.setCsr("menvcfg", given.envcfg);
        vm.memory.write(TABLES, new Uint8Array(0x8000));
        const flags = given.entry.flags.reduce((bits, name) => bits | Pte[name], given.entry.upper);
        tables(vm, given.mode).map(VA, given.entry.page, flags | Pte.V, given.level);
        const pa = hart.translate(VA, given.access);
        verdicts.add(pa !== undefined);
        const walk = look(vm, VA, given.access);
        expect(walk.pa).toBe(pa);
        expect(walk.fault === undefined).toBe(pa !== undefined);
      }),
      { numRuns: 2000, seed: 7 },
    );
    expect(verdicts.size).toBe(2);
  });
});
