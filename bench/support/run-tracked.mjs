// run-tracked.mjs GUEST SCALE EPOCH: runs a guest behind page tables and prints the user seconds that took, as JSON. Stores are not
// tracked when EPOCH is "off"; else a new epoch begins every EPOCH milliseconds, or never when it is 0.

import { Host } from "../../dist/src/index.js";

const [guest, scale, epoch] = process.argv.slice(2);
const host = await Host.create();
const vm = await host.createVm({
  memory: "64M",
  bios: "none",
  kernel: new URL(`../../guests/bin/${guest}.elf`, import.meta.url),
  append: `scale=${scale} paged=1`,
});
const cpu = process.cpuUsage();
let epochs = 0;
let dirty = 0;
let timer;
if (epoch !== "off") {
  let since = vm.memory.trackStores();
  const ask = () => {
    const answer = vm.memory.dirtyFrames(since);
    since = answer.epoch;
    dirty += answer.pages.length;
    epochs++;
  };
  if (epoch !== "0") timer = setInterval(ask, Number(epoch));
}
vm.start();
const { code } = await vm.exited;
clearInterval(timer);
if (code !== 0) throw new Error(`${guest} ended with ${code}`);
console.log(JSON.stringify({ userSeconds: process.cpuUsage(cpu).user / 1e6, epochs, dirty }));
host.close();
process.exit(0);
