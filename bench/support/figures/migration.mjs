// Clark's rounds, and the time for which a guest stands still, both by how fast it stores. Both hosts have this thread.

import { Host } from "../../../dist/src/index.js";
import { line, median, pause, progress } from "../in-process.mjs";
import { storing } from "./storing.mjs";

const PAGES = 6000;
const BATCHES_IN_A_SECOND = 250;
const BANDWIDTH = 20e6;
const LINE = `${BANDWIDTH / 1e6} MB/s`;
const OPTIONS = { compress: false, bandwidth: BANDWIDTH, throttle: false, downtime: 20, rounds: 7 };

/** Moves a guest that stores to `rate` pages a second. @param options - of `migrateTo` */
async function moved(kernel, rate, options) {
  const hosts = [await Host.create({ worker: false }), await Host.create({ worker: false })];
  try {
    const vm = await storing(hosts[0], kernel, { pages: PAGES, batch: rate / BATCHES_IN_A_SECOND });
    while (vm.memory.statistics().touchedBytes < PAGES * 4096) await pause(5);
    const [source, destination] = line();
    const arriving = hosts[1].receive(destination);
    const statistics = await vm.migrateTo(source, { ...OPTIONS, ...options });
    await (
      await arriving
    ).postCopy?.done;
    return statistics;
  } finally {
    for (const host of hosts) host.close();
  }
}

/** Pages and milliseconds of each round. */
async function roundsOf(kernel, rate) {
  const rounds = [];
  const onProgress = ({ phase, round, pages }) => {
    const now = performance.now();
    if (rounds.length < round && phase !== "handover") rounds.push({ from: now, before: pages, phase });
    Object.assign(rounds.at(-1), { until: now, pages });
  };
  const { downtime } = await moved(kernel, rate, { onProgress });
  return rounds.map(({ from, before, phase, until, pages }, index) => ({
    round: index + 1,
    pages: pages - before,
    // A round is over when the destination has it, just before the next begins.
    milliseconds: phase === "stopped" ? downtime : (rounds[index + 1]?.from ?? until) - from,
  }));
}

export async function rounds({ kernel, quick }) {
  const [points, rows] = [[], []];
  for (const rate of quick ? [1000] : [1000, 2500, 4000, 8000]) {
    progress(`rounds, ${rate} pages a second`);
    const all = await roundsOf(kernel, rate);
    const what = `${rate} pages stored to a second`;
    for (const { round, pages, milliseconds } of all) {
      points.push({ round, value: pages, what, panel: "pages sent" });
      points.push({ round, value: Math.round(milliseconds), what, panel: "milliseconds" });
    }
    rows.push({
      what: `rounds over ${LINE}, ${what}`,
      got: `${all.map(({ pages }) => pages).join(", ")} pages`,
      spread: `${all.map(({ milliseconds }) => milliseconds.toFixed(0)).join(", ")} ms`,
      paper: "each shorter than the one before, while less is stored to than the line takes",
    });
  }
  return { rows, plot: { points, axes: { x: "round", y: "value", line: "what", panel: "panel", own: true } } };
}

export async function downtime({ kernel, quick }) {
  const [points, rows] = [[], []];
  const [x, y] = ["pages stored to a second", "ms that it stands still"];
  const rates = quick ? [2000] : [250, 500, 1000, 2000, 4000, 8000, 16_000];
  for (const mode of ["pre", "post"]) {
    for (const rate of rates) {
      progress(`downtime, ${mode}-copy, ${rate} pages a second`);
      const values = [];
      for (let round = 0; round < (quick ? 1 : 3); round++) values.push((await moved(kernel, rate, { mode })).downtime);
      const value = median(values);
      points.push({ [x]: rate, [y]: Number(value.toFixed(1)), what: `${mode}-copy` });
      rows.push({
        what: `${mode}-copy over ${LINE}, ${rate} pages stored to a second: stands still`,
        got: `${value.toFixed(0)} ms`,
        spread: `${Math.min(...values).toFixed(0)} to ${Math.max(...values).toFixed(0)}`,
        paper: mode === "pre" ? "60 ms (Quake 3) to 3.5 s (stores faster than the line)" : "",
      });
    }
  }
  return { rows, plot: { points, axes: { x, y, line: "what", logarithmic: true } } };
}
