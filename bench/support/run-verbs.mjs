// run-verbs.mjs [--quick] [--only NAME]: clones, keeps, restores, shares and presses Debian guests, and prints what it took as rows of JSON.

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { Host } from "../../dist/src/index.js";
import { booted, line, median, MIB, pause, progress, quantile, ready } from "./in-process.mjs";

const QUICK = process.argv.includes("--quick");
const ms = (value) => `${Number(value.toPrecision(3))} ms`;
const mib = (bytes) => `${Number((bytes / MIB).toPrecision(3))} MiB`;

function row(what, got, spread, wanted) {
  return { what, got, spread, wanted };
}

/** Median, and the least and the most. */
function times(what, values, wanted) {
  const spread = `${ms(Math.min(...values))} to ${ms(Math.max(...values))}, of ${values.length}`;
  return row(what, ms(median(values)), spread, wanted);
}

async function timed(act) {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

async function bytesOf(stream) {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

async function clones({ vm }) {
  const template = await vm.template();
  const rows = [];
  try {
    const answers = [];
    const users = [];
    for (let index = 0; index < (QUICK ? 12 : 100); index++) {
      const cpu = process.cpuUsage();
      let clone;
      answers.push(await timed(async () => ready((clone = await template.clone()))));
      users.push(process.cpuUsage(cpu).user / 1000);
      await clone.close();
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

async function burst(template) {
  const made = [];
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
async function cloneMemory({ host, vm }) {
  const template = await vm.template();
  const before = host.allocatedBytes;
  const made = await Promise.all(Array.from({ length: 16 }, () => template.clone()));
  await Promise.all(made.map(ready));
  const each = (host.allocatedBytes - before) / made.length;
  for (const clone of made) await clone.close();
  template.close();
  return [row("address space of an idle clone: frames, p2m, harts, translator", mib(each), "mean of 16", "1 MiB")];
}

/** Work that outlasts what is measured: who is idle looks as if it stood still. */
const WORK = "end=$(($(date +%s) + 3)); while [ $(date +%s) -lt $end ]; do md5sum /bin/busybox; done";

async function snapshots({ vm }) {
  const full = [];
  const incremental = [];
  const pauses = [];
  let [fullBytes, changed] = [0, 0];
  for (let round = 0; round < (QUICK ? 2 : 5); round++) {
    full.push(await timed(async () => (fullBytes = (await bytesOf(vm.snapshot({ track: true }))).length)));
    const work = vm.exec(WORK);
    await pause(1000);
    const start = performance.now();
    const { instructions } = vm.counters();
    const stream = vm.snapshot({ parent: vm.snapshotId });
    await untilRuns(vm, instructions);
    pauses.push(performance.now() - start);
    incremental.push(await timed(async () => (changed = (await bytesOf(stream)).length)));
    await work;
  }
  return [
    row(
      "the guest",
      `${mib(vm.memory.statistics().touchedBytes)} touched`,
      `files: ${mib(fullBytes)} and ${mib(changed)}`,
      "",
    ),
    times("snapshot, full, to memory", full, "500 ms"),
    times("incremental, after a second of work", incremental, "50 ms"),
    times("pause of the guest for that", pauses, "10 ms"),
  ];
}

/** Waits until the guest has done more. */
async function untilRuns(vm, instructions) {
  while (vm.counters().instructions === instructions) await new Promise((resolve) => setImmediate(resolve));
}

/** Ways to restore: at once, lazily, with the pages of the working set first, and from a `Blob`, whose pages come late. */
const WAYS = ["eager", "lazy", "set", "blob"];
const timesOfWays = () => Object.fromEntries(WAYS.map((way) => [way, []]));

/** @param late - whether the pages that it needs must come first */
async function firstStep(vm, late) {
  if (!late) return vm.step();
  const { instructions } = vm.counters();
  vm.start();
  await untilRuns(vm, instructions);
}

async function restores({ host, file }) {
  const blob = new Blob([await readFile(file)]);
  const [first, answer] = [timesOfWays(), timesOfWays()];
  let workingSet;
  let left = 0;
  for (let round = 0; round < (QUICK ? 3 : 10); round++) {
    for (const way of WAYS) {
      const alone = { background: false };
      const lazy = { eager: false, lazy: alone, set: { workingSet }, blob: alone }[way];
      const start = performance.now();
      const vm = await host.restore(way === "blob" ? blob : file, { lazy });
      await firstStep(vm, way === "blob");
      first[way].push(performance.now() - start);
      await ready(vm);
      answer[way].push(performance.now() - start);
      if (way === "lazy") {
        workingSet = vm.lazyRestore.workingSet();
        left = vm.lazyRestore.pagesLeft;
      }
      await vm.close();
    }
  }
  const used = ((workingSet?.length ?? 24) - 24) / 4;
  return [
    times("restore to first instruction", first.eager, "50 ms"),
    times("the same, lazily", first.lazy, "10 ms"),
    times("the same, lazily from a Blob, whose pages come late", first.blob, ""),
    times("restore to first answer", answer.eager, ""),
    times("the same, lazily", answer.lazy, ""),
    times("the same, with the working set and the rest fetched beside it", answer.set, ""),
    times("the same, lazily from a Blob, whose pages come late", answer.blob, ""),
    row("blocks of 64 pages used until the first answer", String(used), `${left} pages never used`, ""),
  ];
}

/** Equal guests, each with RAM of its own. */
async function sharing({ file }) {
  const count = QUICK ? 3 : 10;
  const host = await Host.create({ sharing: { leastPagesPerSecond: 50_000, mostPagesPerSecond: 50_000 } });
  const vms = [];
  for (let index = 0; index < count; index++) vms.push(await host.restore(file));
  await Promise.all(vms.map(ready));
  const touched = () => vms.reduce((sum, vm) => sum + vm.accounting().memory.touchedBytes, 0);
  const part = () => host.accounting().sharing.savedBytes / touched();
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

/** What a balloon costs: a guest of 256 MiB with a quarter of it taken, beside one of 192 MiB. */
async function balloon() {
  const host = await Host.create();
  const pressed = await booted(host, { balloon: true });
  const small = await booted(host, { memory: "192M" });
  pressed.balloon.setTarget(64 * MIB);
  for (let tries = 0; tries < 600 && pressed.balloon.size < 64 * MIB; tries++) await pause(50);
  const work = "for i in $(seq 60); do dd if=/dev/urandom of=/tmp/a bs=64k count=16 2>/dev/null; md5sum /tmp/a; done";
  const busy = async (vm) => {
    const before = vm.accounting().cpu.milliseconds;
    await vm.exec(work);
    return vm.accounting().cpu.milliseconds - before;
  };
  const ratios = [];
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

/** Writes files in memory for ever. */
const WRITER = "while :; do dd if=/dev/urandom of=/tmp/load bs=64k count=64 conv=notrunc; done";

/** A guest that writes files in memory is moved from one host to another and back. */
async function moves(file, options) {
  const hosts = [await Host.create(), await Host.create()];
  let vm = await ready(await hosts[0].restore(file));
  await vm.exec(`(${WRITER}) >/dev/null 2>&1 & sleep 1`);
  const [downtimes, pages, rounds, users] = [[], [], [], []];
  for (let round = 0; round < (QUICK ? 3 : 9); round++) {
    const [source, destination] = line();
    const cpu = process.cpuUsage();
    const [arrived, moved] = await Promise.all([
      hosts[(round + 1) % 2].receive(destination),
      vm.migrateTo(source, options),
    ]);
    await arrived.postCopy?.done;
    users.push(process.cpuUsage(cpu).user / 1000);
    downtimes.push(moved.downtime);
    pages.push((moved.pages * 4096) / vm.memory.statistics().touchedBytes);
    rounds.push(moved.rounds);
    vm.destroy();
    vm = arrived;
    await ready(vm);
  }
  for (const host of hosts) host.close();
  return { downtimes, pages, rounds, users };
}

const range = (values, text) => `${text(Math.min(...values))} to ${text(Math.max(...values))}`;

async function migration({ file }) {
  const pre = await moves(file, { downtime: 60 });
  const post = await moves(file, { mode: "post" });
  const part = (value) => value.toFixed(3);
  const cpu = ({ users }) => row("user CPU of both sides", ms(median(users)), range(users, ms), "");
  const rounds = `${range(pre.pages, part)}; ${range(pre.rounds, String)} rounds`;
  return [
    times("migration of a guest that writes, 60 ms asked for: it stands still", pre.downtimes, "60 ms"),
    row("pages sent by that, of those that it has touched", part(median(pre.pages)), rounds, "1.5 of RAM"),
    cpu(pre),
    times("the same by post-copy: it stands still before it runs there", post.downtimes, ""),
    row("pages sent by that", part(median(post.pages)), range(post.pages, part), ""),
    cpu(post),
  ];
}

/** User CPU of reading a file in a guest's memory again and again, and how often pages came and went. */
async function readAgain(options) {
  const host = await Host.create(options);
  const vm = await booted(host, { memory: "384M" });
  const make = "for i in $(seq 96); do cat /tmp/one; done >/tmp/file; test $(wc -c </tmp/file) = 100663296";
  const { code, stderr } = await vm.exec(`dd if=/dev/urandom of=/tmp/one bs=64k count=16 2>/dev/null; ${make}`);
  if (code !== 0) throw new Error(`the file: ${stderr.slice(0, 200)}`);
  const moves = () => {
    const { written = 0, returned = 0 } = host.accounting().paging ?? {};
    return { written, returned };
  };
  const read = () => vm.exec("md5sum /tmp/file");
  await read();
  const [before, cpu] = [moves(), process.cpuUsage()];
  for (let round = 0; round < (QUICK ? 2 : 6); round++) await read();
  const user = process.cpuUsage(cpu).user / 1000;
  const { written, returned } = moves();
  await host.close();
  return { user, out: written - before.written, back: returned - before.returned };
}

/** What a page that leaves and comes back costs, and how much RAM one host can have. */
async function paging({ file }) {
  const plain = await readAgain({});
  const paged = await readAgain({ paging: true, maxMemory: 192 * MIB });
  const each = (1000 * (paged.user - plain.user)) / Math.max(1, paged.back);
  const count = 4;
  const most = 320 * MIB;
  const host = await Host.create({ paging: true, maxMemory: most });
  const vms = [];
  for (let index = 0; index < count; index++) vms.push(await host.restore(file));
  await Promise.all(vms.map(ready));
  const answers = await Promise.all(vms.map((one) => one.exec("true")));
  const well = answers.filter(({ code }) => code === 0).length;
  const { storedBytes, pages } = host.accounting().paging;
  host.close();
  return [
    row(
      "a page that leaves and comes back, compressed in memory",
      `${each.toFixed(0)} us of user CPU`,
      `${paged.out} left, ${paged.back} came back; ${ms(plain.user)} without, ${ms(paged.user)} with`,
      "",
    ),
    row(
      `RAM of ${well} of ${count} VMs that answer, over the host's memory`,
      ((count * 256 * MIB) / most).toFixed(2),
      `${mib(most)}; ${mib(pages * 4096)} in ${mib(storedBytes)} of the store`,
      "",
    ),
  ];
}

async function many({ vm }) {
  const template = await vm.template();
  const vms = [];
  for (let index = 0; index < 50; index++) vms.push(await template.clone());
  const took = await timed(() => Promise.all(vms.map(ready)));
  const answers = await Promise.all(vms.map((one) => one.exec("cat /proc/uptime")));
  const well = answers.filter(({ code }) => code === 0).length;
  for (const one of vms) await one.close();
  template.close();
  return [row("50 VMs of 256 MiB in one host that answer", String(well), `all of them after ${ms(took)}`, "50")];
}

const PARTS = [
  ["clones", clones],
  ["memory of a clone", cloneMemory],
  ["snapshots", snapshots],
  ["restores", restores],
  ["many", many],
  ["sharing", sharing],
  ["balloon", balloon],
  ["migration", migration],
  ["paging", paging],
];
const only = process.argv[process.argv.indexOf("--only") + 1];
const chosen = process.argv.includes("--only") ? PARTS.filter(([name]) => name === only) : PARTS;

const folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-verbs-"));
const host = await Host.create();
const rows = [];
try {
  progress("a guest boots");
  const vm = await booted(host, { balloon: true });
  const file = path.join(folder, "vm.snap");
  await writeFile(file, await bytesOf(vm.snapshot()));
  for (const [name, part] of chosen) {
    progress(name);
    try {
      const got = await part({ host, vm, file });
      for (const { what, got: value, spread } of got) progress(`  ${what}: ${value} (${spread})`);
      rows.push(...got);
    } catch (error) {
      rows.push(row(name, `failed: ${error instanceof Error ? error.message : String(error)}`, "", ""));
    }
  }
} finally {
  host.close();
  await rm(folder, { recursive: true });
}
console.log(JSON.stringify(rows));
process.exit(0);
