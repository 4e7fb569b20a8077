/** What do shares, caps and reservations give VMs on one thread, and how long does one wait that has been woken? */

import { Host, type Vm, type VmConfig } from "../src/index.ts";
import { flatGuest } from "../test/support/guest.ts";
import { progress } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const SECONDS = 60;

const SPIN = "again: addi t0, t0, 1\nj again";

/** Sleeps by its timer for 10 ms, again and again. */
const SLEEPER = `
  li t0, 128
  csrw mie, t0
  again:
  csrr t1, time
  li t2, 100000
  add t1, t1, t2
  li t0, 0x02004000
  sd t1, 0(t0)
  wfi
  j again`;

const config = (source: string, cpu: VmConfig["cpu"] = {}): VmConfig => ({
  memory: "2M",
  bios: "none",
  kernel: flatGuest(source),
  cpu,
});

const row = (what: string, got: string, wanted: string): Row => ({ what, got, wanted });

const percent = (value: number): string => `${(100 * value).toFixed(2)}%`;

/** Runs VMs for some seconds: the part of the thread that each has got. */
async function parts(host: Host, vms: readonly Vm[]): Promise<number[]> {
  const before = vms.map((vm) => vm.accounting().cpu.milliseconds);
  const from = host.accounting().milliseconds;
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const elapsed = host.accounting().milliseconds - from;
  return vms.map((vm, index) => (vm.accounting().cpu.milliseconds - before[index]!) / elapsed);
}

async function start(host: Host, configs: readonly VmConfig[]): Promise<Vm[]> {
  const vms: Vm[] = [];
  for (const one of configs) vms.push(await host.createVm(one));
  for (const vm of vms) vm.start();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return vms;
}

async function shares(host: Host): Promise<Row[]> {
  const wanted = Array.from({ length: 16 }, (_, index) => 2 ** (index % 3));
  const vms = await start(
    host,
    wanted.map((part) => config(SPIN, { shares: 100 * part })),
  );
  const got = await parts(host, vms);
  const [sum, total] = [got.reduce((a, b) => a + b), wanted.reduce((a, b) => a + b)];
  const weighted = got.map((part, index) => part / sum / (wanted[index]! / total));
  const jain = weighted.reduce((a, b) => a + b) ** 2 / (16 * weighted.reduce((a, b) => a + b * b, 0));
  const error = Math.max(...weighted.map((part) => Math.abs(part - 1)));
  return [
    row("16 VMs, shares 1:2:4: largest error", percent(error), "2%"),
    row("the same: Jain index", jain.toFixed(5), "0.99"),
    row("the same: part of the time that VMs run", percent(sum), ""),
  ];
}

async function limits(host: Host): Promise<Row[]> {
  const vms = await start(host, [
    config(SPIN, { reservation: 0.4 }),
    config(SPIN, { cap: 0.1, shares: 1000 }),
    ...Array.from({ length: 8 }, () => config(SPIN)),
  ]);
  const [reserved = 0, capped = 0] = await parts(host, vms);
  return [
    row("a reservation of 40% beside 9 others", percent(reserved), "39.2% or more"),
    row("a cap of 10% with ten times the shares", percent(capped), "10.2% or less"),
  ];
}

/** Milliseconds in which 99 of 100 were through. */
function percentile(latency: readonly number[], before: readonly number[]): number {
  const bins = latency.map((count, bin) => count - before[bin]!);
  const most = 0.01 * bins.reduce((a, b) => a + b);
  let later = 0;
  for (let bin = bins.length - 1; bin >= 0; bin--) if ((later += bins[bin]!) > most) return 2 ** bin / 1000;
  return 0;
}

async function waking(host: Host): Promise<Row[]> {
  const [sleeper] = await start(host, [config(SLEEPER), ...Array.from({ length: 15 }, () => config(SPIN))]);
  const before = sleeper!.accounting().cpu;
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1000));
  const { cpu } = sleeper!.accounting();
  const wakeUps = cpu.wakeUps - before.wakeUps;
  const waited = (cpu.waitedMilliseconds - before.waitedMilliseconds) / wakeUps;
  return [
    row(`waking beside 15 that never sleep, ${wakeUps} times: mean`, `${waited.toFixed(2)} ms`, ""),
    row("the same: 99 of 100 in less than", `${percentile(cpu.wakeUpLatency, before.wakeUpLatency)} ms`, "20 ms"),
  ];
}

async function run(): Promise<Report> {
  const rows: Row[] = [];
  for (const part of [shares, limits, waking]) {
    progress(part.name);
    const host = await Host.create();
    rows.push(...(await part(host)));
    host.close();
  }
  progress("");
  return { question: bench.question, rows, notes: [`Each of three runs takes ${SECONDS} seconds.`] };
}

export const bench: Bench = {
  question: "What do shares, caps and reservations give VMs on one thread?",
  run,
};
