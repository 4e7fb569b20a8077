/** Debian's root disk on a user network: what people do with a machine that reaches the world. */

import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { openUserNetwork, type UserEvent, type Vm } from "../../src/index.ts";
import { findMirror } from "../../scripts/debian-apt.mjs";
import { guestFile, requireThat } from "../support/tools.ts";
import { boot, PATIENCE_MILLISECONDS } from "./support.ts";

/** A boot to systemd, and apt's reading of a package list, are long on a busy machine. */
const PATIENCE = 5 * PATIENCE_MILLISECONDS;

const sources = (mirror: string) =>
  `Types: deb\nURIs: ${mirror}\nSuites: trixie\nComponents: main\nSigned-By: /usr/share/keyrings/debian-archive-keyring.gpg\n`;

/** Runs a line in the guest that must succeed; what it prints. */
async function run(vm: Vm, line: string): Promise<string> {
  const { code, stdout, stderr } = await vm.exec(line, {
    env: { DEBIAN_FRONTEND: "noninteractive" },
    signal: AbortSignal.timeout(PATIENCE),
  });
  expect({ line, code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ line, code: 0, stderr: "" });
  return stdout;
}

test("it gets an address, installs a package from the archive it may reach alone, and serves a page", async () => {
  const mirror = findMirror();
  requireThat(mirror.startsWith("http:"), "needs a Debian archive by http: set DEBIAN_MIRROR to the address of one");
  const archive = new URL(mirror);
  const events: UserEvent[] = [];
  const network = await openUserNetwork({
    hostfwd: [{ hostPort: 0, guestPort: 80 }],
    policy: ({ host }) => host === archive.hostname,
    onEvent: (event) => void events.push(event),
  });
  const vm = await boot({
    memory: "512M",
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-modules.cpio"),
    append: "console=ttyS0 root=/dev/vda quiet",
    drives: [{ source: fileURLToPath(guestFile("rootfs.qcow2")), snapshot: true }],
    networks: [{ backend: network }],
    agent: true,
  });
  await vm.console.waitFor("login: ", PATIENCE);
  await vm.writeFile("/etc/apt/sources.list.d/debian.sources", sources(mirror));
  await run(vm, "/lib/systemd/systemd-networkd-wait-online --timeout=300");
  expect(events).toContainEqual(expect.objectContaining({ type: "lease", address: "10.0.2.15" }));

  await run(vm, "apt-get update");
  await run(vm, "apt-get install -y --no-install-recommends nginx-light");
  const { code } = await vm.exec(["bash", "-c", "exec 3<>/dev/tcp/192.0.2.1/80"]);
  expect(code).not.toBe(0);
  expect(events).toContainEqual(expect.objectContaining({ type: "denied", address: "192.0.2.1", port: 80 }));

  await vm.writeFile("/var/www/html/index.html", "<h1>from the guest</h1>\n");
  await run(vm, "systemctl start nginx");
  const [forward] = network.forwards;
  const page = await fetch(`http://127.0.0.1:${forward!.hostPort}/`);
  expect(page.headers.get("server")).toContain("nginx");
  expect(await page.text()).toBe("<h1>from the guest</h1>\n");
  await vm.close();
}, 3_600_000);
