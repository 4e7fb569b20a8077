// `npm run soak -- [minutes] [fast]`: a guest that makes code all the time; memory must stay flat (see test/dbt/soak.ts). Code gets hot as
// it does for users, or in a few calls. Needs the built core.
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { runnerImport } from "vite";

const [minutes = "120", pace = "shipped"] = process.argv.slice(2);
if (!(Number(minutes) > 3) || !["shipped", "fast"].includes(pace)) {
  console.error(
    "soak: Give the minutes that it is to take, more than 3, and the pace if need be, such as npm run soak -- 120 fast.",
  );
  process.exit(2);
}
setFlagsFromString("--expose-gc");
globalThis.gc = runInNewContext("gc");
const root = fileURLToPath(new URL("..", import.meta.url));
const { module } = await runnerImport(`${root}test/dbt/soak.ts`, { root, configFile: false, logLevel: "error" });
process.exitCode = (await module.soak(Number(minutes), pace)) ? 0 : 1;
