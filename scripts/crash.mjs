// `npm run crash -- [rounds] [seed]`: kills a process at random moments while it writes to a qcow2 image, and looks at what is left: what was
// flushed is there, and qemu-img check finds leaks at most (test/disk/kill.ts). Needs dist/.
// `npm run crash -- guest [rounds] [seed]`: the same with a Linux that writes to ext4, and e2fsck (test/disk/kill-guest.ts). Needs
// `npm run guests:debian`.
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

const isGuest = process.argv[2] === "guest";
const [rounds = "1000", seed = "1"] = process.argv.slice(isGuest ? 3 : 2);
const root = fileURLToPath(new URL("..", import.meta.url));
const environments = { inline: { resolve: { conditions: ["wasmvisor-source"] } } };
const { module } = await runnerImport(`${root}test/disk/${isGuest ? "kill-guest" : "kill"}.ts`, {
  root,
  configFile: false,
  logLevel: "error",
  environments,
});
const kill = isGuest ? module.killGuests : module.kill;
process.exitCode = (await kill(Number(rounds), Number(seed))) ? 0 : 1;
