/** The agent over a socket device in Debian's kernel: beside the VM and in a worker; and nobody else at its port. */

import { expect, onTestFinished, test } from "vitest";
import { functionVm, Host, type VmConfig } from "../../src/index.ts";
import { newWorker } from "../support/built-worker.ts";
import { guestFile } from "../support/tools.ts";
import { debian, PATIENCE_MILLISECONDS } from "./support.ts";

const MODULES = "virtio_mmio,vsock,vmw_vsock_virtio_transport_common,vmw_vsock_virtio_transport";

const config = (): VmConfig => ({
  ...debian(`quiet wasmvisor.modules=${MODULES}`),
  initrd: guestFile("initrd-modules.cpio"),
  agent: true,
  vsock: { agent: true },
});

const signal = (): AbortSignal => AbortSignal.timeout(PATIENCE_MILLISECONDS);

test.each([
  ["beside its program", () => Host.create()],
  ["in a worker", () => Host.create({ worker: newWorker() })],
])("commands, files and restarts, of a VM %s", async (_, make) => {
  const host = await make();
  onTestFinished(() => host.close());
  const vm = await host.createVm(config());
  await vm.start();
  await vm.waitReady({ signal: signal() });
  // There is no console port: it comes by the sockets.
  const { stdout: ports } = await vm.exec("ls /sys/class/virtio-ports 2>/dev/null | wc -l", { signal: signal() });
  expect(ports).toBe("0\n");
  const line = "0123456789abcde\n".repeat(2 ** 16);
  const { stdout } = await vm.exec("cat", { stdin: line, signal: signal() });
  expect(stdout === line).toBe(true);
  const noise = Uint8Array.from({ length: 1_000_001 }, (_byte, i) => (i * 2_654_435_761) >>> 13);
  await vm.writeFile("/tmp/noise", noise);
  expect(Buffer.compare(await vm.readFile("/tmp/noise"), noise)).toBe(0);
  await vm.console.waitFor("Type 'poweroff' to leave.", PATIENCE_MILLISECONDS);
  // The line is another one afterwards.
  await vm.shutdown({ how: "reboot", force: true, signal: signal() });
  await vm.console.waitFor("Type 'poweroff' to leave.", PATIENCE_MILLISECONDS);
  expect(await vm.exec("ls /tmp/noise 2>/dev/null | wc -l", { signal: signal() })).toMatchObject({ stdout: "0\n" });
  await vm.close();
});

test("a template's guests are driven by it, each by its own", async () => {
  const host = await Host.create();
  onTestFinished(() => host.close());
  const vm = await host.createVm(config());
  vm.start();
  await vm.exec("echo template >/tmp/who", { signal: signal() });
  const template = await vm.template();
  await using f = await functionVm(template, { idle: 1, concurrency: 2 });
  const [first, second] = await Promise.all([f.call("cat /tmp/who; echo 1 >/tmp/who"), f.call("cat /tmp/who")]);
  expect([first.stdout, second.stdout]).toEqual(["template\n", "template\n"]);
  expect(await vm.exec("cat /tmp/who", { signal: signal() })).toMatchObject({ stdout: "template\n" });
});
