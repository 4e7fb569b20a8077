// Runs once before all tests: the core they load is made from the present sources where those compile.

import { buildCore } from "../../scripts/build-core.mjs";

export default async function setup() {
  try {
    await buildCore();
  } catch (error) {
    // Tests of the TypeScript half still say something; test/core.test.ts fails on a core that is out of date.
    console.error(error.message);
  }
}
