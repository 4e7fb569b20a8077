/** Debian's drivers of the entropy device and of consoles and ports. */

import { expect, test } from "vitest";
import { guestFile } from "../support/tools.ts";
import { boot, debian, expectOutput } from "./support.ts";

const MODULES = "wasmvisor.modules=virtio_mmio,virtio-rng";

test("Debian takes random bytes, has hvc0 as its console, and talks through a named port", async () => {
  const vm = await boot({
    ...debian(`console=hvc0 ${MODULES} quiet`),
    initrd: guestFile("initrd-modules.cpio"),
    rng: true,
    virtioSerial: { console: true, ports: [{ name: "org.example.agent" }] },
  });
  const opened: boolean[] = [];
  vm.on("port", ({ open }) => opened.push(open));
  await expectOutput(vm, "Type 'poweroff' to leave.");
  // The shell is on hvc0: nothing that is typed goes to the UART any more.
  await vm.console.write("tty; cat /sys/class/misc/hw_random/rng_current; head -c 40 /dev/hwrng | wc -c\n");
  await expectOutput(vm, /\/dev\/hvc0\s+virtio_rng\.\d\s+40\s/);
  await vm.console.write("cat /sys/class/virtio-ports/vport*p1/name\n");
  await expectOutput(vm, /\norg\.example\.agent\s/);
  const [port] = vm.ports;
  await vm.console.write('exec 3<>$(ls /dev/vport*p1); read line <&3; echo "got $line"; seq 1 40000 >&3\n');
  await port!.write("a line\n");
  await expectOutput(vm, /\ngot a line\s/);
  expect([port!.open, opened]).toEqual([true, [true]]);
  // More than the port and the driver keep: the guest waits for its reader.
  const decoder = new TextDecoder();
  const want = Array.from({ length: 40_000 }, (_, i) => `${i + 1}\n`).join("");
  let got = "";
  for await (const chunk of port!.output) {
    got += decoder.decode(chunk, { stream: true });
    if (got.length >= want.length) break;
  }
  expect(got === want).toBe(true);
  await vm.console.write("poweroff\n");
  expect(await vm.exited).toEqual({ code: 0, reason: "poweroff" });
});
