/** Runs a bare-metal image under QEMU's virt board and returns what it leaves in RAM. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, openSync, readSync, closeSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireTools } from "../support/tools.ts";

const RAM_MIB = 64;

/** What QEMU 7.2 has of this machine, by the names of the instruction tables, and without what this machine lacks. */
export const qemuTables: readonly string[] = [
  ...["rv_i", "rv_m", "rv_a", "rv_f", "rv_d", "rv_zfh", "rv_zicsr", "rv_zifencei", "rv_zihint", "rv_priv"],
  ...["rv_zba", "rv_zbb", "rv_zbc", "rv_zbs", "rv_zbkb", "rv_zbkx"],
  ...["rv_zknd", "rv_zkne", "rv_zknh", "rv_zksed", "rv_zksh"],
];

/** QEMU 7.2's CTZW goes on into the upper half when the lower is zero. */
export const qemuFaults: readonly string[] = ["ctzw"];

const CPU =
  "rv64,h=false,v=false,zba=true,zbb=true,zbc=true,zbs=true,zbkb=true,zbkc=true,zbkx=true,zkn=true,zks=true,Zfh=true";

/** Loads `image` at the start of RAM, enters it in M mode and waits for its write to the test finisher. */
export function runUnderQemu(image: Uint8Array): Uint8Array {
  requireTools("qemu-system-riscv64");
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-diff-"));
  try {
    const ram = path.join(folder, "ram");
    const kernel = path.join(folder, "image");
    writeFileSync(kernel, image);
    execFileSync(
      "qemu-system-riscv64",
      [
        ...["-object", `memory-backend-file,id=ram,mem-path=${ram},size=${RAM_MIB}M,share=on`],
        // With one hart QEMU executes an AMO as a load and a store, and a misaligned one raises the load's cause.
        ...["-smp", "2"],
        ...["-M", "virt,memory-backend=ram", "-m", `${RAM_MIB}M`, "-cpu", CPU, "-bios", "none"],
        ...["-device", `loader,file=${kernel},addr=0x80000000,force-raw=on`],
        ...["-display", "none", "-monitor", "none", "-serial", "none", "-nodefaults"],
      ],
      { timeout: 120_000, stdio: ["ignore", "ignore", "pipe"] },
    );
    const result = new Uint8Array(image.length);
    const file = openSync(ram, "r");
    readSync(file, result);
    closeSync(file);
    return result;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
