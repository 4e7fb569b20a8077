/** What do the verbs of a hypervisor cost: clone, snapshot, restore, share, balloon, track? `--quick` makes fewer of each. */

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { Host, type Template, type Vm, type VmConfig } from "../src/index.ts";
import { median, progress, runOnce } from "./support/measure.ts";
import { bench as multiplex } from "./multiplex.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const QUICK = process.argv.includes("--quick");
const MIB = 2 ** 20;

const guestFile = (name: string): string => fileURLToPath(new URL(`../.guests/${name}`, import.meta.url));

const debian = (more: Partial<VmConfig> = {}): VmConfig => ({
  kernel: guestFile("Image"),
  initrd: guestFile("initrd-modules.cpio"),
  append: "console=ttyS0 quiet wasmvisor.modules=virtio_mmio,virtio_balloon",
  memory: "256M",
  agent: true,
  ...more,
});

/** A value at which `part` of all are as low. */
function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]!;
}

const ms = (value: number): string => `${Number(value.toPrecision(3))} ms`;
const mib = (bytes: number): string => `${Number((bytes / MIB).toPrecision(3))} MiB`;

function row(what: string, got: string, spread: string, wanted: string): Row {
  return { what, got, spread, wanted };
}

/** Median, and the least and the most. */
function times(what: string, values: readonly number[], wanted: string): Row {
  const spread = `${ms(Math.min(...values))} to ${ms(Math.max(...values))}, of ${values.length}`;
  return row(what, ms(median(values)), spread, wanted);
}

async function timed(act: () => unknown): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function ready(vm: Vm): Promise<Vm> {
  if (vm.state === "created") vm.start();
  await vm.waitReady();
  const { code } = await vm.exec("true");
  if (code !== 0) throw new Error(`the guest answers ${code}`);
  return vm;
}

async function booted(host: Host, more?: Partial<VmConfig>): Promise<Vm> {
  const vm = await host.createVm(debian(more));
  vm.start();
  await vm.console.waitFor("Type 'poweroff' to leave.", 900_000);
  return ready(vm);
}

async function bytesOf(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());
}

/** What the parts have in common: a booted guest, and its snapshot in a file. */
interface Subject {
  readonly host: Host;
  readonly vm: Vm;
  readonly file: string;
}

type Part = (subject: Subject) => Promise<Row[]>;

async function clones({ vm }: Subject): Promise<Row[]> {
  const template = await vm.template();
  const rows: Row[] = [];
  try {
    const answers: number[] = [];
    const users: number[] = [];
    for (let index = 0; index < (QUICK ? 12 : 100); index++) {
      const cpu = process.cpuUsage();
      let clone: Vm | undefined;
      answers.push(await timed(async () => ready((clone = await template.clone()))));
      users.push(process.cpuUsage(cpu).user / 1000);
      await clone!.close();
    }
    rows.push(
      row(
        "clone to first answer, p50 and p99",
        `${ms(median(answers))}, ${ms(quantile(answers, 0.99))}`,
        `from ${ms(Math.min(...answers))}; user CPU ${ms(median(users))}`,
        "5 ms, 15 ms",
      ),
    );
    rows.push(...(await burst(template)));
  } finally {
    template.close();
  }
  return rows;
}

async function burst(template: Template<Vm>): Promise<Row[]> {
  const made: Vm[] = [];
  try {
    const cpu = process.cpuUsage();
    const all = await timed(async () => {
      for (let index = 0; index < 100; index++) made.push(await template.clone());
      await Promise.all(made.map(ready));
    });
    const user = process.cpuUsage(cpu).user / 1000;
    await pause(1000);
    const own = made.map(({ memory }) => {
      const { touchedBytes, sharedBytes } = memory.statistics();
      return touchedBytes - sharedBytes;
    });
    return [
      row("100 clones, each answering one request", ms(all), `user CPU ${ms(user)}`, "500 ms"),
      row(
        "frames of an idle clone's own",
        mib(median(own)),
        `${mib(Math.min(...own))} to ${mib(Math.max(...own))}`,
        "1 MiB",
      ),
    ];
  } finally {
    for (const clone of made) await clone.close();
  }
}

/** Machine memory of a clone that has answered: frames, and what the host keeps for it. */
async function cloneMemory({ host, vm }: Subject): Promise<Row[]> {
  const template = await vm.template();
  const before = host.allocatedBytes;
  const made = await Promise.all(Array.from({ length: 16 }, () => template.clone()));
  await Promise.all(made.map(ready));
  const each = (host.allocatedBytes - before) / made.length;
  for (const clone of made) await clone.close();
  template.close();
  return [row("address space of an idle clone: frames, p2m, harts, translator", mib(each), "mean of 16", "1 MiB")];
}

async function snapshots({ vm }: Subject): Promise<Row[]> {
  const full: number[] = [];
  const incremental: number[] = [];
  const pauses: number[] = [];
  let [fullBytes, changed] = [0, 0];
  for (let round = 0; round < (QUICK ? 2 : 5); round++) {
    full.push(await timed(async () => (fullBytes = (await bytesOf(vm.snapshot({ track: true }))).length)));
    const work = vm.exec("for i in $(seq 40); do md5sum /bin/busybox; done");
    await pause(1000);
    const start = performance.now();
    const { instructions } = vm.counters();
    const stream = vm.snapshot({ parent: vm.snapshotId! });
    pauses.push(await untilRuns(vm, instructions, start));
    incremental.push(await timed(async () => (changed = (await bytesOf(stream)).length)));
    await work;
  }
  return [
    row("", `${mib(vm.memory.statistics().touchedBytes)} touched`, `files: ${mib(fullBytes)} and ${mib(changed)}`, ""),
    times("snapshot, full, to memory", full, "500 ms"),
    times("incremental, after a second of work", incremental, "50 ms"),
    times("pause of the guest for that", pauses, "10 ms"),
  ];
}

/** Milliseconds until the guest has done more. */
async function untilRuns(vm: Vm, instructions: number, start: number): Promise<number> {
  while (vm.counters().instructions === instructions) await new Promise((resolve) => setImmediate(resolve));
  return performance.now() - start;
}

async function restores({ host, file }: Subject): Promise<Row[]> {
  const first = { eager: [] as number[], lazy: [] as number[] };
  const answer = { eager: [] as number[], lazy: [] as number[], set: [] as number[] };
  let workingSet: Uint8Array | undefined;
  let left = 0;
  for (let round = 0; round < (QUICK ? 3 : 10); round++) {
    for (const how of ["eager", "lazy", "set"] as const) {
      const lazy = how === "eager" ? false : how === "lazy" ? { background: false } : { workingSet: workingSet! };
      const start = performance.now();
      const vm = await host.restore(file, { lazy });
      vm.step();
      if (how !== "set") first[how].push(performance.now() - start);
      await ready(vm);
      answer[how].push(performance.now() - start);
      if (how === "lazy") {
        workingSet = vm.lazyRestore!.workingSet();
        left = vm.lazyRestore!.pagesLeft;
      }
      await vm.close();
    }
  }
  const used = ((workingSet?.length ?? 24) - 24) / 4;
  return [
    times("restore to first instruction", first.eager, "50 ms"),
    times("the same, lazily", first.lazy, "10 ms"),
    times("restore to first answer", answer.eager, ""),
    times("the same, lazily", answer.lazy, ""),
    times("the same, with the working set and the rest fetched beside it", answer.set, ""),
    row("blocks of 64 pages used until the first answer", String(used), `${left} pages never used`, ""),
  ];
}

/** Equal guests, each with RAM of its own. */
async function sharing({ file }: Subject): Promise<Row[]> {
  const count = QUICK ? 3 : 10;
  const host = await Host.create({ sharing: { leastPagesPerSecond: 50_000, mostPagesPerSecond: 50_000 } });
  const vms: Vm[] = [];
  for (let index = 0; index < count; index++) vms.push(await host.restore(file));
  await Promise.all(vms.map(ready));
  const touched = (): number => vms.reduce((sum, vm) => sum + vm.accounting().memory.touchedBytes, 0);
  const part = (): number => host.accounting().sharing!.savedBytes / touched();
  let most = 0;
  for (let second = 0; second < (QUICK ? 20 : 60) && part() > most - 0.001; second++) {
    most = Math.max(most, part());
    await pause(second < 10 ? 2000 : 1000);
  }
  const got = `${(100 * most).toFixed(1)}%`;
  const all = `${mib(touched())} in all`;
  host.close();
  return [row(`part of their pages that ${count} equal guests save`, got, all, "50%")];
}

/** What a balloon costs: a guest of 256 MiB with half of it taken, beside one of 128 MiB. */
async function balloon(): Promise<Row[]> {
  const host = await Host.create();
  const pressed = await booted(host, { balloon: true });
  const small = await booted(host, { memory: "128M" });
  pressed.balloon.setTarget(128 * MIB);
  for (let tries = 0; tries < 600 && pressed.balloon.size < 128 * MIB; tries++) await pause(50);
  const work = "for i in $(seq 60); do dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null; md5sum /tmp/a; done";
  const busy = async (vm: Vm): Promise<number> => {
    const before = vm.accounting().cpu.milliseconds;
    await vm.exec(work);
    return vm.accounting().cpu.milliseconds - before;
  };
  const ratios: number[] = [];
  for (let round = 0; round < (QUICK ? 2 : 7); round++) {
    const first = round % 2 === 0 ? await busy(pressed) : 0;
    const other = await busy(small);
    ratios.push((first || (await busy(pressed))) / other);
  }
  const held = mib(pressed.balloon.size);
  host.close();
  return [
    row(
      `a guest with ${held} in its balloon beside one born so`,
      `${median(ratios).toFixed(3)} of the time`,
      `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`,
      "1.05",
    ),
  ];
}

async function many({ vm }: Subject): Promise<Row[]> {
  const template = await vm.template();
  const vms: Vm[] = [];
  for (let index = 0; index < 50; index++) vms.push(await template.clone());
  const took = await timed(() => Promise.all(vms.map(ready)));
  const answers = await Promise.all(vms.map((one) => one.exec("cat /proc/uptime")));
  const well = answers.filter(({ code }) => code === 0).length;
  for (const one of vms) await one.close();
  template.close();
  return [row("50 VMs of 256 MiB in one host that answer", String(well), `all of them after ${ms(took)}`, "50")];
}

/** The guest `mix` does what CoreMark does, behind page tables. */
function tracking(): Promise<Row[]> {
  const run = (epoch: string): number => {
    const { output } = runOnce(["node", "bench/support/run-tracked.mjs", "mix", QUICK ? "1000" : "8000", epoch]);
    return (JSON.parse(output.split("\n")[0]!) as { readonly userSeconds: number }).userSeconds;
  };
  const ratios: number[] = [];
  for (let round = 0; round < (QUICK ? 2 : 5); round++) {
    const tracked = round % 2 === 0 ? run("1000") : 0;
    const plain = run("off");
    ratios.push((tracked || run("1000")) / plain);
  }
  const spread = `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}`;
  const got = `${median(ratios).toFixed(3)} of the user CPU`;
  return Promise.resolve([
    row("stores tracked, an epoch a second, work as CoreMark's in paged mode", got, spread, "1.05"),
  ]);
}

/** Shares and waking have a benchmark of their own. */
async function scheduling(): Promise<Row[]> {
  if (QUICK)
    return [row("16 VMs with shares 1:2:4; waking beside 15 that spin", "npm run bench -- multiplex", "", "2%, 20 ms")];
  const { rows } = await multiplex.run();
  return rows.map(({ what, got, wanted }) => row(String(what), String(got), "60 s", String(wanted)));
}

const PARTS: readonly (readonly [string, Part])[] = [
  ["clones", clones],
  ["memory of a clone", cloneMemory],
  ["snapshots", snapshots],
  ["restores", restores],
  ["many", many],
  ["sharing", sharing],
  ["balloon", balloon],
  ["tracking", tracking],
  ["scheduling", scheduling],
];

async function run(): Promise<Report> {
  const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-verbs-"));
  const host = await Host.create();
  const rows: Row[] = [];
  try {
    progress("a guest boots");
    const vm = await booted(host, { balloon: true });
    const file = path.join(folder, "vm.snap");
    await writeFile(file, await bytesOf(vm.snapshot()));
    await readFile(file);
    for (const [name, part] of PARTS) {
      progress(name);
      try {
        rows.push(...(await part({ host, vm, file })));
      } catch (error) {
        rows.push(row(name, `failed: ${error instanceof Error ? error.message : String(error)}`, "", ""));
      }
    }
  } finally {
    host.close();
    await rm(folder, { recursive: true });
  }
  progress("");
  return {
    question: bench.question,
    rows,
    notes: [
      "Debian's kernel with busybox, 256 MiB, an agent; wall time unless it says otherwise, medians with the least and the most.",
      "The process has one thread for all VMs; what else runs on the machine is in the times.",
      ...(QUICK ? ["A quick run: fewer rounds."] : []),
    ],
  };
}

export const bench: Bench = { question: "What do clone, snapshot, restore, share, balloon and track cost?", run };
