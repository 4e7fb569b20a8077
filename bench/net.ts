/** What do a guest's networks cost, beside QEMU's `-netdev user`? iperf3, round trips and held connections of one guest; two VMs on a switch; the agent. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { GuestProcess } from "./support/guest-process.ts";
import { installed, median, progress } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const QUICK = process.argv.includes("--quick");
const ROUNDS = Number(process.env.WASMVISOR_BENCH_ROUNDS ?? (QUICK ? 1 : 3));
const MIB = 2 ** 20;
const MIBS = QUICK ? 64 : 256;
const TRIPS = QUICK ? 500 : 3000;
const CONNECTIONS = QUICK ? 500 : 5000;

const guests = (name: string) => new URL(`../.guests/${name}`, import.meta.url).pathname;

const BOOT = [
  ...["-M", "virt", "-nographic", "-m", "512M", "-kernel", guests("Image"), "-initrd", guests("initrd-root.cpio")],
  ...["-append", "console=ttyS0 wasmvisor.modules=all wasmvisor.dhcp quiet"],
];

type Maker = (forward: string) => readonly [string, ...string[]];

const TOOLS = `file=${guests("tools.img")},format=raw,snapshot=on`;

const OURS: Maker = (forward) => ["node", "dist/src/cli/main.js", ...BOOT, "-drive", TOOLS, "-nic", `user,${forward}`];

const QEMU: Maker = (forward) => [
  ...([
    "qemu-system-riscv64",
    ...BOOT,
    "-drive",
    `if=none,id=a,${TOOLS}`,
    "-device",
    "virtio-blk-device,drive=a",
  ] as const),
  ...["-netdev", `user,id=n,${forward}`, "-device", "virtio-net-device,netdev=n"],
];

/** A figure of one guest, in a unit that the row says. */
type Figures = Readonly<Record<string, number>>;

/** Takes connections and holds them. */
async function holder(): Promise<{ readonly server: Server; readonly port: number; readonly held: Set<Socket> }> {
  const held = new Set<Socket>();
  const server = createServer((socket) => {
    held.add(socket);
    socket.on("error", () => undefined).on("close", () => held.delete(socket));
  });
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 });
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port, held };
}

async function freePort(): Promise<number> {
  const { server, port } = await holder();
  server.close();
  return port;
}

async function iperfServer(port: number): Promise<ChildProcess> {
  const server = spawn("iperf3", ["-s", "-B", "127.0.0.1", "-p", String(port), "--forceflush"]);
  await once(server.stdout, "data");
  server.stdout.resume();
  return server;
}

const inDisk = (command: string) => `chroot /mnt ${command}`;

/** Mbit/s, and Mbit in a CPU second of the hypervisor, guest's work included. */
async function stream(guest: GuestProcess, port: number, direction: string): Promise<readonly [number, number]> {
  const command = (mibs: number) => inDisk(`/usr/bin/iperf3 -f k -c 10.0.2.2 -p ${port} -n ${mibs}M ${direction}`);
  await guest.run(command(16));
  const { seconds, text } = await guest.run(command(MIBS));
  const rate = /([\d.]+) Kbits\/sec\s+receiver/.exec(text);
  if (rate === null) throw new Error(`iperf3 has said: ${text}`);
  return [Number(rate[1]) / 1000, (MIBS * MIB * 8) / 1e6 / seconds];
}

/** Median microseconds of a byte to busybox's `nc -e cat` and back, and CPU microseconds of the hypervisor for each. */
async function roundTrips(guest: GuestProcess, port: number): Promise<readonly [number, number]> {
  await guest.run("(nc -ll -p 7 -e /bin/cat >/dev/null 2>&1 &); sleep 1");
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  const trip = async (): Promise<number> => {
    const start = performance.now();
    socket.write("x");
    await once(socket, "data");
    return 1000 * (performance.now() - start);
  };
  for (let i = 0; i < TRIPS / 5; i++) await trip();
  const [before, times] = [guest.seconds(), [] as number[]];
  for (let i = 0; i < TRIPS; i++) times.push(await trip());
  const cost = (1e6 * (guest.seconds() - before)) / TRIPS;
  socket.destroy();
  return [median(times), cost];
}

const HOLD = `use IO::Socket::INET; $| = 1; my ($to, $count) = @ARGV; my @s;
for (1 .. $count) { push @s, IO::Socket::INET->new($to) or die; } print "held:", scalar @s, "\\n"; <STDIN>;`.replaceAll(
  "\n",
  " ",
);

/** MiB of the hypervisor's memory that connections take, and CPU milliseconds of making one. */
async function connections(guest: GuestProcess): Promise<readonly [number, number]> {
  const { server, port, held } = await holder();
  try {
    await guest.run("ulimit -n 20000");
    const hold = (count: number) => inDisk(`/usr/bin/perl -e '${HOLD}' 10.0.2.2:${port} ${count}`);
    await guest.run(`echo | ${hold(100)}`);
    const [memory, seconds] = [guest.memory(), guest.seconds()];
    guest.write(`${hold(CONNECTIONS)}\n`);
    await guest.waitFor(new RegExp(`held:${CONNECTIONS}\\s`));
    if (held.size < CONNECTIONS) throw new Error(`the guest holds ${held.size} connections`);
    return [(guest.memory() - memory) / MIB, (1000 * (guest.seconds() - seconds)) / CONNECTIONS];
  } finally {
    for (const socket of held) socket.destroy();
    server.close();
  }
}

async function measure(make: Maker, iperfPort: number): Promise<Figures> {
  const echo = await freePort();
  const guest = new GuestProcess(make(`hostfwd=tcp:127.0.0.1:${echo}-:7`));
  try {
    await guest.waitFor(/Type 'poweroff' to leave\./);
    await guest.run("mount -t ext4 /dev/vda /mnt; for i in dev proc sys; do mount -o bind /$i /mnt/$i; done");
    const [up, upCost] = await stream(guest, iperfPort, "");
    const [down, downCost] = await stream(guest, iperfPort, "-R");
    const [trip, tripCost] = await roundTrips(guest, echo);
    const [held, heldCost] = await connections(guest);
    return { up, upCost, down, downCost, trip, tripCost, held, heldCost };
  } finally {
    await guest.end();
  }
}

/** Figures of both, in turn. */
async function beside(names: readonly ("ours" | "QEMU")[]): Promise<Map<string, Figures[]>> {
  const all = new Map<string, Figures[]>(names.map((name) => [name, []]));
  const port = await freePort();
  const server = await iperfServer(port);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        progress(`${name}, round ${round + 1} of ${ROUNDS}`);
        all.get(name)!.push(await measure(name === "ours" ? OURS : QEMU, port));
      }
    }
  } finally {
    server.kill();
  }
  progress("");
  return all;
}

const ROWS = [
  ["guest to host, Mbit/s", "up", "as QEMU; 2000"],
  ["guest to host, Mbit a CPU s", "upCost", ""],
  ["host to guest, Mbit/s", "down", "as QEMU; 2000"],
  ["host to guest, Mbit a CPU s", "downCost", ""],
  ["a byte to the guest and back, us", "trip", "QEMU + 150"],
  ["the same, CPU us", "tripCost", ""],
  [`${CONNECTIONS} connections, MiB`, "held", "200 for 10,000"],
  ["making one, CPU ms", "heldCost", ""],
] as const;

const digits = (value: number): string => String(Number(value.toPrecision(3)));

function rowsOf(all: ReadonlyMap<string, readonly Figures[]>): Row[] {
  return ROWS.map(([what, key, wanted]) => {
    const of = (name: string): number | undefined => {
      const figures = all.get(name);
      return figures === undefined ? undefined : median(figures.map((one) => one[key]!));
    };
    const [ours, qemu] = [of("ours")!, of("QEMU")];
    const compared = qemu === undefined ? {} : { QEMU: digits(qemu), ratio: digits(ours / qemu) };
    return { what, ours: digits(ours), ...compared, wanted };
  });
}

/** Two VMs on a switch, and what the agent does, in a process of their own. */
function inProcess(): Row[] {
  const args = ["bench/support/run-net.mjs", ...(QUICK ? ["--quick"] : [])];
  const { status, stdout } = spawnSync("node", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`bench/support/run-net.mjs failed (${status})`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Row[];
}

async function run(): Promise<Report> {
  const missing = !existsSync(guests("tools.img"))
    ? "Debian's files: npm run guests:debian"
    : installed("iperf3")
      ? undefined
      : "iperf3: apt-get install iperf3";
  if (missing !== undefined) return { question: bench.question, rows: [], notes: [`Needs ${missing}.`] };
  const all = await beside(installed("qemu-system-riscv64") ? ["ours", "QEMU"] : ["ours"]);
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0]!;
  return {
    question: bench.question,
    rows: [...rowsOf(all), ...inProcess()],
    notes: [
      `Medians of ${ROUNDS} interleaved rounds, each with guests booted anew: busybox on Debian's kernel, ${MIBS} MiB by iperf3, ${TRIPS} round trips.`,
      `CPU is user and system time of the whole process, the guest's own work included; the load of the machine was ${load} at the end.`,
      "Memory of connections includes what the guest keeps of them.",
    ],
  };
}

export const bench: Bench = { question: "What do a guest's networks cost, beside QEMU's -netdev user?", run };
