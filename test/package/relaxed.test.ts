/** What only a later engine than node 20's can do, on one. */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { NODE_VERSIONS, nodePath } from "../../scripts/nodes.mjs";
import { requireThat } from "../support/tools.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const node = nodePath(NODE_VERSIONS.at(-1)!);

test("the engine's own multiply-add leaves what the interpreter leaves", async () => {
  requireThat(existsSync(node), "needs other versions of node: npm run nodes");
  const words = ["run", "--project", "unit", "test/dbt/float.test.ts", "-t", "the engine's own multiply-add"];
  const { stdout } = await promisify(execFile)(node, ["node_modules/vitest/vitest.mjs", ...words], { cwd: root });
  // The four of each format.
  expect(stdout).toMatch(/\b8 passed, 0 failed/);
});
