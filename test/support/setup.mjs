// Runs once before all tests: the core they load must be made from the present sources.

import { buildCore } from "../../scripts/build-core.mjs";

export default async function setup() {
  await buildCore();
}
