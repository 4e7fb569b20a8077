/** Debian's netboot installer on a user network, to where it installs; `npm run installer` goes on from there. (docs/design/installer.md) */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openUserNetwork, type UserEvent } from "../../src/index.ts";
import { createDisk, openDisk } from "../../src/disk/index.ts";
import { findMirror } from "../../scripts/debian-apt.mjs";
import { installerMachine, nextStep, serveInstaller } from "../../scripts/debian-installer.mjs";
import { guestFile, requireThat } from "../support/tools.ts";
import { boot, PATIENCE_MILLISECONDS } from "./support.ts";

/** The real installer is a heavy boot. */
const PATIENCE = 5 * PATIENCE_MILLISECONDS;

/** Magic number of an ext4 file system, and where in the file system it is. */
const EXT4_MAGIC = 0xef53;
const EXT4_MAGIC_OFFSET = 1024 + 0x38;
/** Where sfdisk's first partition begins. */
const PARTITION = 2048 * 512;

/** What two bytes of the disk's first partition are. */
async function readMagic(disk: string): Promise<number> {
  const made = await openDisk(disk, { readonly: true });
  const magic = new Uint8Array(2);
  await made.read(PARTITION + EXT4_MAGIC_OFFSET, magic);
  await made.close();
  return new DataView(magic.buffer).getUint16(0, true);
}

test("the installer gets its address and answers, fetches from the archive alone, and makes a file system on an empty disk", async () => {
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

  // The archive's file has arrived, and is right by its hash, when the components are loaded.
  const steps = ["reaching the archive", "loading components", "making the file system", "installing the base system"];
  for (const name of steps) expect(await nextStep(vm, PATIENCE)).toBe(name);
  await vm.close();
  expect(events).toContainEqual(expect.objectContaining({ type: "lease", address: "10.0.2.15" }));
  expect(requests).toEqual(["/preseed.cfg", "/install", "/components.tar.gz"]);
  expect(await readMagic(disk)).toBe(EXT4_MAGIC);
}, 3_600_000);
