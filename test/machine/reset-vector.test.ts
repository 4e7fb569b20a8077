import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { FW_DYNAMIC_PA, RESET_PA, writeResetVector } from "../../src/machine/reset-vector.ts";
import { requireTools } from "../support/tools.ts";

function words(startPa: number, fdtPa: number, nextPa: number): number[] {
  const rom = new Uint8Array(128);
  writeResetVector(rom, { startPa, fdtPa, nextPa });
  return [...new Uint32Array(rom.buffer)].slice(0, 22);
}

test("the words are those QEMU has in its ROM", () => {
  const options = ["-M", "virt", "-m", "256M", "-bios", "none", "-display", "none", "-S", "-monitor", "stdio"];
  const input = `xp /22wx 0x${RESET_PA.toString(16)}\nquit\n`;
  requireTools("qemu-system-riscv64");
  const said = execFileSync("qemu-system-riscv64", options, { input, encoding: "utf8" });
  const dumped = [...said.matchAll(/^0000[0-9a-f]+:(.*)$/gm)].flatMap(([, line]) =>
    line!.trim().split(" ").map(Number),
  );
  expect(dumped.length).toBe(22);
  expect(words(0x8000_0000, dumped[8]!, 0)).toEqual(dumped);
});

test("the fw_dynamic info says where to go on, in S mode", () => {
  const info = words(0x8000_0000, 0x8fe0_0000, 0x8020_0000).slice((FW_DYNAMIC_PA - RESET_PA) / 4);
  expect(info.slice(0, 8)).toEqual([0x4942_534f, 0, 2, 0, 0x8020_0000, 0, 1, 0]);
});
