/** What do a guest's networks cost, beside QEMU's `-netdev user`? iperf3, round trips and held connections of one guest; two VMs on a switch; the agent. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { boot, guestFile, inDisk } from "./support/debian-guests.ts";
import type { GuestProcess } from "./support/guest-process.ts";
import { installed, median, progress, QUICK, roundsOf } from "./support/measure.ts";
import { agentOfQemu, betweenTwoOfQemu, type Joined, MIB, OURS, QEMU, receivedBy } from "./support/net-guests.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const ROUNDS = roundsOf(3);
const MIBS = QUICK ? 64 : 256;
const TRIPS = QUICK ? 500 : 3000;
const CONNECTIONS = QUICK ? 1000 : 10_000;
const RUNS = QUICK ? 20 : 200;

type Name = "ours" | "QEMU";
const MAKERS = { ours: OURS, QEMU };
/** QEMU's network looks at all of its connections for each event: a quarter of them shows what one takes. */
const HELD = { ours: CONNECTIONS, QEMU: CONNECTIONS / 4 };

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

/** Mbit/s, and Mbit in a CPU second of the hypervisor, guest's work included. */
async function stream(guest: GuestProcess, port: number, direction: string): Promise<readonly [number, number]> {
  const command = (mibs: number) => inDisk(`/usr/bin/iperf3 -f k -c 10.0.2.2 -p ${port} -n ${mibs}M ${direction}`);
  await guest.run(command(16));
  const { seconds, text } = await guest.run(command(MIBS));
  return [receivedBy(text), (MIBS * MIB * 8) / 1e6 / seconds];
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

/** MiB a second of a file on a share that is read in order, and MiB in a CPU second of the hypervisor. */
async function sequential(guest: GuestProcess): Promise<readonly [number, number]> {
  await guest.run("mkdir /share; mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 share /share");
  const read = () => guest.run("dd if=/share/file of=/dev/null bs=1M 2>/dev/null");
  await read();
  const start = performance.now();
  const { seconds } = await read();
  return [(1000 * MIBS) / (performance.now() - start), MIBS / seconds];
}

const HOLD = `use IO::Socket::INET; $| = 1; my ($to, $count) = @ARGV; my @s;
for (1 .. $count) { push @s, IO::Socket::INET->new($to) or die; } print "held:", scalar @s, "\\n"; <STDIN>;`.replaceAll(
  "\n",
  " ",
);

/** MiB of the hypervisor's memory that all connections take, as `count` of them show, and CPU milliseconds of making one. */
async function connections(guest: GuestProcess, count: number): Promise<readonly [number, number]> {
  const { server, port, held } = await holder();
  try {
    await guest.run("ulimit -n 20000");
    const hold = (count: number) => inDisk(`/usr/bin/perl -e '${HOLD}' 10.0.2.2:${port} ${count}`);
    await guest.run(`echo | ${hold(100)}`);
    const [memory, seconds] = [guest.memory(), guest.seconds()];
    guest.write(`${hold(count)}\n`);
    await guest.waitFor(new RegExp(`held:${count}\\s`));
    if (held.size < count) throw new Error(`the guest holds ${held.size} connections`);
    const taken = (guest.memory() - memory) / MIB;
    return [(taken * CONNECTIONS) / count, (1000 * (guest.seconds() - seconds)) / count];
  } finally {
    for (const socket of held) socket.destroy();
    server.close();
  }
}

/** @param holds - whether connections are held too, which takes longest and differs least */
async function measure(name: Name, iperfPort: number, folder: string, holds: boolean): Promise<Figures> {
  const echo = await freePort();
  const joined: Joined = { forward: `hostfwd=tcp:127.0.0.1:${echo}-:7`, folder };
  const guest = await boot(MAKERS[name](joined));
  try {
    const [up, upCost] = await stream(guest, iperfPort, "");
    const [down, downCost] = await stream(guest, iperfPort, "-R");
    const [trip, tripCost] = await roundTrips(guest, echo);
    const [read, readCost] = await sequential(guest);
    const figures = { up, upCost, down, downCost, trip, tripCost, read, readCost };
    if (!holds) return figures;
    const [held, heldCost] = await connections(guest, HELD[name]);
    return { ...figures, held, heldCost };
  } finally {
    await guest.end();
  }
}

/** Figures of both, in turn. */
async function beside(names: readonly Name[]): Promise<Map<string, Figures[]>> {
  const all = new Map<string, Figures[]>(names.map((name) => [name, []]));
  const port = await freePort();
  const server = await iperfServer(port);
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-bench-"));
  writeFileSync(path.join(folder, "file"), "");
  truncateSync(path.join(folder, "file"), MIBS * MIB);
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const name of names) {
        progress(`${name}, round ${round + 1} of ${ROUNDS}`);
        all.get(name)!.push(await measure(name, port, folder, round === 0));
      }
    }
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
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
  ["a shared file read in order (9p), MiB/s", "read", "as QEMU"],
  ["the same, MiB a CPU s", "readCost", ""],
  [`${CONNECTIONS} connections, MiB`, "held", "200 for 10,000"],
  ["making one, CPU ms", "heldCost", ""],
] as const;

const digits = (value: number): string => String(Number(value.toPrecision(3)));

function row(what: string, ours: number, qemu: number | undefined, wanted: string): Row {
  const compared = qemu === undefined ? {} : { QEMU: digits(qemu), ratio: digits(ours / qemu) };
  return { what, ours: digits(ours), ...compared, wanted };
}

function rowsOf(all: ReadonlyMap<string, readonly Figures[]>): Row[] {
  return ROWS.map(([what, key, wanted]) => {
    const of = (name: Name): number | undefined => {
      const figures = all.get(name)?.flatMap((one) => one[key] ?? []);
      return figures === undefined ? undefined : median(figures);
    };
    return row(what, of("ours")!, of("QEMU"), wanted);
  });
}

/** Two VMs on a switch, and what the agent does, in a process of their own. */
function inProcess(qemu: ReadonlyMap<string, number>): Row[] {
  const args = ["bench/support/run-net.mjs", ...(QUICK ? ["--quick"] : [])];
  const { status, stdout } = spawnSync("node", args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
  if (status !== 0) throw new Error(`bench/support/run-net.mjs failed (${status})`);
  const rows = JSON.parse(stdout.trim().split("\n").at(-1)!) as { what: string; ours: number; wanted: string }[];
  return rows.map(({ what, ours, wanted }) => row(what, ours, qemu.get(what), wanted));
}

async function run(): Promise<Report> {
  const missing = !existsSync(guestFile("tools.img"))
    ? "Debian's files: npm run guests:debian"
    : installed("iperf3")
      ? undefined
      : "iperf3: apt-get install iperf3";
  if (missing !== undefined) return { question: bench.question, rows: [], notes: [`Needs ${missing}.`] };
  const hasQemu = installed("qemu-system-riscv64");
  const all = await beside(hasQemu ? ["ours", "QEMU"] : ["ours"]);
  const pair = hasQemu ? await betweenTwoOfQemu(MIBS) : [];
  const agent = hasQemu ? await agentOfQemu(RUNS) : [];
  const load = readFileSync("/proc/loadavg", "utf8").split(" ")[0]!;
  return {
    question: bench.question,
    rows: [...rowsOf(all), ...inProcess(new Map([...pair, ...agent]))],
    notes: [
      `Medians of ${ROUNDS} interleaved rounds, each with guests booted anew: busybox on Debian's kernel, ${MIBS} MiB by iperf3, ${TRIPS} round trips.`,
      `CPU is user and system time of the whole process, the guest's own work included; the load of the machine was ${load} at the end.`,
      `Memory of connections includes what the guest keeps of them; QEMU's is four times that of ${HELD.QEMU}. They are held in the first round alone.`,
      "VM to VM: ours are two VMs of one thread on a switch, QEMU's two processes with -netdev stream. The agent in QEMU's guest is the same, spoken to by the same code.",
    ],
  };
}

export const bench: Bench = { question: "What do a guest's networks cost, beside QEMU's -netdev user?", run };
