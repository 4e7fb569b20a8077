/** Saving and restoring VMs: the same when saved again, going on as if nothing had been, and refusing whole what does not fit. */

import fc from "fast-check";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { DEMO_GUEST, Host } from "../../src/index.ts";
import type { Device, DeviceDeps, EngineName, Vm, VmConfig } from "../../src/index.ts";
import { hartState, isSaved } from "../../src/isa/state.ts";
import type { RamPages, SavedState } from "../../src/state/section.ts";
import { runOn } from "../state/run-on.ts";
import { elfGuest, flatGuest, powerOff, PRINT, printText } from "../support/guest.ts";
import { differences, identical } from "../support/state.ts";
import { code } from "../support/expected.ts";

const host = await Host.create();

afterEach(() => {
  for (const vm of [...host.vms]) vm.destroy();
});
afterAll(() => host.close());

const vmOf = (config: VmConfig): Promise<Vm> =>
  host.createVm({ memory: "1M", bios: "none", clock: "deterministic", ...config });

const ENGINES: readonly EngineName[] = ["interpreter", "tiered", "translator"];

/** More than any of the programs here does. */
const MOST_STEPS = 2000;

describe("a VM that is restored", () => {
  test.each(ENGINES.flatMap((engine) => [1, 4].map((harts) => [engine, harts] as const)))(
    "saves the same again and goes on as the one that was saved: the demo guest with the %s, %i harts",
    async (engine, harts) => {
      const config: VmConfig = { memory: "16M", kernel: DEMO_GUEST, harts };
      const input = ["selfcheck\n", "smp\ntimer 2\n"];
      const { difference, output, points } = await runOn({
        ...{ config, engine, others: ENGINES, points: 30, most: 600_000, seed: harts, input },
      });
      expect(difference).toBeUndefined();
      expect(points).toBe(30);
      expect(output).toContain("selfcheck");
    },
  );

  /** Runs a program in steps of one, and at each place goes on in a VM that is restored. Gives the steps and what was printed. */
  async function everywhere(config: VmConfig, prepare: (vm: Vm) => void = () => undefined) {
    const straight = await vmOf({ ...config, engine: "interpreter" });
    const others = await Promise.all(ENGINES.map((engine) => vmOf({ ...config, engine })));
    const printed = new Map<Vm, string>();
    for (const vm of [straight, ...others]) {
      vm.on("output", (bytes) => printed.set(vm, printed.get(vm)! + Buffer.from(bytes).toString()));
    }
    prepare(straight);
    let output = "";
    for (let step = 1; step <= MOST_STEPS; step++) {
      const other = others[step % others.length]!;
      const saved = straight.saveState();
      other.restoreState(saved);
      expect(identical(other.saveState(), saved)).toBe(true);
      for (const vm of [straight, other]) {
        printed.set(vm, "");
        vm.loop.advance(1);
        vm.console.flush();
      }
      output += printed.get(straight)!;
      expect([other.state, printed.get(other)]).toEqual([straight.state, printed.get(straight)]);
      if (straight.state !== "created") return { steps: step, output };
      expect(differences(straight.saveState(), other.saveState()), `step ${step}`).toEqual([]);
    }
    throw new RangeError(`no end after ${MOST_STEPS} steps`);
  }

  test("with a byte in the UART, its timeout running, and more typed than it takes", async () => {
    // FIFO on with trigger level 8, RDI: the bytes are announced by the timeout.
    const source = `
      li s0, 0x10000000
      li t0, 0x81
      sb t0, 2(s0)
      li t0, 1
      sb t0, 1(s0)
      li s1, 0x0c000000
      li s2, 0x0c002000
      li s3, 0x0c200000
      sw t0, 40(s1)
      li t0, 0x400
      sw t0, 0(s2)
      li t0, 0x800
      csrw mie, t0
      li s4, 11
      more: wfi
      lw s5, 4(s3)
      beqz s5, more
      drain: lb t0, 5(s0)
      andi t0, t0, 1
      beqz t0, done
      lb a0, 0(s0)
      sb a0, 0(s0)
      addi s4, s4, -1
      bnez s4, drain
      ${powerOff()}
      done: sw s5, 4(s3)
      j more`;
    const type = (vm: Vm) => void vm.console.write("hello world");
    expect(await everywhere({ kernel: flatGuest(source) }, type)).toMatchObject({ output: "hello world" });
  });

  test("with an alarm of the RTC, mtimecmp, stimecmp and sleepers", async () => {
    const source = `
      csrr s0, mhartid
      bnez s0, other
      li s1, 0x101000
      lw t0, 0(s1)
      lw t1, 4(s1)
      li t2, 5000
      add t0, t0, t2
      sw t1, 12(s1)
      sw t0, 8(s1)
      li t0, 1
      sw t0, 16(s1)
      li s2, 0x0c000000
      sw t0, 44(s2)
      li s2, 0x0c002000
      li t0, 0x800
      sw t0, 0(s2)
      csrw mie, t0
      wfi
      ${printText("a")}
      park: li t0, 8
      csrw mie, t0
      wfi
      ${powerOff()}
      other:
      li t0, 1
      slli t0, t0, 63
      csrs menvcfg, t0
      csrr t1, time
      addi t1, t1, 200
      csrw stimecmp, t1
      li t0, 32
      csrw mie, t0
      wfi
      li t0, 0x02004008
      csrr t1, time
      addi t1, t1, 300
      sd t1, 0(t0)
      li t0, 128
      csrw mie, t0
      wfi
      ${printText("b")}
      li t0, 0x02000000
      li t1, 1
      sw t1, 0(t0)
      csrw mie, zero
      stop: wfi
      j stop`;
    expect(await everywhere({ kernel: flatGuest(source), harts: 2 })).toMatchObject({ output: "ab" });
  });

  test("with harts that SBI has started and that have not run, suspended ones and paused slices", async () => {
    const call = (extension: number, fid: number) => `li a7, ${extension}\nli a6, ${fid}\necall\n`;
    const HSM = 0x48534d;
    const source = `
      li s0, 0
      bnez a0, other
      li a0, 1
      la a1, other
      li a2, 7
      ${call(HSM, 0)}
      li s1, 6
      spin: pause
      addi s1, s1, -1
      bnez s1, spin
      li a0, 2
      li a1, 0
      ${call(0x735049, 0)}
      rest: li s1, 10
      wait: pause
      addi s1, s1, -1
      bnez s1, wait
      li a0, 0
      li a1, 0
      ${call(0x53525354, 0)}
      other: mv a0, a1
      addi a0, a0, 48
      ${PRINT}
      li t0, 2
      csrw sie, t0
      li a0, 0
      ${call(HSM, 3)}
      li a0, 67
      ${PRINT}
      ${call(HSM, 1)}`;
    const { steps, output } = await everywhere({ kernel: elfGuest(source), bios: "builtin", harts: 2 });
    expect([steps > 60, output]).toEqual([true, "7C"]);
  });

  test("with a call of HTIF under way", async () => {
    const source = `
      la s0, tohost
      la s1, call
      la t0, text
      sd t0, 16(s1)
      sd s1, 0(s0)
      wait: ld t0, 8(s0)
      beqz t0, wait
      sd s1, 0(s0)
      sd zero, 8(s0)
      again: ld t0, 8(s0)
      beqz t0, again
      li t0, 1
      sd t0, 0(s0)
      stay: j stay
      .align 6
      tohost: .dword 0
      fromhost: .dword 0
      call: .dword 64, 1, 0, 2, 0, 0, 0, 0
      text: .dword 0x6b6f`;
    expect(await everywhere({ kernel: elfGuest(source) })).toMatchObject({ output: "ok" });
  });
});

describe("time", () => {
  test("by the host's clock goes on from where it stood", async () => {
    const config: VmConfig = { kernel: flatGuest("stay: j stay"), clock: "host" };
    const vm = await vmOf(config);
    vm.start();
    await new Promise((resolve) => setTimeout(resolve, 30));
    vm.pause();
    const time = vm.hart(0).csr("time");
    expect(time).toBeGreaterThan(0n);
    const other = await vmOf(config);
    other.restoreState(vm.saveState());
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(other.hart(0).csr("time")).toBe(time);
    expect(identical(other.saveState(), vm.saveState())).toBe(true);
    other.start();
    while (other.hart(0).csr("time") === time) await new Promise((resolve) => setImmediate(resolve));
    expect(other.hart(0).csr("time") - time).toBeLessThan(10_000_000n);
    other.pause();
  });
});

describe("deterministic time", () => {
  test("that waits have moved beyond 2^63, and once around, goes on", async () => {
    // Waits for the last tick but 2^62, again and again, and sets mtime back each time.
    const kernel = flatGuest(`
      li s0, 0x0200bff8
      li s1, 0x02004000
      li s2, -1
      srli s3, s2, 2
      sub s2, s2, s3
      li t0, 128
      csrw mie, t0
      more: sd s2, 0(s1)
      wfi
      sd zero, 0(s0)
      j more`);
    const [vm, other] = [await vmOf({ kernel }), await vmOf({ kernel })];
    for (let hop = 0; hop < 60; hop++) {
      other.restoreState(vm.saveState());
      expect(identical(other.saveState(), vm.saveState())).toBe(true);
      for (const one of [vm, other]) one.loop.advance(3);
      expect(differences(vm.saveState(), other.saveState()), `hop ${hop}`).toEqual([]);
    }
    expect(vm.machine.time.clock.ticks()).toBeGreaterThan(2n ** 64n);
  });
});

describe("what is typed", () => {
  test("and not taken is part of the state; who typed into the VM that is restored is told", async () => {
    const kernel = flatGuest("stay: j stay");
    const [vm, other] = [await vmOf({ kernel }), await vmOf({ kernel })];
    void vm.console.write("abc");
    const lost = other.console.write("xyz");
    other.restoreState(vm.saveState());
    await expect(lost).rejects.toThrow(code("console-closed"));
    expect(identical(other.saveState(), vm.saveState())).toBe(true);
  });

  test("after a restore resolves when its own bytes are taken, not when those before it are", async () => {
    // Takes one byte for each that the host lets through at 0x80010000.
    const kernel = flatGuest(
      "li s0, 0x10000000\nmore: lb t0, 5(s0)\nandi t0, t0, 1\nbeqz t0, more\nlb a0, 0(s0)\nsb a0, 0(s0)\nj more",
    );
    const [vm, other] = [await vmOf({ kernel }), await vmOf({ kernel })];
    void vm.console.write("abc");
    other.restoreState(vm.saveState());
    let taken = false;
    const written = other.console.write("d").then(() => (taken = true));
    while (other.console.pending !== "ab") {
      other.loop.advance(1);
      other.console.flush();
    }
    await Promise.resolve();
    expect(taken).toBe(false);
    other.loop.advance(100);
    await written;
    other.console.flush();
    expect(other.console.pending).toBe("abcd");
  });
});

describe("at rest", () => {
  test("is between slices, not within one, nor while images are loaded, nor after the end", async () => {
    const seen: unknown[] = [];
    const vm: Vm = await vmOf({
      kernel: flatGuest(`li t0, 0x04000000\nsw t0, 0(t0)\n${powerOff()}`),
      devices: [
        () => ({
          ...{ name: "asker", size: 4, access: { min: 4, max: 4 } as const, load: () => 0, reset: () => undefined },
          store: () => {
            for (const act of [() => vm.saveState(), () => vm.restoreState(saved)]) {
              try {
                act();
              } catch (error) {
                seen.push((error as { code?: string }).code);
              }
            }
          },
          save: () => ({}),
          restore: () => undefined,
        }),
      ],
    });
    const saved = vm.saveState();
    const reset = vm.reset();
    expect(() => vm.saveState()).toThrow(code("vm-state"));
    await reset;
    vm.start();
    expect(() => vm.restoreState(saved)).toThrow(code("vm-state"));
    await vm.exited;
    expect(seen).toEqual(["vm-state", "vm-state"]);
    expect(() => vm.saveState()).toThrow(code("vm-state"));
  });

  test("a running VM is saved between two turns of the event loop, and the copy goes on alike", async () => {
    // Many times what is interpreted in a few turns, which last milliseconds.
    const kernel = flatGuest(
      `li s0, 20000000\nmore: addi s0, s0, -1\nbnez s0, more\n${printText("done")}${powerOff()}`,
    );
    const vm = await vmOf({ kernel, engine: "interpreter" });
    const other = await vmOf({ kernel, engine: "translator" });
    vm.start();
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(vm.counters().instructions).toBeGreaterThan(0);
    other.restoreState(vm.saveState());
    other.start();
    await Promise.all([vm.exited, other.exited]);
    expect(other.counters().instructions).toBe(vm.counters().instructions);
    expect(other.console.pending).toBe("done");
  });
});

class Keeper implements Device {
  readonly name: string;
  readonly size = 8;
  readonly access = { min: 4, max: 4 } as const;
  value = 0;
  refuses = false;
  readonly #deps: DeviceDeps;

  constructor(deps: DeviceDeps, name: string) {
    this.#deps = deps;
    this.name = name;
  }

  load(): number {
    return this.value;
  }
  store(_: number, value: number): void {
    this.value = value;
  }
  reset(): void {}
  save() {
    return { value: this.value };
  }
  restore(state: unknown): void {
    this.#deps.irq.set(true);
    if (this.refuses) throw new Error("not mine");
    this.value = (state as { value: number }).value;
  }
}

describe("an owner's device", () => {
  const kernel = flatGuest("stay: j stay");

  async function withKeepers(): Promise<{ vm: Vm; keepers: Keeper[] }> {
    const keepers: Keeper[] = [];
    const make = (name: string) => (deps: DeviceDeps) => keepers[keepers.push(new Keeper(deps, name)) - 1]!;
    return { vm: await vmOf({ kernel, devices: [make("one"), make("two")] }), keepers };
  }

  test("is saved by its own save and restore, its interrupt's level by the PLIC", async () => {
    const [from, to] = [await withKeepers(), await withKeepers()];
    from.keepers[1]!.value = 42;
    to.vm.restoreState(from.vm.saveState());
    expect(to.keepers.map(({ value }) => value)).toEqual([0, 42]);
    expect(identical(to.vm.saveState(), from.vm.saveState())).toBe(true);
  });

  test("that keeps a time from now finds the clock restored already, and put back when another refuses", async () => {
    class Alarm extends Keeper {
      due = 0n;
      readonly clock: DeviceDeps["clock"];
      constructor(deps: DeviceDeps) {
        super(deps, "alarm");
        this.clock = deps.clock;
      }
      nextDeadline(): bigint {
        return this.due;
      }
      override save() {
        return { value: Number(this.due - this.clock.ticks()) };
      }
      override restore(state: unknown): void {
        this.due = this.clock.ticks() + BigInt((state as { value: number }).value);
      }
    }
    async function withAlarm() {
      let alarm: Alarm | undefined;
      let keeper: Keeper | undefined;
      const devices = [
        (deps: DeviceDeps) => (alarm = new Alarm(deps)),
        (deps: DeviceDeps) => (keeper = new Keeper(deps, "keeper")),
      ];
      const vm = await vmOf({ kernel, devices });
      return { vm, alarm: alarm!, keeper: keeper! };
    }
    const [from, to] = [await withAlarm(), await withAlarm()];
    from.alarm.due = 5000n;
    from.vm.loop.advance(20_000);
    const state = from.vm.saveState();
    const before = to.vm.saveState();
    to.keeper.refuses = true;
    expect(() => to.vm.restoreState(state)).toThrow(code("state-device"));
    expect([to.alarm.due, to.alarm.clock.ticks(), identical(to.vm.saveState(), before)]).toEqual([0n, 0n, true]);
    to.keeper.refuses = false;
    to.vm.restoreState(state);
    expect([to.alarm.due, to.alarm.clock.ticks()]).toEqual([5000n, 2000n]);
    expect(identical(to.vm.saveState(), state)).toBe(true);
  });

  test("that refuses leaves everything as it was, its neighbours too", async () => {
    const [from, to] = [await withKeepers(), await withKeepers()];
    from.keepers.forEach((keeper, index) => (keeper.value = 10 + index));
    from.vm.loop.advance(100);
    to.keepers.forEach((keeper, index) => (keeper.value = 20 + index));
    to.keepers[1]!.refuses = true;
    const before = to.vm.saveState();
    expect(() => to.vm.restoreState(from.vm.saveState())).toThrow(code("state-device"));
    expect(identical(to.vm.saveState(), before)).toBe(true);
  });

  test.each<[string, Partial<Device>]>([
    ["has none", { save: undefined, restore: undefined } as object],
    ["throws in save", { save: () => JSON.parse("?") as object as Record<string, unknown> }],
    ["saves what has no JSON", { save: () => ({ value: 1n }) }],
    ["saves nothing", { save: () => undefined as unknown as Record<string, unknown> }],
  ])("that %s has the VM refused by its name", async (_, broken) => {
    const vm = await vmOf({ kernel, devices: [(deps) => Object.assign(new Keeper(deps, "keeper"), broken)] });
    expect(() => vm.saveState()).toThrow(code("state-device"));
    expect(() => vm.saveState()).toThrow("keeper");
  });
});

describe("a state that does not fit", () => {
  const kernel = flatGuest(`${printText("x")}stay: j stay`);

  test.each<[string, VmConfig, VmConfig, string, string]>([
    ["more harts", { harts: 2 }, {}, "state-machine", "2 harts, and this one 1"],
    ["fewer harts", {}, { harts: 2 }, "state-machine", "1 harts, and this one 2"],
    ["more memory", { memory: "2M" }, {}, "state-machine", "2097152 bytes of memory"],
    ["another clock", { clock: "host" }, {}, "state-machine", 'clock: "host"'],
    ["another SBI", { bios: "builtin", kernel: elfGuest("stay: j stay") }, {}, "state-machine", "builtinSbi"],
    [
      "a device more",
      { devices: [(deps) => new Keeper(deps, "keeper")] },
      {},
      "state-section",
      'a part "device/keeper" that this machine has not',
    ],
    [
      "a device less",
      {},
      { devices: [(deps) => new Keeper(deps, "keeper")] },
      "state-section",
      'no part "device/keeper"',
    ],
  ])("because its machine has %s is refused, and nothing is changed", async (_, one, other, expected, sentence) => {
    const from = await vmOf({ kernel, ...one });
    const to = await vmOf({ kernel, ...other });
    to.loop.advance(7);
    const before = to.saveState();
    expect(() => to.restoreState(from.saveState())).toThrow(code(expected));
    expect(() => to.restoreState(from.saveState())).toThrow(sentence);
    expect(identical(to.saveState(), before)).toBe(true);
  });

  test("because it is no state at all is refused", async () => {
    const vm = await vmOf({ kernel });
    const good = vm.saveState();
    const [page] = [...good.ram.numbers];
    const bad: unknown[] = [
      undefined,
      null,
      7,
      {},
      { sections: good.sections },
      { ...good, sections: [...good.sections, {}] },
      { ...good, ram: { numbers: good.ram.numbers, bytes: good.ram.bytes.subarray(1) } },
      { ...good, ram: { numbers: Uint32Array.of(page!, page!), bytes: new Uint8Array(8192) } },
      { ...good, ram: { numbers: Uint32Array.of(2, 1), bytes: new Uint8Array(8192) } },
    ];
    for (const state of bad) expect(() => vm.restoreState(state as SavedState)).toThrow(code("state-damaged"));
    const beyond = { ...good, ram: { numbers: Uint32Array.of(256), bytes: new Uint8Array(4096) } };
    expect(() => vm.restoreState(beyond)).toThrow(code("state-machine"));
    expect(identical(vm.saveState(), good)).toBe(true);
  });

  test("because a part is missing or there twice is refused; their order is nobody's business", async () => {
    const vm = await vmOf({ kernel });
    const good = vm.saveState();
    for (const [index, section] of good.sections.entries()) {
      const without = good.sections.filter((_, other) => other !== index);
      expect(() => vm.restoreState({ ...good, sections: without })).toThrow(code("state-section"));
      expect(() => vm.restoreState({ ...good, sections: [...good.sections, section] })).toThrow(code("state-section"));
    }
    vm.loop.advance(7);
    vm.restoreState({ ...good, sections: [...good.sections].reverse() });
    expect(identical(vm.saveState(), good)).toBe(true);
  });

  test("because its device's JSON is another spelling, nested too deep or no object is refused", async () => {
    const vm = await vmOf({ kernel, devices: [(deps) => new Keeper(deps, "keeper")] });
    const good = vm.saveState();
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    for (const text of ['{ "value":0}', '{"value":0.0}', '\ufeff{"value":0}', '{"value":0', "7", "null", "", deep]) {
      const bytes = new TextEncoder().encode(text);
      const sections = good.sections.map((one) => (one.name === "device/keeper" ? { ...one, bytes } : one));
      expect(() => vm.restoreState({ ...good, sections }), text.slice(0, 20)).toThrow(code("state-damaged"));
    }
    expect(identical(vm.saveState(), good)).toBe(true);
  });

  test.each([
    ["tohost", "fromhost"],
    ["fromhost", "tohost"],
  ])("because its kernel has %s elsewhere is refused", async (moved, fixed) => {
    const program = (words: number) =>
      elfGuest(`stay: j stay\n${fixed}: .dword 0\n${".dword 0\n".repeat(words)}${moved}: .dword 0`);
    const [from, to] = [await vmOf({ kernel: program(1) }), await vmOf({ kernel: program(2) })];
    const before = to.saveState();
    expect(() => to.restoreState(from.saveState())).toThrow(code("state-machine"));
    expect(() => to.restoreState(from.saveState())).toThrow("make the VM with the same kernel.");
    expect(identical(to.saveState(), before)).toBe(true);
  });

  test("because a part is newer is refused", async () => {
    const vm = await vmOf({ kernel });
    const good = vm.saveState();
    for (const { name } of good.sections) {
      const newer = good.sections.map((section) => (section.name === name ? { ...section, version: 99 } : section));
      expect(() => vm.restoreState({ ...good, sections: newer })).toThrow(code("state-version"));
    }
  });
});

describe("hostile states", () => {
  /** A little of everything: pages, traps, floats, devices, the clock, and code that is translated. */
  const source = `
    la t0, handler
    csrw mtvec, t0
    li s0, 0x10000000
    li s2, 0x80010000
    more:
    sd s1, 0(s2)
    ld t1, 0(s2)
    csrr t2, time
    amoadd.d t3, s1, (s2)
    fcvt.d.l fa0, s1
    fadd.d fa1, fa0, fa1
    addi s1, s1, 1
    andi t4, s1, 63
    bnez t4, more
    sb s1, 0(s0)
    ecall
    j more
    .align 2
    handler: csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret`;

  /** Changes bytes of one section, cuts it off or makes it longer; changes, drops or moves a page. */
  const damage = fc.record({
    section: fc.nat(1000),
    kind: fc.constantFrom("flip", "flip", "flip", "word", "word", "cut", "grow", "page", "drop", "move"),
    at: fc.nat(100_000),
    value: fc.bigInt(0n, 2n ** 64n - 1n),
  });

  type Damage = typeof damage extends fc.Arbitrary<infer Value> ? Value : never;

  function damagedBytes(given: Uint8Array, { kind, at, value }: Damage): Uint8Array {
    if (kind === "cut") return given.subarray(0, at % (given.length + 1));
    if (kind === "grow") return Uint8Array.from([...given, ...new Uint8Array(1 + (at % 9))]);
    const bytes = given.slice();
    const size = kind === "word" ? 8 : 1;
    const from = at % Math.max(1, bytes.length);
    for (let byte = from - (from % size), left = value, end = byte + size; byte < end; byte++, left >>= 8n) {
      if (byte < bytes.length) bytes[byte] = Number(left & 0xffn);
    }
    return bytes;
  }

  function damagedRam({ numbers, bytes }: RamPages, { kind, at, value }: Damage): RamPages {
    const index = at % Math.max(1, numbers.length);
    if (kind === "drop") {
      const left = Uint8Array.from([...bytes.subarray(0, index * 4096), ...bytes.subarray((index + 1) * 4096)]);
      return { numbers: numbers.filter((_, other) => other !== index), bytes: left };
    }
    if (kind === "move") {
      const page = Number(value % 300n);
      return { numbers: numbers.map((number, other) => (other === index ? page : number)), bytes };
    }
    const changed = bytes.slice();
    changed.fill(Number(value & 0xffn), index * 4096 + (at % 4096), index * 4096 + (at % 4096) + 1);
    return { numbers, bytes: changed };
  }

  function damaged(state: SavedState, one: Damage): SavedState {
    if (one.kind === "page" || one.kind === "drop" || one.kind === "move") {
      return { ...state, ram: damagedRam(state.ram, one) };
    }
    const index = one.section % state.sections.length;
    const sections = state.sections.map((section, other) =>
      other === index ? { ...section, bytes: damagedBytes(section.bytes, one) } : section,
    );
    return { ...state, sections };
  }

  test.each(ENGINES)("are refused, changing nothing, or run without harm, with the %s", async (engine) => {
    const config: VmConfig = { kernel: flatGuest(source), harts: 2, engine, translator: { hotThreshold: 500 } };
    const neighbour = await vmOf(config);
    let vm = await vmOf(config);
    vm.loop.advance(30_000);
    const good = vm.saveState();
    const untouched = neighbour.saveState();
    let ran = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 4 }), async (damages) => {
        vm.restoreState(good);
        const state = damages.reduce(damaged, good);
        try {
          vm.restoreState(state);
        } catch (error) {
          expect(error).toMatchObject({
            code: expect.stringMatching(/^state-/) as string,
            message: expect.stringMatching(/^The [^.]*\.$/) as string,
          });
          expect(identical(vm.saveState(), good)).toBe(true);
          return;
        }
        ran++;
        // What it saves is what it was given, and what it does is nobody else's business.
        const again = vm.saveState();
        expect([differences(again, state), identical(again, state)]).toEqual([[], true]);
        vm.loop.advance(3000);
        vm.console.flush();
        // It may have switched itself off, or asked for a reset.
        await vm.restarting;
        if (vm.state === "created") return;
        expect(vm.state).toBe("exited");
        vm.destroy();
        vm = await vmOf(config);
      }),
      { numRuns: Number(process.env.STATE_RUNS ?? 300) },
    );
    expect(ran).toBeGreaterThan(20);
    expect(identical(neighbour.saveState(), untouched)).toBe(true);
  });

  test.each<[string, Record<string, unknown>]>([
    ["plic", { level: [1, 0, 0] }],
    ["plic", { pending: [1, 0, 0] }],
    ["plic", { claimed: [1, 0, 0] }],
    ["plic", { enable: [0, 0, 0, 1, 0, 0] }],
    ["plic", { priority: [1, ...new Array<number>(95).fill(0)] }],
    ["plic", { priority: new Array<number>(96).fill(8) }],
    ["mrom", { bytes: Uint8Array.of(1, 0) }],
    ["uart0", { fifo: new Array<number>(17).fill(1) }],
    ["uart0", { ier: 0x10 }],
    ["uart0", { timeoutIn: 2n ** 41n }],
  ])("have nothing in %s that it cannot have: %o", async (name, bad) => {
    const vm = await vmOf({ kernel: flatGuest(source) });
    const good = vm.saveState();
    const { table, save } = vm.machine.board.saved.find((part) => part.name === `device/${name}`)!;
    const withValues = (values: object) =>
      good.sections.map((one) => (one.name === `device/${name}` ? { ...one, bytes: table.encode(values) } : one));
    const values = save() as object;
    vm.restoreState({ ...good, sections: withValues(values) });
    const sections = withValues({ ...values, ...bad });
    expect(() => vm.restoreState({ ...good, sections })).toThrow(code("state-damaged"));
    expect(() => vm.restoreState({ ...good, sections })).toThrow(
      `The part "device/${name}" of the saved state is damaged`,
    );
    expect(identical(vm.saveState(), good)).toBe(true);
  });

  test("have no register of a hart that it cannot have", async () => {
    const vm = await vmOf({ kernel: flatGuest(source) });
    const good = vm.saveState();
    const table = new Map<string, bigint[]>([
      ["x", [1n]],
      ["pc", [1n]],
      ["fflags", [32n]],
      ["frm", [8n]],
      ["priv", [2n, 4n]],
      ["wfi", [2n]],
      ["hartid", [1n]],
      ["misa", [0n]],
      ["mstatus", [2n << 11n]],
      ["mip", [1n, 8n]],
      ["instret", [2n ** 63n]],
      ["mepc", [3n]],
      ["sepc", [3n]],
      ["satp", [1n << 60n, 11n << 60n]],
      ["pmpcfg", [0x20n]],
      ["pmpaddr", [1n << 54n]],
      ["stormCount", [100_000n]],
    ]);
    const bytesOf = { u8: 1, u16: 2, u32: 4, u64: 8 };
    let at = 0;
    for (const [name, type, count, kind] of hartState) {
      if (!isSaved(kind)) continue;
      for (const value of table.get(name) ?? []) {
        const sections = good.sections.map((section) => {
          if (section.name !== "hart/0") return section;
          const bytes = section.bytes.slice();
          for (let byte = 0; byte < bytesOf[type]; byte++)
            bytes[at + byte] = Number((value >> BigInt(8 * byte)) & 0xffn);
          return { ...section, bytes };
        });
        expect(() => vm.restoreState({ ...good, sections }), `${name} ${value}`).toThrow(/saved/);
        table.delete(name);
      }
      at += bytesOf[type] * count;
    }
    expect([...table.keys()]).toEqual([]);
  });
});
