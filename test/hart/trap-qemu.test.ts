/** A program that takes traps in every mode, against a recording of the same program on QEMU (oracle/record-trap.mjs). */

import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { Cause, Engine } from "../../assembly/shared/constants.ts";
import { createTestMachine } from "../support/core.ts";

/** Handler's mode, index of the vector taken, xcause, xepc, xtval, xstatus: all zero when nothing was taken. */
const WORDS = 6;

interface Recording {
  readonly done: string;
  readonly records: string;
  readonly program: string;
  readonly cases: readonly (readonly [title: string, words: string])[];
}

const recording = JSON.parse(readFileSync(new URL("oracle/trap.json", import.meta.url), "utf8")) as Recording;

/** A breakpoint's tval is its address here, as in later versions of QEMU; 7.2 leaves it zero. */
function asHere(words: readonly bigint[]): readonly bigint[] {
  const [mode, index, cause, epc, tval, status] = words as [bigint, bigint, bigint, bigint, bigint, bigint];
  return mode !== 0n && cause === BigInt(Cause.BREAKPOINT)
    ? [mode, index, cause, epc, epc, status]
    : [mode, index, cause, epc, tval, status];
}

describe.each([
  ["decoding each time", Engine.INTERPRET],
  ["with decoded pages", Engine.PREDECODE],
])("%s", (_, engine) => {
  const taken: bigint[][] = [];

  beforeAll(async () => {
    const machine = await createTestMachine({ engine });
    machine.load(Buffer.from(recording.program, "base64"));
    machine.hart().runTo(BigInt(recording.done), 1_000_000);
    const records = Number(recording.records);
    recording.cases.forEach((_, i) =>
      taken.push(Array.from({ length: WORDS }, (_, k) => machine.read64(records + (i * WORDS + k) * 8))),
    );
  });

  test.each(recording.cases.map(([title, words], i) => [title, i, words] as const))("%s", (_, i, words) => {
    const theirs = words.split(" ").map((word) => BigInt(`0x${word}`));
    expect(taken[i]).toEqual(asHere(theirs));
  });
});
