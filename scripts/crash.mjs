// `npm run crash -- [rounds] [seed]`: kills a process at random moments while it writes to a qcow2 image, and looks at what is left: what was
// flushed is there, and qemu-img check finds leaks at most (test/disk/kill.ts). Needs dist/.
// `npm run crash -- guest [rounds] [seed]`: the same with a Linux that writes to ext4, and e2fsck (test/disk/kill-guest.ts). Needs
// `npm run guests:debian`.
// `npm run crash -- fio [rounds] [seed]`: the same under fio with verification, from a snapshot of a Debian that has booted
// (test/disk/kill-fio.ts). Needs `npm run guests:debian -- --rootfs`.
// `npm run crash -- supervisor [rounds] [seed]`: kills the process that holds machines while it does what it is asked (test/lifecycle/kill.ts).
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/** What is killed: the file, and the function in it. */
const KINDS = {
  guest: ["test/disk/kill-guest.ts", "killGuests"],
  fio: ["test/disk/kill-fio.ts", "killFio"],
  supervisor: ["test/lifecycle/kill.ts", "killSupervisors"],
};
const kind = Object.hasOwn(KINDS, process.argv[2] ?? "") ? process.argv[2] : undefined;
const [file, name] = KINDS[kind] ?? ["test/disk/kill.ts", "kill"];
const [rounds = "1000", seed = "1"] = process.argv.slice(kind === undefined ? 2 : 3);
const root = fileURLToPath(new URL("..", import.meta.url));
const environments = { inline: { resolve: { conditions: ["wasmvisor-source"] } } };
const { module } = await runnerImport(`${root}${file}`, {
  root,
  configFile: false,
  logLevel: "error",
  environments,
});
process.exitCode = (await module[name](Number(rounds), Number(seed))) ? 0 : 1;
