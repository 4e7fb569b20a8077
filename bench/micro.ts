/** What does each piece of the engine cost by itself? */

import { Bench as Tinybench } from "tinybench";
import { makePieces, type Piece } from "./support/pieces.ts";
import { progress } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

/** Milliseconds for each piece, and for warming it up. */
const TIME = 400;
const WARM_UP = 150;

/** Nanoseconds of one operation. */
function rowOf({ name, operations }: Piece, bench: Tinybench): Row {
  const result = bench.getTask(name)?.result;
  if (result?.state !== "completed") throw new Error(`${name}: ${result?.state ?? "it was not run"}`);
  const nanoseconds = (milliseconds: number) => (milliseconds * 1e6) / operations;
  const { latency } = result;
  return {
    piece: name,
    "ns, median": nanoseconds(latency.p50),
    "ns, shortest": nanoseconds(latency.min),
    "ns, third quartile": nanoseconds(latency.p75),
    samples: latency.samplesCount,
  };
}

async function run(): Promise<Report> {
  const pieces = await makePieces();
  const tinybench = new Tinybench({ time: TIME, warmupTime: WARM_UP, throws: true });
  for (const piece of pieces) {
    tinybench.add(piece.name, () => {
      piece.run();
    });
  }
  tinybench.addEventListener("start", () => progress("pieces"));
  await tinybench.run();
  progress("");
  return {
    question: bench.question,
    rows: pieces.map((piece) => rowOf(piece, tinybench)),
    notes: [
      "Wall time. Each sample is many operations in a row, but for the translator's; what the loop around them takes is in it.",
    ],
  };
}

export const bench: Bench = { question: "What does each piece of the engine cost by itself?", run };
