import { describe, expect, test } from "vitest";
import { statsJson, statsText } from "../../src/cli/stats.ts";
import type { HartCounters, VmCounters } from "../../src/index.ts";

const hart: HartCounters = {
  instructions: 3_000_000,
  tlbMisses: 70,
  pageWalks: 50,
  traps: 4,
  interrupts: 5,
  mmio: 6,
  decoded: 700,
  fenceI: 1,
  sfence: 2,
  jumpCacheFlushes: 3,
};

const idle: VmCounters["translator"] = {
  entries: 0,
  keptCallers: 0,
  exits: { fuel: 0, interpreter: 0, trap: 0, cold: 0, miss: 0, dispatch: 0, attention: 0 },
  jumps: { chained: 0, indirectHits: 0, indirectMisses: 0, tables: 0, returnHits: 0, returnMisses: 0 },
  translatedInstructions: 0,
  interpretedInstructions: 3_000_000,
  regions: 0,
  refused: 0,
  evicted: 0,
  codeBytes: 0,
  translateMilliseconds: 0,
  compileMilliseconds: 0,
  longestMilliseconds: 0,
  interpretMilliseconds: 0,
};

const busy: VmCounters["translator"] = {
  ...idle,
  entries: 30,
  keptCallers: 4,
  exits: { ...idle.exits, fuel: 10, cold: 20 },
  jumps: { ...idle.jumps, indirectHits: 8 },
  translatedInstructions: 2_000_000,
  interpretedInstructions: 1_000_000,
  regions: 12,
  refused: 1,
  codeBytes: 5120,
  translateMilliseconds: 7,
  compileMilliseconds: 4,
  longestMilliseconds: 1.25,
  interpretMilliseconds: 23,
};

const counters = (translator: VmCounters["translator"]): VmCounters => ({
  ...hart,
  harts: [hart],
  translator,
  busyMilliseconds: 1500,
  busFaults: 0,
  touchedBytes: 4096,
});

describe("--stats", () => {
  test("says nothing of a translator that did nothing", () => {
    expect(statsText(counters(idle), 2000)).toBe(
      [
        "instructions     3000000",
        "MIPS             2.0",
        "traps            4",
        "interrupts       5",
        "TLB misses       70, 50 page walks",
        "device accesses  6",
        "decoded          700",
        "time             2.000 s, 1.500 s of it running",
        "",
      ].join("\n"),
    );
  });

  test("says what the translator did, without what never happened", () => {
    const lines = statsText(counters(busy), 2000).split("\n").slice(8, -1);
    expect(lines.map((line) => line.slice(17))).toEqual([
      "2000000 instructions, 66.7%",
      "12 translated, 1 refused, 0 evicted",
      "5.0 KiB of WebAssembly",
      "0.007 s, 0.004 s of it compiling, at most 1.3 ms at a time",
      "interpreted for 0.023 s; with translating 2.0% of the time running",
      "30 from the dispatcher, 4 callers that waited, 3 jump cache flushes",
      "fuel 10, cold 20",
      "indirect hits 8",
    ]);
  });

  test("as JSON is one line with all counters", () => {
    const text = statsJson(counters(busy), 2000);
    expect(text.endsWith("}\n")).toBe(true);
    expect(JSON.parse(text)).toEqual({ ...counters(busy), mips: 2, elapsedMilliseconds: 2000 });
  });
});
