// `npm run states -- [demo|debian] [points] [harts] [seed]`: saves and restores at random places of a run, see test/state/run-on.ts.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const [guest = "demo", points = "1000", harts = "1", seed = "1"] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const { module } = await runnerImport(`${root}test/state/states.ts`, { root, configFile: false, logLevel: "error" });
process.exitCode = await module.states(guest, Number(points), Number(harts), Number(seed));
