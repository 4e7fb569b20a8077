/** Runs Debian's dtc and QEMU, which the tests compare with. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { requireTools } from "../support/tools.ts";

/** Calls `use` with a folder that is gone afterwards. */
function withFolder<T>(use: (folder: string) => T): T {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The source that dtc makes of a blob; it throws when dtc says anything at all, warnings included. */
export function decompile(blob: Uint8Array): string {
  requireTools("dtc");
  return withFolder((folder) => {
    const [input, output] = [path.join(folder, "in.dtb"), path.join(folder, "out.dts")];
    writeFileSync(input, blob);
    const said = execFileSync("sh", ["-c", `dtc -I dtb -O dts -o "$1" "$0" 2>&1`, input, output], { encoding: "utf8" });
    if (said !== "") throw new Error(said);
    return readFileSync(output, "utf8");
  });
}

/** The blob that dtc makes of a source. */
export function compile(source: string): Uint8Array {
  requireTools("dtc");
  return execFileSync("dtc", ["-I", "dts", "-O", "dtb"], { input: source, stdio: ["pipe", "pipe", "ignore"] });
}

/** The blob that QEMU's virt board makes. */
export function qemuFdt(harts: number, memory: string): Uint8Array {
  requireTools("qemu-system-riscv64");
  return withFolder((folder) => {
    const output = path.join(folder, "virt.dtb");
    const options = ["-M", `virt,dumpdtb=${output}`, "-smp", `${harts}`, "-m", memory, "-display", "none"];
    execFileSync("qemu-system-riscv64", options, { stdio: "ignore" });
    return readFileSync(output);
  });
}
