import { afterEach, describe, expect, test } from "vitest";
import { Monitor } from "../../src/debug/monitor.ts";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { flatGuest } from "../support/guest.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function monitorOf(source: string, config: VmConfig = {}) {
  const host = await Host.create();
  hosts.push(host);
  const vm: Vm = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest(source), ...config });
  const screen = { text: "", quits: 0 };
  const monitor = new Monitor(vm, {
    print: (text) => void (screen.text += text),
    quit: () => {
      screen.quits++;
    },
  });
  const type = (text: string) => monitor.type(Buffer.from(text, "latin1"));
  return { vm, monitor, screen, type };
}

const PROGRAM = `
  li a0, -2
  c.mv a2, a3
  la a1, data
  here: j here
  .align 4
  data: .dword 0x1122334455667788, -1
  text: .byte 72, 105, 10, 0
`;

describe("x", () => {
  test("shows memory as words, bytes and signed numbers", async () => {
    const { monitor } = await monitorOf(PROGRAM);
    expect(monitor.command("x/2 0x80000020")).toBe("0000000080000020:  0x55667788  0x11223344\n");
    expect(monitor.command("x/2xg 0x80000020")).toBe("0000000080000020:  0x1122334455667788  0xffffffffffffffff\n");
    expect(monitor.command("x/gd 0x80000028")).toBe("0000000080000028:  -1\n");
    expect(monitor.command("x/1ug 0x80000028")).toBe("0000000080000028:  18446744073709551615\n");
    expect(monitor.command("x/2c 0x80000030")).toBe('0000000080000030:  "H"  "i"\n');
    expect(monitor.command("x/s 0x80000030")).toBe('0000000080000030:  "Hi\\n"\n');
    expect(monitor.command("x/5xw 0x80000020").split("\n")).toHaveLength(3);
  });

  test("disassembles, with instructions of both lengths", async () => {
    const { monitor } = await monitorOf(PROGRAM);
    expect(monitor.command("x/2i $pc").split("\n").slice(0, 2)).toEqual([
      expect.stringMatching(/^0000000080000000: {2}ffe00513 {2}addi\s+a0,zero,-2$/),
      expect.stringMatching(/^0000000080000004: {2}8636 {6}c\.mv\s+a2,a3/),
    ]);
  });

  test("takes registers and sums as addresses", async () => {
    const { vm, monitor } = await monitorOf(PROGRAM);
    vm.step(0, 4);
    expect(monitor.command("x/g $a1 + 0x10 - 8")).toBe("0000000080000028:  0xffffffffffffffff\n");
    expect(monitor.command("xp/1xg $mhartid+0x80000028")).toBe("0000000080000028:  0xffffffffffffffff\n");
  });

  test("explains what it cannot show", async () => {
    const { monitor } = await monitorOf(PROGRAM);
    expect(monitor.command("x/4 0x10")).toMatch(/^There is no RAM at virtual address 0x10 /);
    expect(monitor.command("xp/4 0xffffffffffffffff")).toMatch(/not all RAM/);
    expect(monitor.command("x/4 $nonsense")).toBe("There is no register nonsense.\n");
    expect(monitor.command("x/4 here")).toBe('"here" is no address.\n');
    expect(monitor.command("x/4q 0")).toMatch(/is no format/);
    expect(monitor.command("x/3i 0x801ffffe")).toMatch(/There is no RAM/);
  });
});

describe("info", () => {
  test("shows the present hart's registers", async () => {
    const { vm, monitor } = await monitorOf("li s1, 0x1234\nwfi", { harts: 2 });
    vm.step(1, 2);
    expect(monitor.command("hart 1")).toBe("");
    const text = monitor.command("info registers");
    expect(text).toMatch(/^hart 1, M mode/);
    expect(text).toMatch(/\bs1 +0000000000001234\b/);
    for (const name of ["pc", "zero", "t6", "satp", "mcause", "stval", "ft11"]) expect(text).toContain(name);
    expect(monitor.command("info harts")).toMatch(/^ {2}0 {2}pc .*\n\* 1 {2}pc /);
    expect(monitor.command("hart 2")).toMatch(/no hart 2/);
    expect(monitor.command("hart x")).toMatch(/no whole number/);
  });

  test("shows counters", async () => {
    const { vm, monitor } = await monitorOf("nop\nnop");
    vm.step(0, 2);
    expect(monitor.command("info counters")).toMatch(/^instructions +2$/m);
    expect(monitor.command("info weather")).toMatch(/info registers, info harts/);
  });

  test("shows what is translated, and what the translator makes of an address", async () => {
    const { vm, monitor } = await monitorOf("li a0, 400000\nagain: addi a0, a0, -1\nbnez a0, again\nhere: j here");
    expect(monitor.command("info regions")).toBe("Nothing is translated.\n");
    vm.step(0, 790_000);
    const region = /^([0-9a-f]{16}) {2}M +\d+ instructions, /.exec(monitor.command("info regions"));
    const text = monitor.command(`info region 0x${region![1]!}`);
    expect(text).toMatch(/^8000000[0-9a-f] {2}[0-9a-f]{8} {2}\w+ .*\n/);
    expect(text).toMatch(/^region 8000000[0-9a-f]: \d+ instructions.*; M mode, RAM is one window$/m);
    expect(text).toMatch(/^ {2}8000000[0-9a-f] {2}a0 = i64\.add a0, -1$/m);
    expect(monitor.command("info region $pc - 4")).toMatch(/^region /m);
    expect(monitor.command("info region 0x10")).toMatch(/^Nothing can be translated at 0x10: /);
  });
});

describe("running", () => {
  test("is kept by savevm and goes back by loadvm", async () => {
    const { vm, monitor, screen } = await monitorOf(PROGRAM);
    monitor.command("loadvm");
    await expect.poll(() => screen.text).toContain("no checkpoint");
    vm.step(0, 1);
    monitor.command("savevm");
    await expect.poll(() => screen.text).toContain("It is kept");
    const { pc } = vm.hart(0);
    vm.step(0, 2);
    const restored = vm.once("restored");
    monitor.command("loadvm");
    await restored;
    expect(vm.hart(0).pc).toBe(pc);
  });

  test("is stopped, stepped, continued and reset", async () => {
    const { vm, monitor } = await monitorOf("again: addi s0, s0, 1\nj again");
    expect(monitor.command("cont")).toMatch(/You cannot resume a VM that is created/);
    vm.start();
    expect(monitor.command("step")).toMatch(/You cannot step a VM that is running/);
    monitor.command("stop");
    expect(vm.state).toBe("paused");
    expect(monitor.command("step 3")).toMatch(/^0000000080000004: .* c?\.?j/);
    monitor.command("cont");
    expect(vm.state).toBe("running");
    const reset = vm.once("reset");
    monitor.command("reset");
    await reset;
    expect(vm.counters().instructions).toBe(0);
    expect(monitor.command("dance")).toMatch(/There is no command dance/);
  });

  test("quit is passed on", async () => {
    const { monitor, screen } = await monitorOf("nop");
    monitor.command("q");
    expect(screen.quits).toBe(1);
  });
});

describe("the line editor", () => {
  test("echoes, runs lines, and prompts again", async () => {
    const { monitor, screen, type } = await monitorOf("nop");
    monitor.enter();
    expect(screen.text).toMatch(/the VM is created.*\n\(wasmvisor\) $/);
    screen.text = "";
    type("info har");
    type("ts\r");
    expect(screen.text).toMatch(/^info harts\n\* 0 {2}pc 0000000080000000 {2}M\n\(wasmvisor\) $/);
  });

  test("erases characters and lines", async () => {
    const { screen, type } = await monitorOf("nop");
    type("helx\x7f\x7flp\b\bxx\x15\x7fi harts\r");
    expect(screen.text).toContain("* 0  pc");
    expect(screen.text).not.toContain("no command");
  });

  test("lists its commands", async () => {
    const { monitor } = await monitorOf("nop");
    for (const word of ["info registers", "x/", "xp/", "stop", "cont", "step", "quit"]) {
      expect(monitor.command("help")).toContain(word);
    }
  });
});
