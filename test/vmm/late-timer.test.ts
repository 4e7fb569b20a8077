/** Who sees a deadline's time has its interrupt first, however late the host is. */

import { afterEach, describe, expect, test, vi } from "vitest";
import { ENGINE_NAMES, Host, type VmConfig } from "../../src/index.ts";
import { flatGuest, powerOff } from "../support/guest.ts";

/** Milliseconds that go by between two looks at the host's clock: a busy machine's. */
const STEP = 0.05;

afterEach(() => {
  vi.restoreAllMocks();
});

/** The host's clock moves when it is looked at, and only then. */
function stepClock(): void {
  let now = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => (now += STEP));
}

const MACHINE = "li t0, 0x02004000\nsd s1, 0(t0)\nli t1, 128\ncsrw mie, t1";
const SUPERVISOR = "li t1, 1\nslli t1, t1, 63\ncsrs menvcfg, t1\ncsrw stimecmp, s1\nli t1, 32\ncsrw mie, t1";

describe("a timer that expires while the loop finds out whether anybody waits", () => {
  /** Waits for a deadline so many ticks ahead. */
  const wait = (arm: string, ticks: number) =>
    flatGuest(`csrr s0, time\nli t1, ${ticks}\nadd s1, s0, t1\n${arm}\nwfi\n${powerOff()}`);

  test.each([
    ["mtimecmp", MACHINE],
    ["stimecmp", SUPERVISOR],
  ])("ends the wait: %s", async (_, arm) => {
    stepClock();
    // Each deadline passes at another of the loop's looks at the clock.
    for (let looks = 1; looks <= 40; looks++) {
      const host = await Host.create();
      const kernel = wait(arm, Math.round((looks - 0.5) * STEP * 10_000));
      const vm = await host.createVm({ memory: "1M", bios: "none", kernel });
      vm.start();
      expect(await vm.exited).toMatchObject({ code: 0, reason: "poweroff" });
      host.close();
    }
  });
});

/** Sets a deadline 10,000 ticks ahead and reads the time until the interrupt comes; s2 counts the reads from the deadline on. */
const source = (read: string, arm: string) => `
  la t0, handler
  csrw mtvec, t0
  li s4, 0x0200bff8
  ${read}
  li t1, 10000
  add s1, s0, t1
  ${arm}
  csrsi mstatus, 8
spin:
  ${read}
  bltu s0, s1, spin
  addi s2, s2, 1
  li t0, 100
  bltu s2, t0, spin
  .align 2
handler:
  csrr s3, mcause
  ${powerOff()}`;

const CSR = "csrr s0, time";
const MMIO = "ld s0, 0(s4)";

const cases = [
  ["mtimecmp", "the time CSR", MACHINE, CSR, 7n],
  ["mtimecmp", "mtime", MACHINE, MMIO, 7n],
  ["stimecmp", "the time CSR", SUPERVISOR, CSR, 5n],
  ["stimecmp", "mtime", SUPERVISOR, MMIO, 5n],
] as const;

describe.each(ENGINE_NAMES)("with the %s", (engine: NonNullable<VmConfig["engine"]>) => {
  test.each(cases)("%s interrupts before %s has been seen to have passed it", async (_, __, arm, read, cause) => {
    stepClock();
    const host = await Host.create();
    try {
      const vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source(read, arm)), engine });
      vm.start();
      await vm.exited;
      expect(vm.hart(0).x(19)).toBe((1n << 63n) | cause);
      expect(vm.hart(0).x(18)).toBe(0n);
    } finally {
      host.close();
    }
  });
});
