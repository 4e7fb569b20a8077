// Waldspurger's figure 3: the throughput of a guest that was ballooned down to a size beside that of one which was born with it. The guests
// read pieces of a disk at random, which their page cache holds as far as they have memory.

import { Host } from "../../../dist/src/index.js";
import { booted, median, MIB, pause, progress } from "../in-process.mjs";

/** MiB of RAM, of which the kernel and the initial RAM disk leave 100 less. */
const BORN = 256;
const DISK_MIB = 112;
/** So slow that its time is more than that of the guest's work, also on a busy machine. */
const DISK = { limits: { bytes: 6 * MIB, bytesBurst: MIB } };

/** Numbers below `most` that look random, and are the same each time. */
function numbers(count, most, seed) {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * most);
  });
}

function disk() {
  const source = new Uint8Array(DISK_MIB * MIB);
  for (let at = 0; at < source.length; at += 65_536) crypto.getRandomValues(source.subarray(at, at + 65_536));
  return new Blob([source]);
}

/** Its disk stays open: who closes it last throws its pages away. */
async function guest(host, source, memory, more = {}) {
  const config = { memory: `${memory}M`, drives: [{ source, ...DISK }], ...more };
  const vm = await booted(host, config, ["virtio_blk"]);
  await exec(vm, "sleep 86400 </dev/vda >/dev/null &");
  return vm;
}

async function exec(vm, command) {
  const { code } = await vm.exec(`(${command}) 2>/dev/null`, { timeout: 300_000 });
  if (code !== 0) throw new Error(`the guest cannot read its disk: ${code}`);
}

/** MiB a second. */
async function throughput(vm, pieces) {
  const begun = performance.now();
  await exec(vm, `for i in ${pieces.join(" ")}; do dd if=/dev/vda of=/dev/null bs=1M count=1 skip=$i || exit 1; done`);
  return (1000 * pieces.length) / (performance.now() - begun);
}

async function pressed(host, source, memory) {
  const vm = await guest(host, source, BORN, { balloon: true });
  const target = (BORN - memory) * MIB;
  vm.balloon.setTarget(target);
  for (let tries = 0; vm.balloon.size < target; tries++) {
    if (tries > 600) throw new Error(`the balloon stays at ${vm.balloon.size / MIB} MiB`);
    await pause(50);
  }
  return vm;
}

/** Of both in turn, so that what else the machine does hits both alike. */
async function compare(source, memory, quick) {
  const host = await Host.create({ worker: false });
  const [ballooned, born] = await Promise.all([pressed(host, source, memory), guest(host, source, memory)]);
  const [count, rounds] = quick ? [8, 1] : [72, 2];
  // What is read first fills their caches.
  const fill = `dd if=/dev/vda of=/dev/null bs=1M count=${quick ? 8 : DISK_MIB}`;
  await Promise.all([exec(ballooned, fill), exec(born, fill)]);
  const rates = { ballooned: [], born: [] };
  const fromDisk = () => [ballooned, born].map((vm) => vm.drives[0].statistics().bytesRead / MIB);
  const before = fromDisk();
  for (let round = 0; round < rounds; round++) {
    const pieces = numbers(count, DISK_MIB, 2 + round);
    const first = round % 2 === 0 ? await throughput(ballooned, pieces) : 0;
    rates.born.push(await throughput(born, pieces));
    rates.ballooned.push(first || (await throughput(ballooned, pieces)));
  }
  const missed = fromDisk().map((now, index) => (now - before[index]) / count / rounds);
  host.close();
  return { ...rates, missed };
}

export async function balloon({ quick }) {
  const [source, points, rows] = [disk(), [], []];
  for (const memory of quick ? [192] : [160, 192, 224]) {
    progress(`balloon, ${memory} MiB`);
    const rates = await compare(source, memory, quick);
    const [ballooned, born] = [median(rates.ballooned), median(rates.born)];
    const mark = (rate, what) =>
      points.push({ MiB: String(memory), "MiB read a second": Number(rate.toFixed(2)), what });
    mark(ballooned, `ballooned down from ${BORN} MiB`);
    mark(born, "born with so much");
    const ratios = rates.born.map((rate, round) => rate / rates.ballooned[round]);
    const missed = rates.missed.map((part) => `${(100 * part).toFixed(0)}%`).join(" and ");
    rows.push({
      what: `${memory} MiB: time of one ballooned down over that of one born so`,
      got: median(ratios).toFixed(3),
      spread: `${Math.min(...ratios).toFixed(3)} to ${Math.max(...ratios).toFixed(3)}; ${missed} from the disk`,
      paper: "1.044 to 1.014",
    });
  }
  return { rows, plot: { points, axes: { x: "MiB", y: "MiB read a second", line: "what", mark: "bar" } } };
}
