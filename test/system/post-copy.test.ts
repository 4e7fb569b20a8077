/** Debian's kernel runs elsewhere before its pages are there: programs that store faster than can be sent, its disk and its network go along. */

import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { Host, openUserNetwork, type Vm } from "../../src/index.ts";
import { connection } from "../support/line.ts";
import { guestFile } from "../support/tools.ts";
import { debian, expectOutput } from "./support.ts";

const MODULES = "virtio_mmio,virtio_blk,failover,net_failover,virtio_net";

/** Stores for ever: the same bytes again and again to new pages. Whoever counts a copy that is another one notes it. */
const STORING = `n=0; while :; do
  cp /tmp/made /tmp/copy; cmp /tmp/made /tmp/copy || echo differs >>/tmp/wrong
  n=$((n+1)); echo $n >/tmp/count
done`;

const md5 = (bytes: Uint8Array | string): string => createHash("md5").update(bytes).digest("hex");

/** What a command of the guest prints. */
async function run(vm: Vm, command: string): Promise<string> {
  const { code, stdout, stderr } = await vm.exec(command);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout.trim();
}

/** The address of a page of the host's, as a guest of the user network reaches it. */
async function serve(page: string): Promise<string> {
  const server = createServer((_request, response) => response.end(page));
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  return `http://10.0.2.2:${(server.address() as AddressInfo).port}/`;
}

function diskOf(content: Uint8Array): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-post-copy-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const disk = path.join(folder, "disk.img");
  writeFileSync(disk, content);
  return disk;
}

test("a guest that stores all the time is moved by post-copy, and its programs, disk and network go along", async () => {
  const content = randomBytes(2 ** 22);
  const drives = [{ source: diskOf(content), format: "raw" as const }];
  const [here, there] = await Promise.all([Host.create(), Host.create()]);
  for (const host of [here, there]) onTestFinished(() => host.close());
  const vm = await here.createVm({
    ...debian(`quiet wasmvisor.dhcp wasmvisor.modules=${MODULES}`),
    initrd: guestFile("initrd-modules.cpio"),
    memory: "256M",
    agent: true,
    drives,
    networks: [{ backend: await openUserNetwork() }],
  });
  vm.start();
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const [address, page] = [await serve("a page of the host's"), "a page of the host's"];
  expect(await run(vm, `wget -q -O - ${address}`)).toBe(page);
  await run(vm, "head -c 8000000 /dev/urandom >/tmp/made; echo written | dd of=/dev/vda conv=notrunc 2>&1; sync");
  const made = await run(vm, "md5sum </tmp/made");
  await run(vm, `(${STORING}) >/dev/null 2>&1 &`);
  await run(vm, "until [ -s /tmp/count ]; do sleep 1; done");

  const { source, destination } = connection();
  const sent = vm.migrateTo(source, { mode: "post" });
  const arrived = await there.receive(destination, { drives, networks: [{ backend: await openUserNetwork() }] });
  const sum = run(arrived, "cat /tmp/count; md5sum </tmp/made");
  const statistics = await sent;
  console.log(`moved: ${JSON.stringify(statistics)}`);
  expect(statistics).toMatchObject({ rounds: 1, cap: 1 });
  expect(statistics.followed).toBeGreaterThan(4000);
  expect(statistics.pages).toBeLessThan(256 * 256);
  expect([vm.state, await vm.exited]).toEqual(["exited", { code: 0, reason: "migrated" }]);
  await arrived.postCopy!.done;
  expect(arrived.postCopy!.pagesLeft).toBe(0);

  const [count, sumThere] = (await sum).split("\n");
  expect(sumThere).toBe(made);
  const later = `until [ "$(cat /tmp/count)" -gt ${Number(count) + 2} ] 2>/dev/null; do sleep 1; done; [ ! -e /tmp/wrong ]`;
  await run(arrived, later);
  const written = Buffer.concat([Buffer.from("written\n"), content.subarray(8)]);
  await run(arrived, "echo 3 >/proc/sys/vm/drop_caches");
  expect(await run(arrived, "md5sum </dev/vda")).toBe(`${md5(written)}  -`);
  await run(arrived, "echo changed | dd of=/dev/vda conv=notrunc 2>&1; sync");
  expect(await run(arrived, `wget -q -O - ${address}`)).toBe(page);
  expect(arrived.drives[0]!.statistics().errors).toBe(0);
  await arrived.close();
  const kept = readFileSync(drives[0]!.source);
  expect(kept.equals(Buffer.concat([Buffer.from("changed\n"), content.subarray(8)]))).toBe(true);
});
