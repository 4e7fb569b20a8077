/** Debian's driver of shared folders. */

import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

const MODULES = "wasmvisor.modules=virtio_mmio,netfs,9pnet,9p,9pnet_virtio";

test("Debian mounts a folder of the host's and a Map, reads, writes, maps, and cannot get out", async () => {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-share-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outside = path.join(folder, "outside");
  const shared = path.join(folder, "shared");
  mkdirSync(outside);
  writeFileSync(path.join(outside, "secret"), "secret");
  mkdirSync(path.join(shared, "sub"), { recursive: true });
  writeFileSync(path.join(shared, "hello"), "from the host\n");
  symlinkSync(outside, path.join(shared, "out"));
  const files = new Map<string, Uint8Array | string>([["docs/a.txt", "a in a map\n"]]);
  const vm = await boot({
    ...debian(`quiet ${MODULES}`),
    initrd: guestFile("initrd-modules.cpio"),
    agent: true,
    shares: [
      { tag: "host", source: shared },
      { tag: "ro", source: shared, readonly: true },
      { tag: "map", source: files },
    ],
  });
  await expectOutput(vm, "Type 'poweroff' to leave.");
  const run = async (line: string): Promise<string> => {
    const { code, stdout, stderr } = await vm.exec(line);
    return `${stdout}${stderr}${code === 0 ? "" : `(${code})`}`;
  };
  const options = (more = "") => `trans=virtio,version=9p2000.L,msize=262144${more}`;
  expect(await run(`mkdir /host /ro /map; mount -t 9p -o ${options()} host /host`)).toBe("");
  expect(await run(`mount -t 9p -o ${options()} ro /ro && mount -t 9p -o ${options(",cache=loose")} map /map`)).toBe(
    "",
  );
  expect(await run("cat /host/hello; ls /host")).toBe("from the host\nhello\nout\nsub\n");
  // Links of the host's mean what they mean in the guest.
  expect(await run("cat /host/out/secret 2>/dev/null || echo none; readlink /host/out")).toBe(`none\n${outside}\n`);
  expect(
    await run(
      "cd /host/sub && seq 1 100000 >numbers && mv numbers ../moved && ln -s moved ../link && tail -n1 ../link",
    ),
  ).toBe("100000\n");
  expect(readFileSync(path.join(shared, "moved"), "utf8").length).toBe(588_895);
  expect(
    await run(
      "mkdir /host/d && touch /host/d/f && chmod 600 /host/d/f && stat -c %a /host/d/f && rm -r /host/d && ls /host",
    ),
  ).toBe("600\nhello\nlink\nmoved\nout\nsub\n");
  expect(await run("echo x 2>/dev/null >/ro/x || echo refused; tail -n1 /ro/moved")).toBe("refused\n100000\n");
  expect(await run("cat /map/docs/a.txt; mkdir /map/new; echo b >/map/new/b; sync; rm /map/docs/a.txt")).toBe(
    "a in a map\n",
  );
  expect([...files].map(([name, contents]) => [name, new TextDecoder().decode(contents as Uint8Array)])).toEqual([
    ["new/b", "b\n"],
  ]);
  // A program is mapped from there.
  expect(await run("cp /bin/busybox /map/busybox && /map/busybox echo mapped")).toBe("mapped\n");
});
