import { afterEach, describe, expect, test } from "vitest";
import { Host } from "../../src/index.ts";
import type { Vm, VmConfig } from "../../src/index.ts";
import { makeElf } from "../machine/loader/elf-maker.ts";
import { elfGuest, flatGuest, GUEST_PA } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function run(source: string, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  const vm = await host.createVm({ memory: "2M", kernel: elfGuest(source), ...config });
  vm.start();
  await vm.exited;
  return vm;
}

const WORDS = `
  .align 6
  tohost: .dword 0
  .align 6
  fromhost: .dword 0
`;

/** Writes a1 to tohost and stays. */
const TELL = `
  la t6, tohost
  sd a1, 0(t6)
  stay: j stay
`;

/** Calls the host with the words at \`args\` and waits for the answer. */
const CALL = `
  la t6, tohost
  la t5, args
  sd t5, 0(t6)
  la t6, fromhost
  wait: ld t4, 0(t6)
  beqz t4, wait
  sd zero, 0(t6)
  ld s1, 0(t5)
`;

describe("HTIF", () => {
  test.each([
    [1, 0],
    [7, 3],
    [2675, 1337],
  ])("%i in tohost ends the run with code %i", async (value, exitCode) => {
    const vm = await run(`li a1, ${value}\n${TELL}${WORDS}`);
    expect(await vm.exited).toEqual({ code: exitCode, reason: "htif" });
  });

  test("a program with tohost starts in M mode unless told otherwise", async () => {
    const vm = await run(`csrr s1, mhartid\nli s1, 5\nli a1, 1\n${TELL}${WORDS}`);
    expect(vm.hart(0).x(9)).toBe(5n);
    expect(vm.hart(0).mode).toBe("M");
    const supervisor = await run(`li a1, 1\n${TELL}${WORDS}`, { bios: "builtin" });
    expect(supervisor.hart(0).mode).toBe("S");
  });

  test("prints bytes by the console device, which leaves tohost at zero", async () => {
    const vm = await run(`
      li s0, 5
      la t6, tohost
      again:
      addi s0, s0, -1
      li a1, 0x0101000000000061
      add a1, a1, s0
      sd a1, 0(t6)
      taken: ld t0, 0(t6)
      bnez t0, taken
      bnez s0, again
      li a1, 1
      ${TELL}${WORDS}`);
    expect(vm.console.pending).toBe("edcba");
  });

  test("writes text for system call 64", async () => {
    const vm = await run(`
      la t0, text
      la t1, args
      sd t0, 16(t1)
      ${CALL}
      li a1, 1
      ${TELL}${WORDS}
      .align 6
      args: .dword 64, 1, 0, 6, 0, 0, 0, 0
      text: .byte 72, 101, 108, 108, 111, 10`);
    expect(vm.console.pending).toBe("Hello\n");
    expect(vm.hart(0).x(9)).toBe(6n);
  });

  test.each([
    ["another file", "64, 7, 0x80000000, 1", -9n],
    ["text outside RAM", "64, 1, 0x1000, 8", -14n],
    ["more text than can be", "64, 1, 0x80000000, 0xffffffffffff", -14n],
    ["another system call", "1234, 1, 2, 3", -38n],
  ])("answers %s with an error", async (_, args, result) => {
    const vm = await run(`${CALL}li a1, 1\n${TELL}${WORDS}.align 6\nargs: .dword ${args}, 0, 0, 0, 0`);
    expect(BigInt.asIntN(64, vm.hart(0).x(9))).toBe(result);
    expect(vm.console.pending).toBe("");
  });

  test("answers each call once, however late the answers are taken", async () => {
    const vm = await run(`
      la t6, tohost
      la t5, args
      la t4, fromhost
      li s0, 5
      ask: sd t5, 0(t6)
      asked: ld t0, 0(t6)
      bnez t0, asked
      addi s0, s0, -1
      bnez s0, ask
      li s1, 5
      take: ld t0, 0(t4)
      beqz t0, take
      add s2, s2, t0
      sd zero, 0(t4)
      addi s1, s1, -1
      bnez s1, take
      li a1, 1
      ${TELL}${WORDS}
      .align 6
      args: .dword 1234, 0, 0, 0, 0, 0, 0, 0`);
    expect(vm.hart(0).x(18)).toBe(5n);
  });

  test("ends the run for system call 93", async () => {
    const vm = await run(`${CALL}${WORDS}.align 6\nargs: .dword 93, 42, 0, 0, 0, 0, 0, 0`);
    expect(await vm.exited).toEqual({ code: 42, reason: "htif" });
  });

  test("survives a tohost that lies nowhere and calls that point nowhere", async () => {
    const vm = await run(`la t6, tohost\nli a1, 0x7ffffffffff0\nsd a1, 0(t6)\nagain: ld t0, 0(t6)\nbnez t0, again
      li a1, 0x0200000000000001\nsd a1, 0(t6)\nagain2: ld t0, 0(t6)\nbnez t0, again2\nli a1, 3\n${TELL}${WORDS}`);
    expect(await vm.exited).toEqual({ code: 1, reason: "htif" });
  });
});

describe("the signature", () => {
  const FINISH = `li a1, 1\n${TELL}${WORDS}`;

  test("is the words between its symbols, four bytes a line", async () => {
    const vm = await run(`${FINISH}
      .align 2
      begin_signature: .word 0xdeadbeef, 1
      .byte 0xab, 0xcd
      end_signature: .byte 0xff`);
    expect(vm.signature()).toBe("deadbeef\n00000001\n0000cdab\n");
  });

  test("shows what the program has made of it", async () => {
    const vm = await run(`la t0, begin_signature\nli t1, -2\nsw t1, 0(t0)\n${FINISH}
      .align 2
      begin_signature: .word 0
      end_signature: .word 7`);
    expect(vm.signature()).toBe("fffffffe\n");
  });

  test("needs symbols, and RAM between them", async () => {
    const without = await run(FINISH);
    expect(() => without.signature()).toThrow(code("signature"));
    const host = await Host.create();
    hosts.push(host);
    const flat = await host.createVm({ memory: "2M", bios: "none", kernel: flatGuest("wfi") });
    expect(() => flat.signature()).toThrow(/no symbol begin_signature/);
  });

  test("has a bound, whatever RAM there is between its symbols", async () => {
    const host = await Host.create();
    hosts.push(host);
    const wide = async (length: bigint) => {
      const symbols = [
        { name: "begin_signature", address: GUEST_PA },
        { name: "end_signature", address: GUEST_PA + length },
      ];
      const kernel = makeElf({ entry: GUEST_PA, pieces: [{ paddr: GUEST_PA, bytes: flatGuest("wfi") }], symbols });
      return host.createVm({ memory: "64M", bios: "none", kernel });
    };
    expect((await wide(2n ** 24n)).signature().length).toBe(9 * 2 ** 22);
    const vm = await wide(2n ** 24n + 1n);
    expect(() => vm.signature()).toThrow(code("signature"));
  });
});
