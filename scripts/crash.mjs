// `npm run crash -- [rounds] [seed]`: kills a process at random moments while it writes to a qcow2 image, and looks at what is left: what was
// flushed is there, and qemu-img check finds leaks at most (test/disk/kill.ts). Needs dist/.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const [rounds = "1000", seed = "1"] = process.argv.slice(2);
const root = fileURLToPath(new URL("..", import.meta.url));
const environments = { inline: { resolve: { conditions: ["wasmvisor-source"] } } };
const { module } = await runnerImport(`${root}test/disk/kill.ts`, {
  root,
  configFile: false,
  logLevel: "error",
  environments,
});
process.exitCode = (await module.kill(Number(rounds), Number(seed))) ? 0 : 1;
