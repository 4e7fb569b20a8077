import { afterEach, describe, expect, test } from "vitest";
import { flameGraph, Host, type Profile, Profiler, type Vm, type VmConfig } from "../../src/index.ts";
import { elfGuest, flatGuest, powerOff } from "../support/guest.ts";
import { code } from "../support/expected.ts";

const hosts: Host[] = [];

afterEach(() => {
  for (const host of hosts.splice(0)) host.close();
});

async function vmOf(kernel: Uint8Array, config: VmConfig = {}): Promise<Vm> {
  const host = await Host.create();
  hosts.push(host);
  return host.createVm({ memory: "2M", bios: "none", kernel, clock: "deterministic", ...config });
}

/** `main` calls `long` and `short` by way of `work`; each turn of their loops has two instructions. */
const PROGRAM = `
  main: li sp, 0x80100000
  li ra, 0
  call work
  ${powerOff()}
  work: addi sp, sp, -16
  sd ra, 8(sp)
  li a0, 300000
  call long
  li a0, 100000
  call short
  ld ra, 8(sp)
  addi sp, sp, 16
  ret
  long: addi a0, a0, -1
  bnez a0, long
  ret
  short: addi a0, a0, -1
  bnez a0, short
  ret`;

async function profileOf(kernel: Uint8Array, config: VmConfig = {}): Promise<Profile> {
  const vm = await vmOf(kernel, config);
  const profiler = new Profiler(vm, { period: 10_007 });
  vm.start();
  await vm.exited;
  return profiler.stop();
}

describe("a profile", () => {
  test("says how much each function executes, and who called it", async () => {
    const { stacks, samples, period } = await profileOf(elfGuest(PROGRAM), { engine: "interpreter" });
    expect(period).toBe(10_007);
    expect(samples).toBe(Math.floor(800_023 / 10_007));
    const shares = Object.fromEntries(stacks.map(({ frames, steps }) => [frames.join(" > "), steps / period]));
    expect(Object.keys(shares).sort()).toEqual(["main > work > long", "main > work > short"]);
    expect(Math.abs(shares["main > work > long"]! - 600_000 / 10_007)).toBeLessThan(2);
    expect(Math.abs(shares["main > work > short"]! - 200_000 / 10_007)).toBeLessThan(2);
    expect(stacks.every(({ translated }) => translated === 0)).toBe(true);
  });

  test("is the same each time with deterministic time, and says what was translated", async () => {
    const config: VmConfig = { engine: "tiered", translator: { hotThreshold: 50_000 } };
    const first = await profileOf(elfGuest(PROGRAM), config);
    expect(await profileOf(elfGuest(PROGRAM), config)).toEqual(first);
    const [long] = first.stacks.filter(({ frames }) => frames.includes("long"));
    expect(long!.translated / long!.steps).toBeGreaterThan(0.5);
    expect(long!.translated / long!.steps).toBeLessThan(0.95);
  });

  test("of a program without symbols has ranges of addresses", async () => {
    const { stacks } = await profileOf(flatGuest(PROGRAM));
    expect(stacks.length).toBeGreaterThan(0);
    for (const { frames } of stacks) expect(frames.every((name) => /^0x80000[0-9a-f]00$/.test(name))).toBe(true);
  });

  test("changes nothing for the guest", async () => {
    const plain = await vmOf(elfGuest(PROGRAM));
    plain.start();
    await plain.exited;
    const sampled = await vmOf(elfGuest(PROGRAM));
    new Profiler(sampled);
    sampled.start();
    await sampled.exited;
    expect(sampled.counters().instructions).toBe(plain.counters().instructions);
  });

  test("is one at a time, at a sensible period", async () => {
    const vm = await vmOf(elfGuest(PROGRAM));
    expect(() => new Profiler(vm, { period: 1000 })).toThrow(code("sample-period"));
    const profiler = new Profiler(vm);
    expect(() => new Profiler(vm)).toThrow(code("sampling"));
    expect(profiler.stop()).toEqual({ stacks: [], samples: 0, period: 100_003 });
    expect(() => new Profiler(vm)).not.toThrow();
  });
});

describe("a flame graph", () => {
  const profile: Profile = {
    samples: 10,
    period: 100,
    stacks: [
      { frames: ["main", "sort<int>", "less"], steps: 700, translated: 700 },
      { frames: ["main", "print"], steps: 300, translated: 0 },
    ],
  };
  const svg = flameGraph(profile, { title: "a & b", width: 1032 });
  const boxes = [
    ...svg.matchAll(/<g class="box"><title>([^\n]*)[^]*?<rect x="([\d.]+)" y="([\d.]+)" width="([\d.]+)"/g),
  ];
  const box = (name: string) =>
    boxes
      .find(([, title]) => title === name)!
      .slice(2)
      .map(Number);

  test("has a box for each function, as wide as its share, below its caller", () => {
    const [mainX, mainY, mainWidth] = box("main");
    const [sortX, sortY, sortWidth] = box("sort&lt;int&gt;");
    const [printX, printY, printWidth] = box("print");
    expect([mainWidth, sortWidth, printWidth]).toEqual([1000, 700, 300]);
    expect([sortX, printX]).toEqual([mainX, mainX! + 700]);
    expect(sortY).toBe(printY);
    expect(sortY).toBeGreaterThan(mainY!);
    expect(boxes).toHaveLength(4);
  });

  test("says the numbers where it is pointed at, and lists what is hottest", () => {
    expect(svg).toContain("main\n1,000 instructions, 100.0%\nin itself 0, 0.0%\n70.0% translated");
    expect([...svg.matchAll(/<g class="line"><title>([^\n]*)/g)].map(([, name]) => name)).toEqual(["less", "print"]);
  });

  test("is well-formed whatever the guest calls its functions", () => {
    expect(svg).toContain("a &amp; b");
    const name = '<script>"&\u0000\u001b\ud800';
    const odd = flameGraph({ ...profile, stacks: [{ frames: [name], steps: 1, translated: 0 }] });
    expect(odd).toContain("&lt;script&gt;&quot;&amp;\ufffd\ufffd\ufffd");
    expect(odd).not.toContain("<script");
  });

  test("of nothing is a picture too", () => {
    const none = flameGraph({ samples: 0, period: 1000, stacks: [] });
    expect(none).toMatch(/^<svg [^]*<\/svg>\n$/);
    expect(none).not.toContain("NaN");
    expect(none).not.toContain("Infinity");
  });
});
