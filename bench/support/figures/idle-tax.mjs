// Waldspurger's figure 7: of two VMs with equal shares one works and one does nothing. Without a tax on idle memory they have equal parts; with
// one of 75% who works gets what it needs.

import { Host } from "../../../dist/src/index.js";
import { MIB, pause, progress } from "../in-process.mjs";
import { batches, storing, touchedMib } from "./storing.mjs";

/** Of 64 MiB guests can have about the half: decoded pages of all VMs have the rest. */
const PLACE = 64 * MIB;
/** Together more than there is. */
const PAGES = 3400;
/** Round all of them so often in a second. */
const TURNS = 30;
const WORK = { pages: PAGES, batch: (PAGES * TURNS) / 100, milliseconds: 10 };

async function under(tax, kernel, seconds) {
  const host = await Host.create({ worker: false, maxMemory: PLACE, paging: { idleTax: tax, samplePeriod: 500 } });
  const idle = await storing(host, kernel, { pages: PAGES });
  const working = await storing(host, kernel, WORK);
  const [points, begun] = [[], performance.now()];
  const now = () => (performance.now() - begun) / 1000;
  let half;
  for (let index = 0; index <= 2 * seconds; index++) {
    if (index === seconds) half = { at: now(), done: batches(working) };
    for (const [what, vm] of Object.entries({ "does nothing": idle, works: working }))
      points.push({ seconds: Number(now().toFixed(1)), MiB: touchedMib(vm), what, tax: `tax ${100 * tax}%` });
    await pause(500);
  }
  const rate = ((batches(working) - half.done) * WORK.batch) / PAGES / (now() - half.at);
  const got = `${touchedMib(idle)} MiB, ${touchedMib(working)} MiB`;
  host.close();
  return { points, got, rate };
}

export async function idleTax({ kernel, quick }) {
  const [points, rows] = [[], []];
  for (const [tax, paper] of [
    [0, "equal parts"],
    [0.75, "works 1.3 times as fast"],
  ]) {
    progress(`idle tax ${tax}`);
    const { points: drawn, got, rate } = await under(tax, kernel, quick ? 4 : 10);
    points.push(...drawn);
    const spread = `${rate.toFixed(1)} times a second round its pages, of ${TURNS}`;
    rows.push({ what: `tax ${100 * tax}%: who does nothing, who works`, got, spread, paper });
  }
  return { rows, plot: { points, axes: { x: "seconds", y: "MiB", line: "what", panel: "tax" } } };
}
