// run-net.mjs [--quick]: two VMs of one host send to each other through a switch, and an agent runs and copies; prints rows of JSON, figures as numbers.

import { Host, Switch } from "../../dist/src/index.js";
import { guestFile, median, MIB } from "./in-process.mjs";

const QUICK = process.argv.includes("--quick");
const MIBS = QUICK ? 32 : 256;
const RUNS = QUICK ? 20 : 200;

async function boot(host, backend, number) {
  const vm = await host.createVm({
    memory: "256M",
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-root.cpio"),
    append: "console=ttyS0 wasmvisor.modules=all quiet",
    drives: [{ source: guestFile("tools.img"), format: "raw", snapshot: true }],
    networks: [{ backend, mac: `52:54:00:00:00:0${number}` }],
    agent: true,
  });
  vm.start();
  await vm.console.waitFor("Type 'poweroff' to leave.", 900_000);
  await run(vm, "mount -t ext4 /dev/vda /mnt; for i in dev proc sys; do mount -o bind /$i /mnt/$i; done");
  await run(vm, `ip addr add 10.0.0.${number}/24 dev eth0; ip link set eth0 up; ip link set lo up`);
  return vm;
}

async function run(vm, command) {
  const { code, stdout, stderr } = await vm.exec(command);
  if (code !== 0) throw new Error(`${command} failed in the guest: ${stdout}${stderr}`);
  return stdout;
}

/** What `act` takes: wall and CPU milliseconds. */
async function timed(act) {
  const cpu = process.cpuUsage();
  const start = performance.now();
  await act();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  return { wall, cpu: (user + system) / 1000 };
}

async function betweenTwo(one, two) {
  await run(two, "chroot /mnt /usr/bin/iperf3 -s -D; sleep 1");
  const client = (mibs) => run(one, `chroot /mnt /usr/bin/iperf3 -f k -c 10.0.0.2 -n ${mibs}M`);
  await client(16);
  let text;
  const { cpu } = await timed(async () => (text = await client(MIBS)));
  const rate = Number(/([\d.]+) Kbits\/sec\s+receiver/.exec(text)[1]) / 1000;
  return [
    { what: "VM to VM, Mbit/s", ours: rate, wanted: "3000" },
    { what: "VM to VM, Mbit a CPU s", ours: (MIBS * MIB * 8) / 1000 / cpu, wanted: "" },
  ];
}

async function repeated(what, wanted, act) {
  for (let i = 0; i < RUNS / 2; i++) await act();
  const all = [];
  for (let i = 0; i < RUNS; i++) all.push(await timed(act));
  return [
    { what: `${what}, ms`, ours: median(all.map(({ wall }) => wall)), wanted },
    { what: `${what}, CPU ms`, ours: all.reduce((sum, { cpu }) => sum + cpu, 0) / RUNS, wanted: "" },
  ];
}

const host = await Host.create();
const network = new Switch();
const one = await boot(host, network.port(), 1);
const two = await boot(host, network.port(), 2);
const rows = await betweenTwo(one, two);
await two.close();
const bytes = new Uint8Array(MIB).fill(0x5a);
rows.push(
  ...(await repeated('vm.exec("true")', "5", () => one.exec("true"))),
  ...(await repeated('vm.exec(["/bin/true"])', "", () => one.exec(["/bin/true"]))),
  ...(await repeated("1 MiB copied in", "20", () => one.writeFile("/tmp/copied", bytes))),
  ...(await repeated("1 MiB copied out", "", () => one.readFile("/tmp/copied"))),
);
console.log(JSON.stringify(rows));
host.close();
