/** Debian in a pool of workers: commands that are under way go on while it is moved. */

import { expect, onTestFinished, test } from "vitest";
import { HostPool } from "../../src/index.ts";
import { newWorker } from "../support/built-worker.ts";
import { guestFile } from "../support/tools.ts";
import { debian } from "./support.ts";

test("a command that is under way goes on in another worker, and so does what is sent to it", async () => {
  const pool = await HostPool.create({ hosts: 2, worker: newWorker });
  onTestFinished(() => pool.close());
  const vm = await pool.createVm(
    {
      ...debian("quiet wasmvisor.modules=virtio_mmio"),
      initrd: guestFile("initrd-modules.cpio"),
      memory: "192M",
      agent: true,
    },
    { host: 0 },
  );
  await vm.start();
  await vm.console.waitFor("Type 'poweroff' to leave.");
  const counting = await vm.spawn("i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo $i; done");
  const lines = new Response(counting.stdout).text();
  const copying = await vm.spawn("cat");
  const copied = new Response(copying.stdout).text();
  const writer = copying.stdin.getWriter();
  for (const to of [1, 0, 1]) {
    await writer.write(new TextEncoder().encode(`to ${to}\n`));
    const statistics = await pool.move(vm, to);
    console.log(`moved: ${JSON.stringify(statistics)}`);
  }
  await writer.close();
  expect(await copied).toBe("to 1\nto 0\nto 1\n");
  expect(await lines).toBe(Array.from({ length: 2000 }, (_, index) => `${index + 1}\n`).join(""));
  expect(await counting.exited).toMatchObject({ code: 0 });
  expect((await vm.exec("echo here")).stdout).toBe("here\n");
  expect(pool.hostOf(vm)).toBe(1);
});
