/** Debian's kernel moves with its disk: what a file holds is copied to another one while the guest writes to it. */

import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Host } from "../../src/index.ts";
import { connection } from "../support/line.ts";
import { bootWithDisk } from "./support.ts";

/** Writes numbers over the disk, again and again, around and past what the kernel keeps in memory. */
const WRITING = `n=0; while :; do
  n=$((n+1)); echo $n | dd of=/dev/vda bs=64k seek=$((n % 200 + 8)) conv=notrunc,sync; sync; echo $n >/tmp/count
done`;

test("a guest that writes to its disk all the time is moved with it, to another file", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-mirror-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [here, there] = [path.join(folder, "here.img"), path.join(folder, "there.qcow2")];
  const content = new Uint8Array(2 ** 24).map((_, at) => (at >> 22) * (at >> 9));
  writeFileSync(here, content);
  const vm = await bootWithDisk(here);
  await vm.exec(`(${WRITING}) >/dev/null 2>&1 & echo $! >/tmp/pid; until [ -s /tmp/count ]; do sleep 1; done`);

  const other = await Host.create();
  onTestFinished(() => other.close());
  const { source, destination } = connection();
  const [arrived, statistics] = await Promise.all([
    other.receive(destination, { drives: [{ source: there }] }),
    vm.migrateTo(source, { disks: "mirror" }),
  ]);
  console.log(`moved: ${JSON.stringify(statistics)}`);
  expect(statistics.diskBytes).toBeGreaterThan(2 ** 23);
  await vm.close();
  const left = readFileSync(here);

  const count = "cat /tmp/count";
  const before = Number((await arrived.exec(count)).stdout);
  await arrived.exec(`until [ "$(${count})" -gt ${before + 3} ]; do sleep 1; done`);
  expect(readFileSync(here).equals(left)).toBe(true);
  // What has been written last, on the disk and not in the kernel's memory; and what nobody has written to.
  await arrived.exec("kill $(cat /tmp/pid); sleep 1; sync; echo 3 >/proc/sys/vm/drop_caches");
  const last = Number((await arrived.exec(count)).stdout);
  expect(last).toBeGreaterThan(before);
  const numbers =
    "for n in $(seq $((LAST - 50)) LAST); do dd if=/dev/vda bs=64k skip=$((n % 200 + 8)) count=1 | head -n 1; done";
  const { stdout } = await arrived.exec(`(${numbers.replaceAll("LAST", String(last))}) 2>/dev/null`);
  const expected = Array.from({ length: 51 }, (_, index) => last - 50 + index).filter((number) => number > 0);
  expect(stdout.trim().split("\n").slice(-expected.length).map(Number)).toEqual(expected);
  const untouched = createHash("md5")
    .update(content.subarray(-(2 ** 21)))
    .digest("hex");
  expect((await arrived.exec("tail -c 2097152 /dev/vda | md5sum")).stdout).toBe(`${untouched}  -\n`);
  expect(arrived.drives[0]!.statistics().errors).toBe(0);
  expect(arrived.drives[0]!.description).toMatch(/qcow2/);
});
