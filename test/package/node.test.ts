/** What a node program may rely on, with the installed package. */

import { afterAll, beforeAll, expect, test } from "vitest";
import { runNode, Workshop } from "./support.ts";

let workshop: Workshop;

beforeAll(async () => (workshop = await Workshop.open()), 120_000);

afterAll(() => workshop?.discard());

const PROGRAM = `
  import { Host } from "wasmvisor";
  const spin = Uint8Array.of(0x13, 0x04, 0x14, 0x00, 0x6f, 0xf0, 0xdf, 0xff); // addi s0, s0, 1; j back
  const host = await Host.create({ worker: process.argv[2] === "worker" });
  async function turns(count) {
    for (let n = 0; n < count; n++) {
      const engine = n % 2 ? "tiered" : "interpreter";
      const vm = await host.createVm({ memory: "16M", bios: "none", kernel: spin, engine });
      await vm.memory.write(0x80100000, new Uint8Array(2 ** 20).fill(1));
      await vm.start();
      while ((await vm.counters()).instructions === 0) await new Promise((resolve) => setImmediate(resolve));
      await vm.destroy();
    }
    return host.allocatedBytes;
  }
  // Modules are given back between tasks, some time after they have been collected.
  async function resident() {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 50));
    return process.memoryUsage.rss();
  }
  const allocated = [await turns(50)];
  const before = await resident();
  allocated.push(await turns(150));
  let growth = Infinity;
  for (let n = 0; n < 100 && growth >= 48 * 2 ** 20; n++) growth = (await resident()) - before;
  console.log(JSON.stringify({ allocated, growth }));
  await host.close();
`;

test.each(["calling", "worker"])("200 VMs on the %s thread leave no more behind than 50", async (thread) => {
  const folder = await workshop.project(`memory-${thread}`, { "main.js": PROGRAM });
  const said = await runNode(folder, ["--expose-gc", "main.js", thread]);
  const { allocated, growth } = JSON.parse(said) as { allocated: number[]; growth: number };
  expect(allocated).toEqual([0, 0]);
  // 150 VMs have written 1 MiB each, and as much again in tables.
  expect(growth).toBeLessThan(48 * 2 ** 20);
});
