/** Debian's kernel is moved while it works: programs, files, its disk and its clock go along. */

import { expect, onTestFinished, test } from "vitest";
import { Host } from "../../src/index.ts";
import { connection } from "../support/line.ts";
import { bootWithDisk } from "./support.ts";

test("a guest is moved while it works, and its programs, files, disk and clock go along", async () => {
  const vm = await bootWithDisk(new Uint8Array(2 ** 20));
  expect(await vm.exec("echo kept >/dev/vda; sync; echo here >/tmp/file")).toMatchObject({ code: 0 });
  // A program that stores to memory and counts, for ever.
  const counting = "i=0; while :; do i=$((i+1)); echo $i >/tmp/count; done";
  expect(await vm.exec(`(${counting}) >/dev/null 2>&1 & echo $!`)).toMatchObject({ code: 0 });
  await vm.exec("date -s 2001-01-01");

  const other = await Host.create();
  onTestFinished(() => other.close());
  const { source, destination } = connection();
  const [arrived, statistics] = await Promise.all([other.receive(destination), vm.migrateTo(source)]);
  console.log(`moved: ${JSON.stringify(statistics)}`);
  expect(vm.state).toBe("exited");
  vm.destroy();

  const { stdout } = await arrived.exec("cat /tmp/file; head -n 1 /dev/vda; cat /tmp/count");
  const [here, kept, count] = stdout.split("\n");
  expect([here, kept]).toEqual(["here", "kept"]);
  let later = Number(count);
  for (let tries = 0; tries < 1000 && later <= Number(count); tries++)
    later = Number((await arrived.exec("cat /tmp/count")).stdout);
  expect(later).toBeGreaterThan(Number(count));
  expect((await arrived.exec("date +%Y")).stdout).not.toBe("2001\n");
});
