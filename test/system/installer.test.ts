/** Debian's netboot installer on a user network, to where it installs; `npm run installer` goes on from there. (docs/design/installer.md) */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openUserNetwork, type UserEvent } from "../../src/index.ts";
import { createDisk, openDisk } from "../../src/disk/index.ts";
import { findMirror } from "../../scripts/debian-apt.mjs";
import { installerMachine, serveInstaller } from "../../scripts/debian-installer.mjs";
import { guestFile, requireThat } from "../support/tools.ts";
import { boot, PATIENCE_MILLISECONDS } from "./support.ts";

/** The real installer is a heavy boot. */
const PATIENCE = 5 * PATIENCE_MILLISECONDS;

/** Magic number of an ext4 file system, in its superblock. */
const EXT4_MAGIC = 0xef53;
/** Where sfdisk's first partition begins. */
const PARTITION = 2048 * 512;

test("the installer gets its address and answers, makes a file system on an empty disk, and loads from the archive alone", async () => {
  guestFile("installer/manifest.json");
  const mirror = findMirror();
  requireThat(mirror.startsWith("http:"), "needs a Debian archive by http: set DEBIAN_MIRROR to the address of one");
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-installer-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const disk = path.join(folder, "disk.qcow2");
  await createDisk(disk, { size: 4 * 2 ** 30 });
  const { url, policy, requests, close } = await serveInstaller(mirror);
  onTestFinished(close);
  const events: UserEvent[] = [];
  const network = await openUserNetwork({ policy, onEvent: (event) => void events.push(event) });
  const vm = await boot(installerMachine(url, disk, network));

  for (const step of ["loading components", "making the file system", "installing the base system"]) {
    const { groups } = await vm.console.waitFor(/installer: ([^\r\n]+)\r?\n/, PATIENCE);
    expect(groups[0]).toBe(step);
  }
  expect(events).toContainEqual(expect.objectContaining({ type: "lease", address: "10.0.2.15" }));
  expect(requests).toEqual(["/preseed.cfg", "/install", "/components.tar.gz"]);
  const archive = new URL(mirror).hostname;
  const isLoading = (): boolean => network.connections().some(({ host }) => host === archive);
  await expect.poll(isLoading, { timeout: PATIENCE, interval: 20 }).toBe(true);
  await vm.close();

  const made = await openDisk(disk, { readonly: true });
  const superblock = new Uint8Array(1024);
  await made.read(PARTITION + 1024, superblock);
  await made.close();
  expect(new DataView(superblock.buffer).getUint16(0x38, true)).toBe(EXT4_MAGIC);
}, 3_600_000);
