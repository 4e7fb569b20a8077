import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Host } from "../../src/index.ts";

const root = new URL("../../guests/", import.meta.url);
const names = readdirSync(new URL("wasm/", root)).map((file) => file.replace(".wasm", ""));

interface Workload {
  run(scale: number): bigint;
  verdict(scale: number, checksum: bigint): number;
  defaultScale(): number;
  setFootprint(kib: number): void;
}

async function load(name: string): Promise<Workload> {
  const bytes = readFileSync(new URL(`wasm/${name}.wasm`, root));
  const instance = await WebAssembly.instantiate(await WebAssembly.compile(bytes), {});
  return instance.exports as unknown as Workload;
}

describe("system workloads", () => {
  it.each(["syscalls", "pagefault", "ctxswitch", "timer", "mmio"])(
    "%s gives the checksum on record, on each engine after the same instructions",
    async (name) => {
      const host = await Host.create();
      const outputs: string[] = [];
      for (const engine of ["interpreter", "tiered"] as const) {
        const kernel = readFileSync(new URL(`bin/${name}.elf`, root));
        const vm = await host.createVm({ memory: "16M", bios: "none", kernel, append: "scale=1", engine });
        let output = "";
        vm.on("output", (bytes) => (output += new TextDecoder().decode(bytes)));
        vm.start();
        expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
        outputs.push(output.replace(/ \d+( \d+)\s*$/, "$1"));
      }
      host.close();
      expect(outputs[0]).toMatch(new RegExp(`^${name} ok [0-9a-f]{16} \\d+$`));
      expect(outputs[1]).toBe(outputs[0]);
    },
  );
});

describe("workloads", () => {
  it("come as a bare-metal ELF file for each Wasm module", () => {
    const elves = readdirSync(new URL("bin/", root));
    expect(elves).toEqual(expect.arrayContaining(names.map((name) => `${name}.elf`)));
    expect(names.length).toBeGreaterThan(15);
  });

  it.each(names)("%s compiled to Wasm gives the checksum on record", async (name) => {
    const workload = await load(name);
    expect(workload.verdict(1, workload.run(1))).toBe(0);
  });

  it.each(names)("%s calls a wrong checksum bad", async (name) => {
    const workload = await load(name);
    expect(workload.verdict(1, 1n)).toBe(1);
    expect(workload.verdict(1, 0n)).toBe(1);
  });

  it.each(["chase", "random", "stream"])("%s spreads its work over the footprint it is given", async (name) => {
    const workload = await load(name);
    workload.setFootprint(16);
    expect(workload.verdict(1, workload.run(1))).toBe(0);
    workload.setFootprint(17);
    expect(workload.verdict(1, workload.run(1))).toBe(2);
  });
});
