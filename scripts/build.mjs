// Makes build/core.wasm and dist/ when they are not made from the present sources. `--force` makes them anyway.

import { buildCore } from "./build-core.mjs";
import { buildDist } from "./build-dist.mjs";

const options = { force: process.argv.includes("--force") };
try {
  await buildCore(options);
  await buildDist(options);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
