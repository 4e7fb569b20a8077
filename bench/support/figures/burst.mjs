// A hundred requests at any time, each of which sleeps for 200 ms in a clone of its own.

import { functionVm, Host } from "../../../dist/src/index.js";
import { booted, progress, quantile } from "../in-process.mjs";

const CONCURRENCY = 100;
/** Seconds that one point of the plot is for. */
const STEP = 5;

/** When each request was made and how long it took, in milliseconds. */
async function answers(f, concurrency, seconds) {
  const [all, begun] = [[], performance.now()];
  const one = async () => {
    for (let at = 0; at < seconds * 1000;) {
      const { code } = await f.call("sleep 0.2");
      if (code !== 0) throw new Error(`the guest answers ${code}`);
      const now = performance.now() - begun;
      all.push({ at, took: now - at });
      at = now;
    }
  };
  await Promise.all(Array.from({ length: concurrency }, one));
  return { all, took: (performance.now() - begun) / 1000 };
}

function pointsOf(all, seconds) {
  const points = [];
  for (let from = 0; from < seconds; from += STEP) {
    const times = all.filter(({ at }) => at >= 1000 * from && at < 1000 * (from + STEP)).map(({ took }) => took);
    if (times.length === 0) continue;
    for (const [what, part] of [
      ["half of them are answered in", 0.5],
      ["nine of ten in", 0.9],
    ])
      points.push({ "second of the request": from, "ms to the answer": Math.round(quantile(times, part)), what });
  }
  return points;
}

export async function burst({ quick }) {
  const [concurrency, seconds] = [CONCURRENCY, quick ? 10 : 60];
  const host = await Host.create({ worker: false });
  progress("burst, booting");
  const vm = await booted(host, { memory: "192M" });
  const template = await vm.template();
  vm.pause();
  const f = await functionVm(template, { idle: concurrency, concurrency });
  progress(`burst, ${seconds} s`);
  const { all, took } = await answers(f, concurrency, seconds);
  await f.close();
  template.close();
  host.close();
  const times = all.map((answer) => answer.took);
  const at = (part) => `${quantile(times, part).toFixed(0)} ms`;
  return {
    rows: [
      {
        what: `${concurrency} requests of 200 ms at any time, ${seconds} s: p50, p99`,
        got: `${at(0.5)}, ${at(0.99)}`,
        spread: `${all.length} answered, ${(all.length / took).toFixed(0)} a second; ${at(0)} to ${at(1)}`,
        paper: "",
      },
    ],
    plot: {
      points: pointsOf(all, seconds),
      axes: { x: "second of the request", y: "ms to the answer", line: "what" },
    },
  };
}
