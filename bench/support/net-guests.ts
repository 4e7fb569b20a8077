/** Guests of `bench/net.ts` in processes of their own, ours and QEMU's: busybox on Debian's kernel, with Debian's programs on a disk. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import path from "node:path";
import { Readable } from "node:stream";
import { AgentClient } from "../../src/vmm/agent/client.ts";
import { AgentFiles, chunksOf, collect } from "../../src/vmm/agent/files.ts";
import { withAgent } from "../../src/vmm/agent/inject.ts";
import { AGENT_PORT } from "../../src/vmm/agent/port-name.ts";
import { exec } from "../../src/vmm/agent/process.ts";
import { boot, bootWords, diskOf, guestFile, inDisk, INITRD, QUIET } from "./debian-guests.ts";
import { GuestProcess } from "./guest-process.ts";
import { median } from "./measure.ts";

export const MIB = 2 ** 20;

const TOOLS = diskOf("tools.img");
const WITH_DHCP = `${QUIET} wasmvisor.dhcp`;
/** With 9p. */
const INITRD_MODULES = guestFile("initrd-modules.cpio");

/** What a guest has beside its disk. */
export interface Joined {
  /** A forward to its echo. */
  readonly forward: string;
  /** A folder that it may mount, as `share`. */
  readonly folder: string;
}

export const OURS = ({ forward, folder }: Joined): readonly [string, ...string[]] => [
  ...(["node", "dist/src/cli/main.js", ...bootWords(INITRD_MODULES, WITH_DHCP), ...TOOLS.ours] as const),
  ...["-nic", `user,${forward}`, "-virtfs", `local,path=${folder},mount_tag=share,security_model=none`],
];

export const QEMU = ({ forward, folder }: Joined): readonly [string, ...string[]] => [
  ...(["qemu-system-riscv64", ...bootWords(INITRD_MODULES, WITH_DHCP), ...TOOLS.QEMU] as const),
  ...["-netdev", `user,id=n,${forward}`, "-device", "virtio-net-device,netdev=n"],
  ...["-fsdev", `local,id=s,path=${folder},security_model=none`],
  ...["-device", "virtio-9p-device,fsdev=s,mount_tag=share"],
];

/** What iperf3 says that has come, in Mbit/s. */
export function receivedBy(text: string): number {
  const rate = /([\d.]+) Kbits\/sec\s+receiver/.exec(text);
  if (rate === null) throw new Error(`iperf3 has said: ${text}`);
  return Number(rate[1]) / 1000;
}

/** Two guests of QEMU's with a cable between them: Mbit/s by iperf3, and Mbit in a CPU second of both. */
export async function betweenTwoOfQemu(mibs: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-bench-"));
  const guests: GuestProcess[] = [];
  try {
    for (const number of [1, 2]) {
      const end = `stream,id=n,server=${number === 1 ? "on" : "off"},addr.type=unix,addr.path=${folder}/cable`;
      const network = ["-netdev", end, "-device", `virtio-net-device,netdev=n,mac=52:54:00:00:00:0${number}`];
      const guest = await boot(["qemu-system-riscv64", ...bootWords(INITRD, QUIET, "256M"), ...TOOLS.QEMU, ...network]);
      guests.push(guest);
      await guest.run(`ip addr add 10.0.0.${number}/24 dev eth0; ip link set eth0 up; ip link set lo up`);
    }
    const [one, two] = guests as [GuestProcess, GuestProcess];
    await two.run(inDisk("/usr/bin/iperf3 -s -D; sleep 1"));
    const client = (amount: number) => one.run(inDisk(`/usr/bin/iperf3 -f k -c 10.0.0.2 -n ${amount}M`));
    await client(16);
    const before = one.seconds() + two.seconds();
    const { text } = await client(mibs);
    const seconds = one.seconds() + two.seconds() - before;
    return new Map([
      ["VM to VM, Mbit/s", receivedBy(text)],
      ["VM to VM, Mbit a CPU s", (mibs * MIB * 8) / 1e6 / seconds],
    ]);
  } finally {
    for (const guest of guests) await guest.end();
    rmSync(folder, { recursive: true });
  }
}

/** Median milliseconds of what `act` does, and CPU milliseconds of the guest's process. */
async function repeated(
  guest: GuestProcess,
  runs: number,
  act: () => Promise<unknown>,
): Promise<readonly [number, number]> {
  for (let i = 0; i < runs / 2; i++) await act();
  const [before, times] = [guest.seconds(), [] as number[]];
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await act();
    times.push(performance.now() - start);
  }
  return [median(times), (1000 * (guest.seconds() - before)) / runs];
}

async function agentOver(socket: Socket): Promise<AgentClient> {
  const client = new AgentClient({
    output: Readable.toWeb(socket),
    write: (data) => new Promise<void>((resolve) => void socket.write(data, () => resolve())),
  });
  await client.ready(AbortSignal.timeout(120_000));
  return client;
}

/** The same agent in a guest of QEMU's, spoken to by the same code: what a guest's own work is without us. */
export async function agentOfQemu(runs: number): Promise<Map<string, number>> {
  const folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-bench-"));
  const program = readFileSync(new URL("../../guests/bin/agent.elf", import.meta.url));
  const { initrd, append } = withAgent({ initrd: readFileSync(INITRD), append: QUIET }, program);
  writeFileSync(path.join(folder, "initrd"), initrd);
  const port = ["-chardev", `socket,path=${folder}/agent,server=on,wait=off,id=a`, "-device", "virtio-serial-device"];
  const guest = new GuestProcess([
    ...(["qemu-system-riscv64", ...bootWords(path.join(folder, "initrd"), append ?? QUIET, "256M"), ...port] as const),
    ...["-device", `virtserialport,chardev=a,name=${AGENT_PORT}`],
  ]);
  try {
    await guest.waitFor(/Type 'poweroff' to leave\./);
    const socket = connect(path.join(folder, "agent"));
    await once(socket, "connect");
    const client = await agentOver(socket);
    const files = new AgentFiles(client);
    const bytes = new Uint8Array(MIB).fill(0x5a);
    const acts: readonly [string, () => Promise<unknown>][] = [
      ['vm.exec("true")', () => exec(client, "true", {})],
      ['vm.exec(["/bin/true"])', () => exec(client, ["/bin/true"], {})],
      ["1 MiB copied in", () => files.write("/tmp/copied", chunksOf(bytes))],
      ["1 MiB copied out", () => collect(files.read("/tmp/copied"), MIB, () => new Error("it is too long"))],
    ];
    const figures = new Map<string, number>();
    for (const [what, act] of acts) {
      const [wall, cpu] = await repeated(guest, runs, act);
      figures.set(`${what}, ms`, wall).set(`${what}, CPU ms`, cpu);
    }
    socket.destroy();
    return figures;
  } finally {
    await guest.end();
    rmSync(folder, { recursive: true });
  }
}
