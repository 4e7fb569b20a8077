/** Whose pages leave: shares, reservations, limits, and the tax on idle memory. */

import { describe, expect, test } from "vitest";
import { Host, type PagingOptions, type Vm, type VmConfig } from "../../../src/index.ts";
import { sharesPerPage } from "../../../src/memory/paging/tax.ts";
import { flatGuest } from "../../support/guest.ts";
import { closeHosts, newHost } from "../../support/hosts.ts";

const MIB = 2 ** 20;
closeHosts();

/** Stores to 1500 pages once (6 MiB), then to them all again and again, or to none of them. */
const guest = (isActive: boolean): Uint8Array =>
  flatGuest(`
  again:
  li s0, 0x80400000
  li s1, 1500
  page: sd s1, 0(s0)
  li t0, 4096
  add s0, s0, t0
  addi s1, s1, -1
  bnez s1, page
  ${isActive ? "j again" : "idle: wfi\nj idle"}
`);

async function pair(paging: PagingOptions, idle: Partial<VmConfig> = {}): Promise<readonly [Vm, Vm]> {
  const host = await newHost({ maxMemory: 17 * MIB, paging: { samplePeriod: 20, ...paging } });
  const config = { memory: "32M", bios: "none", engine: "interpreter" } as const;
  const sleeping = await host.createVm({ ...config, kernel: guest(false), ...idle });
  const active = await host.createVm({ ...config, kernel: guest(true) });
  sleeping.start();
  await expect.poll(() => sleeping.memory.statistics().touchedBytes).toBeGreaterThan(5.8 * MIB);
  active.start();
  return [sleeping, active];
}

const has = (vm: Vm): number => vm.memory.statistics().touchedBytes / MIB;

describe("the tax on idle memory", () => {
  test("is what Waldspurger's ratio says", () => {
    const holding = { shares: 100, pages: 10, active: 0 };
    expect(sharesPerPage({ ...holding, active: 1 }, 0.75)).toBe(10);
    expect(sharesPerPage(holding, 0.75)).toBe(2.5);
    expect(sharesPerPage(holding, 0)).toBe(10);
    expect(sharesPerPage({ ...holding, active: 0.5 }, 0.5)).toBeCloseTo(10 / 1.5);
  });

  test("moves memory from a guest that does nothing to one that uses what it has", async () => {
    const [sleeping, active] = await pair({ idleTax: 0.75 });
    await expect.poll(() => has(active) > 1.7 * has(sleeping)).toBe(true);
    const { memory } = active.accounting();
    expect(memory.pagedBytes + memory.touchedBytes).toBeGreaterThan(5.8 * MIB);
    expect(sleeping.accounting().memory.workingSetBytes).toBeLessThan(memory.workingSetBytes!);
  });

  test("leaves a guest what it has reserved, and more to one with more shares", async () => {
    const [reserved, other] = await pair({ idleTax: 0.9 }, { memoryReservation: "5M" });
    await expect.poll(() => other.accounting().memory.pagedBytes).toBeGreaterThan(MIB);
    expect(has(reserved)).toBeGreaterThanOrEqual(5);
    const [rich, poor] = await pair({ idleTax: 0 }, { memoryShares: 1000 });
    await expect.poll(() => poor.accounting().memory.pagedBytes).toBeGreaterThan(MIB);
    expect(has(rich)).toBeGreaterThan(has(poor));
  });
});

test("options that are none are refused in a sentence", async () => {
  for (const paging of [{ idleTax: 1 }, { storeBytes: 5 }, { samplePeriod: 0 }, { file: "" }, { fil: "x" }])
    await expect(Host.create({ paging } as object)).rejects.toMatchObject({ code: "option" });
  const host = await newHost();
  const making = host.createVm({ memoryShares: 0, kernel: guest(false) });
  await expect(making).rejects.toMatchObject({ code: "option" });
});
