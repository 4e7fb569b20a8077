/** Debian goes on from a snapshot whose pages come late: its programs, page tables, disk, network and agent find them all the same. */

import { expect, onTestFinished, test } from "vitest";
import { Host } from "../../src/index.ts";
import { SlowBlob } from "../support/slow-blob.ts";
import { bootWithDisk } from "./support.ts";

test("a guest with a disk and an agent goes on while its pages come late", async () => {
  const disk = new Uint8Array(2 ** 20).map((_, index) => (index * 7) >> 3);
  const vm = await bootWithDisk(disk);
  const work =
    "find /bin /etc /lib -type f | sort | xargs md5sum | md5sum; echo 3 >/proc/sys/vm/drop_caches; md5sum </dev/vda";
  const wanted = await vm.exec(work);
  // Requests that are under way when it is kept, and written pages that are not on the disk yet.
  await vm.exec(
    "(while :; do dd if=/dev/vda of=/dev/null bs=64k; echo 3 >/proc/sys/vm/drop_caches; done) >/dev/null 2>&1 & echo $! >/tmp/pid",
  );
  await vm.exec("echo kept >/tmp/file");
  const stream = vm.snapshot({ disks: "include" }) as ReadableStream<Uint8Array<ArrayBuffer>>;
  const blob = new SlowBlob(new Uint8Array(await new Response(stream).arrayBuffer()));
  vm.destroy();

  const host = await Host.create();
  onTestFinished(() => host.close());
  const late = await host.restore(blob, { lazy: { background: false } });
  late.start();
  expect(await late.exec("cat /tmp/file")).toMatchObject({ code: 0, stdout: "kept\n" });
  expect(late.lazyRestore!.pagesLeft).toBeGreaterThan(1000);
  expect(
    await late.exec(`kill $(cat /tmp/pid); echo changed | dd of=/dev/vda conv=notrunc; head -n 1 /dev/vda`),
  ).toMatchObject({
    stdout: "changed\n",
  });
  expect((await late.exec(work)).stdout.split("\n")[0]).toBe(wanted.stdout.split("\n")[0]);
  const statistics = late.drives[0]!.statistics();
  expect(statistics.errors).toBe(0);
  void late.console.write("echo typed-$((40+2))\n");
  await late.console.waitFor("typed-42", 60_000);
});
