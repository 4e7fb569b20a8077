/** `wasmvisor study list`. */

import { EXPERIMENTS } from "../study/experiments/index.ts";
import { LADDER, PEERS } from "../study/ladder.ts";
import { alignedGrid } from "../study/report/text.ts";
import { SECTIONS } from "../study/sections.ts";
import { WORKLOAD_KINDS, WORKLOADS } from "../study/workloads.ts";

/** Experiments, rungs and workloads, as text. */
export function studyList(): string {
  const parts: [string, string[][]][] = [
    [
      "Experiments",
      [
        ...EXPERIMENTS.map(({ name, question }) => [name, question]),
        ...SECTIONS.map(({ name, title }) => [name, title]),
      ],
    ],
    ["Rungs of the ladder", [...LADDER, ...PEERS].map(({ name, explains = "" }) => [name, explains])],
    [
      "Workloads",
      WORKLOAD_KINDS.map((kind) => [
        kind,
        WORKLOADS.filter((workload) => workload.kind === kind)
          .map(({ name }) => name)
          .join(", "),
      ]),
    ],
  ];
  return parts
    .map(
      ([title, rows]) => `${alignedGrid({ head: [title, ""], rows, left: new Set([0, 1]) }).replace(/\n/g, "\n  ")}\n`,
    )
    .join("\n");
}
