/** The life of a Linux that a machine file describes, with a disk and a network, by the command. */

import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { TestProject } from "../support/lifecycle.ts";
import { guestFile } from "../support/tools.ts";

const MODULES = "wasmvisor.modules=virtio_mmio,virtio_blk,failover,net_failover,virtio_net wasmvisor.dhcp";

/** A port that nobody has. */
function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { readonly port: number };
      server.close(() => resolve(port));
    });
  });
}

test("a machine that starts again after a failure mounts its shares and does the steps for each boot", async () => {
  const [kernel, initrd] = [guestFile("Image"), guestFile("initrd-modules.cpio")].map((url) => fileURLToPath(url));
  await buildDist();
  const at = new TestProject();
  onTestFinished(() => at.end());
  writeFileSync(at.path("hello"), "from the host\n");
  at.describe({
    ...{ kernel, initrd, agent: true, memory: "192M", watchdog: true, onFailure: "restart" },
    append: "console=ttyS0 quiet wasmvisor.modules=virtio_mmio,netfs,9pnet,9p,9pnet_virtio",
    shares: [{ folder: ".", tag: "host", mount: "/host" }],
    provision: ["touch /once", { run: "echo $(cat /host/hello) >/steps", always: true }],
  });
  await at.good("up");
  const seen = async (): Promise<string> => (await at.run("exec", "--", "sh", "-c", "cat /host/hello /steps")).stdout;
  expect(await seen()).toBe("from the host\nfrom the host\n");
  const first = await at.good("exec", "--", "cat", "/proc/sys/kernel/random/boot_id");
  await at.run("exec", "--", "sh", "-c", "echo c >/proc/sysrq-trigger");
  const again = async (): Promise<boolean> => (await seen()).endsWith("from the host\nfrom the host\n");
  while (!(await again())) await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await at.good("exec", "--", "cat", "/proc/sys/kernel/random/boot_id")).not.toBe(first);
  expect((await at.run("exec", "--", "ls", "/once")).code).not.toBe(0);
  expect(await at.good("exec", "--", "grep", "-c", "/host", "/proc/mounts")).toBe("1\n");
});

test("init, up, exec, suspend, a killed supervisor, up, exec, clone, down, destroy", async () => {
  const [kernel, initrd] = [guestFile("Image"), guestFile("initrd-modules.cpio")].map((url) => fileURLToPath(url));
  await buildDist();
  const at = new TestProject();
  onTestFinished(() => at.end());
  await at.good("init", "--kernel", kernel!, "--initrd", initrd!, "--append", `console=ttyS0 quiet ${MODULES}`);
  const port = await freePort();
  at.describe({
    ...(JSON.parse(readFileSync(at.path("wasmvisor.json"), "utf8")) as object),
    memory: "256M",
    drives: [{ size: "16M" }],
    forwards: [`${port}:80`],
    provision: ["mkdir -p /www && echo served >/www/index.html", { run: "httpd -h /www", always: true }],
  });
  const sh = (machine: string, line: string): Promise<string> => at.good("exec", "-m", machine, "--", "sh", "-c", line);
  const page = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/`)).text();

  const { code, stdout, stderr } = await at.run("up");
  expect([code, stdout]).toEqual([0, `default: running; ports ${port}:80\n`]);
  expect(stderr).toContain("default: step 2 of 2: httpd -h /www\n");
  expect(await page()).toBe("served\n");
  const boot = await sh("default", "cat /proc/sys/kernel/random/boot_id");
  await sh("default", "echo first >/tmp/memory; echo first | dd of=/dev/vda conv=fsync 2>/dev/null");

  expect(await at.good("suspend")).toBe("default: suspended\n");
  await at.kill();
  expect(await at.states()).toEqual({ default: "suspended" });
  expect((await at.run("up")).stderr).toBe("default: goes on from where it was suspended\n");
  expect(await sh("default", "cat /proc/sys/kernel/random/boot_id /tmp/memory; head -n 1 /dev/vda")).toBe(
    `${boot}first\nfirst\n`,
  );
  expect(await page()).toBe("served\n");

  expect(await at.good("clone", "second")).toBe("second: running\n");
  await sh("second", "echo other | dd of=/dev/vda conv=fsync 2>/dev/null");
  expect(await sh("second", "cat /tmp/memory; head -n 1 /dev/vda")).toBe("first\nother\n");
  expect(await sh("default", "head -n 1 /dev/vda")).toBe("first\n");
  expect(await at.good("status")).toMatch(/^second {3}running .* clone of default$/m);

  expect((await at.run("down")).stderr).toBe("");
  expect(await at.states()).toEqual({ default: "off", second: "off" });
  await at.good("destroy", "--force");
  expect(existsSync(at.state("machines/default"))).toBe(false);
});
