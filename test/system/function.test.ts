/** Debian as a function: calls that know nothing of each other, errors, and a snapshot of it that is restored lazily. */

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { functionVm, Host } from "../../src/index.ts";
import { failureOf } from "../support/failure.ts";
import { guestFile } from "../support/tools.ts";
import { debian, expectOutput, PATIENCE_MILLISECONDS } from "./support.ts";

test("a template of Debian answers calls, each in a guest of its own, and its snapshot answers before all of its pages are here", async () => {
  const host = await Host.create();
  onTestFinished(() => host.close());
  const vm = await host.createVm({
    ...debian("quiet wasmvisor.modules=virtio_mmio"),
    initrd: guestFile("initrd-modules.cpio"),
    memory: "256M",
    agent: true,
  });
  vm.start();
  await vm.waitReady({ signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) });
  // Busybox has made its links by then.
  await expectOutput(vm, "Type 'poweroff' to leave.");
  expect(await vm.exec("true")).toMatchObject({ code: 0 });
  using template = await vm.template();
  await using f = await functionVm(template, { idle: 2, concurrency: 3 });
  const left = await Promise.all(
    Array.from({ length: 8 }, (_, index) => f.call(`ls /tmp; echo ${index} > /tmp/mine; cat /tmp/mine`)),
  );
  expect(left.map(({ stdout }) => stdout)).toEqual(Array.from({ length: 8 }, (_, index) => `${index}\n`));
  expect(await f.call("sort", { args: ["-n"], stdin: "10\n9\n" })).toMatchObject({ code: 0, stdout: "9\n10\n" });
  expect(await failureOf(() => f.call("no-such-program", { args: [] }))).toMatchObject({ code: "guest-program" });
  expect(await failureOf(() => f.call("poweroff -f; sleep 100"))).toMatchObject({ code: "agent-lost" });
  expect(await failureOf(() => f.call("sleep 100", { timeout: 200 }))).toMatchObject({ code: "function-vm" });
  expect(await f.call("echo well; exit 3")).toMatchObject({ code: 3, stdout: "well\n" });
  await f.close();

  const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-lazy-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = path.join(folder, "debian.snap");
  const stream = vm.snapshot() as ReadableStream<Uint8Array<ArrayBuffer>>;
  await writeFile(file, new Uint8Array(await new Response(stream).arrayBuffer()));
  const restored = await host.restore(file, { lazy: { background: false } });
  restored.start();
  expect(await restored.exec("echo here; uname")).toMatchObject({ code: 0, stdout: "here\nLinux\n" });
  expect(restored.lazyRestore!.pagesLeft).toBeGreaterThan(1000);
  const workingSet = restored.lazyRestore!.workingSet();
  await restored.lazyRestore!.fetchAll();
  // All files of the guest's, by which what came late is known to be right.
  const sums = "find /bin /etc /lib -type f | sort | xargs md5sum | md5sum";
  expect(await restored.exec(sums)).toEqual(await vm.exec(sums));
  const again = await host.restore(file, { lazy: { workingSet } });
  again.start();
  expect(await again.exec(sums)).toEqual(await vm.exec(sums));
});
