/** VMs with more RAM than their host has memory see what they would see without that. */

import { describe, expect, test } from "vitest";
import type { EngineName, Host, Vm, VmConfig, PagingOptions } from "../../../src/index.ts";
import { Random } from "../../../src/isa/random/values.ts";
import { flatGuest, powerOff, pageAccess } from "../../support/guest.ts";
import { differences } from "../../support/state.ts";
import { goOn } from "../../support/vm-text.ts";
import { closeHosts, newHost } from "../../support/hosts.ts";

const MIB = 2 ** 20;
const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];
closeHosts();

/** What VMs occupy besides RAM goes into it too: 3 MiB for each, and a few more. */
const hostOf = (mib: number, paging: boolean | PagingOptions = {}): Promise<Host> =>
  newHost({ maxMemory: mib * MIB, paging });

/**
 * Each hart fills pages of its own with words that depend on where they lie, then reads and changes them in an order that depends on what is
 * read, by loads (some over two pages), stores, AMOs and LR/SC, and leaves a sum.
 */
const patterns = (pages: number, rounds: number): Uint8Array =>
  flatGuest(`
  csrr s7, mhartid
  li s0, 0x80400000
  li s1, ${pages}
  slli t0, s1, 12
  mul t0, t0, s7
  add s0, s0, t0
  li s2, 0
  li s3, 0x9e3779b97f4a7c15
  fill:
  slli t0, s2, 12
  add t0, t0, s0
  addi t1, t0, 1
  mul t1, t1, s3
  sd t1, 0(t0)
  sd t1, 2040(t0)
  li t2, 4088
  add t2, t2, t0
  sd t0, 0(t2)
  addi s2, s2, 1
  bne s2, s1, fill
  li s4, ${rounds}
  addi s5, s7, 1
  li s6, 0
  again:
  li t2, 6364136223846793005
  mul s5, s5, t2
  addi s5, s5, 1447
  srli t0, s5, 33
  remu t0, t0, s1
  slli t0, t0, 12
  add t0, t0, s0
  srli t3, s5, 62
  ${pageAccess("beq t0, s0, next\n  sd s6, -12(t0)")}
  next: add s6, s6, t4
  addi s4, s4, -1
  bnez s4, again
  li t0, 0x80300000
  slli t1, s7, 3
  add t0, t0, t1
  sd s6, 0(t0)
  li t0, 0x80300100
  li t1, 1
  amoadd.w t2, t1, (t0)
  bnez s7, wait
  all: lw t1, 0(t0)
  li t2, 1
  bne t1, t2, all
  ${powerOff(3)}
  wait: j wait
`);

async function patterned(host: Host, config: Partial<VmConfig> = {}, pages = 1500): Promise<Vm> {
  return host.createVm({
    memory: "64M",
    bios: "none",
    clock: "deterministic",
    kernel: patterns(pages, 20_000),
    ...config,
  });
}

describe("a VM with more RAM than its host has memory", () => {
  test.each(ENGINES.flatMap((engine) => [1, 4].map((harts) => [engine, harts] as const)))(
    "goes on as one that has enough, in the %s with %i harts",
    async (engine, harts) => {
      const random = new Random(harts);
      const [small, large] = [await hostOf((engine === "interpreter" ? 10 : 14) + harts), await newHost()];
      const config = { engine, harts, translator: { hotThreshold: 2000 } };
      const pages = 3600 / harts;
      const [short, enough] = [await patterned(small, config, pages), await patterned(large, config, pages)];
      for (let point = 0; point < 6; point++) {
        const steps = random.between(1, 60_000);
        for (const vm of [short, enough]) goOn(vm, steps);
        expect(differences(short.saveState(), enough.saveState())).toEqual([]);
      }
      const { paging } = small.accounting();
      expect(paging!.written).toBeGreaterThan(500);
      expect(paging!.returned).toBeGreaterThan(500);
      expect(short.memory.statistics().pagedBytes).toBeGreaterThan(MIB);
    },
  );
});
