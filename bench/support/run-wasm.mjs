// run-wasm.mjs FILE SCALE: runs a workload built as Wasm (guests/wasm) and fails when its checksum is wrong.

import { readFile } from "node:fs/promises";

const [file, scale] = process.argv.slice(2);
const { instance } = await WebAssembly.instantiate(await readFile(file));
const checksum = instance.exports.run(Number(scale));
if (checksum === 0n || instance.exports.verdict(Number(scale), checksum) === 1) {
  console.error(`${file}: wrong checksum ${checksum}`);
  process.exitCode = 1;
}
