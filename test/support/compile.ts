/** Compiles a private entry of the core, so that a test can call functions that the ABI does not export. */

import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import asc from "./asc.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ENTRY = "assembly/private-entry.ts";

/** asconfig.json's release options, without its optimizer's slowest setting. */
const OPTIONS = [
  ...["--runtime", "stub", "--importMemory", "--zeroFilledMemory", "--memoryBase", "1024"],
  ...["--initialMemory", "16", "--maximumMemory", "65536", "--use", "abort=", "--noAssert", "-O3"],
];

/** Reads for the compiler; asconfig.json is hidden from it, which would add the whole core to the entry. */
async function readSource(name: string, baseDir: string): Promise<string | null> {
  if (path.basename(name) === "asconfig.json") return null;
  return readFile(path.resolve(baseDir, name), "utf8").catch(() => null);
}

/**
 * Compiles AssemblyScript source text that stands as a file in `assembly/` (so it imports `"./hart/regs"`).
 * Throws with the compiler's messages when it does not compile.
 */
export async function compileAssembly(source: string): Promise<WebAssembly.Module> {
  let wasm: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main([ENTRY, "--baseDir", root, "--outFile", "private.wasm", ...OPTIONS], {
    readFile: (name, baseDir) => (name === ENTRY ? source : readSource(name, baseDir)),
    writeFile: (name, contents) => {
      if (name.endsWith(".wasm")) wasm = new Uint8Array(contents as Uint8Array);
    },
    listFiles: () => [],
  });
  if (error || !wasm) throw new Error(`The private entry does not compile: ${error?.message}\n${stderr.toString()}`);
  return new WebAssembly.Module(wasm);
}
