import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { readText } from "../../src/host/process.ts";
import type { StudyResult } from "../../src/study/result.ts";

const main = fileURLToPath(new URL("../../dist/src/cli/main.js", import.meta.url));

let folder: string;
const file = (name: string) => path.join(folder, name);
const json = async (name: string) => JSON.parse(await readText(file(name))) as StudyResult;

beforeAll(async () => {
  await buildDist();
  folder = await mkdtemp(path.join(tmpdir(), "wasmvisor-study-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function study(...args: string[]): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [main, "study", ...args], { stdio: ["ignore", "pipe", "pipe"], cwd: folder });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}

const SMALL = ["--quick", "--rounds", "1", "--seconds", "1", "--workloads", "sha256"];

describe("wasmvisor study", () => {
  it("finds out before it measures that a report cannot be written", async () => {
    const { code, stderr } = await study("ladder", ...SMALL, "--json", "early.json", "--md", path.join("no", "x.md"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^wasmvisor: The file .* cannot be written \(ENOENT\); name another\.\n$/);
    await expect(json("early.json")).rejects.toThrow();
  });

  it("measures rungs, verifies them and summarizes", async () => {
    const rungs = "interpret,predecode,translate,tiered,wasm";
    const peer = "nobody=no-such-emulator {elf}";
    const { code, stdout } = await study(
      "ladder",
      ...SMALL,
      "--rungs",
      rungs,
      "--peer",
      peer,
      "--json",
      "a.json",
      "--md",
      "a.md",
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/predecode +[\d.]+x/);
    const { summary, about, experiments, notes } = await json("a.json");
    expect(summary.voided).toEqual([]);
    expect(Object.keys(summary.slowdown)).toEqual(expect.arrayContaining(rungs.split(",")));
    for (const slowdown of Object.values(summary.slowdown)) expect(slowdown).toBeGreaterThan(0);
    expect(["gcc", "wasm"]).toContain(summary.native);
    expect(about).toMatchObject({ quick: true, interrupted: false, host: { cpuTime: true } });
    expect(notes).toContain("No nobody: no-such-emulator is not installed.");
    const cells = experiments[0]!.cells;
    for (const cell of cells) expect(cell.samples.length).toBe(1);
    const counts = cells.flatMap(({ first }) => first?.instructions ?? []);
    expect(new Set(counts).size).toBe(1);
    expect(cells.find(({ variant }) => variant === "translate")).toMatchObject({ check: "registers" });
    expect(await readFile(file("a.md"), "utf8")).toContain("## The ladder");
  });

  it("resumes what it has, without measuring it again", async () => {
    const again = await study(
      "ladder",
      ...SMALL,
      "--rungs",
      "predecode,tiered,wasm",
      "--resume",
      "a.json",
      "--json",
      "b.json.gz",
    );
    expect(again.code).toBe(0);
    const [before, after] = [await json("a.json"), await json("b.json.gz")];
    const of = ({ experiments }: StudyResult) =>
      experiments[0]!.cells.find(({ variant }) => variant === "tiered")!.samples;
    expect(of(after)).toEqual(of(before));
    const compared = await study("compare", "a.json", "b.json.gz");
    expect(compared.stdout).toMatch(/figures (has|have) changed significantly/);
    const shown = await study("show", "b.json.gz", "--svg", "b.svg");
    expect(shown.stdout).toBe(again.stdout);
    const picture = await readFile(file("b.svg"), "utf8");
    expect(picture).toMatch(/^<svg/);
    expect(picture).toContain("tiered");
  });

  it("runs an experiment from a TypeScript file", async () => {
    const text = `const name: string = "mine";
      export default { name, title: "Mine", question: "Why?", workloads: ["sha256"],
        variants: [{ name: "late", vm: { engine: "tiered", translator: { hotThreshold: 1 << 20 } } }],
        plots: [{ title: "Slowdown", kind: "bars", quantity: "slowdown" }] };`;
    await writeFile(file("mine.ts"), text);
    const { code, stdout } = await study("./mine.ts", ...SMALL);
    expect(stdout).toMatch(/late +[\d.]+x/);
    expect(code).toBe(0);
  });

  it("voids the figures of who gives no right result, and exits with 1", async () => {
    const liar = "liar=echo sha256 ok 0000000000000001 1 1 {elf}";
    const { code, stderr } = await study(
      "ladder",
      ...SMALL,
      "--rungs",
      "predecode,liar",
      "--peer",
      liar,
      "--json",
      "c.json",
    );
    expect(code).toBe(1);
    expect(stderr).toContain("VOID: ladder/sha256/liar:");
    expect((await json("c.json")).summary.voided).toHaveLength(1);
  });

  it.each([
    [["nix"], 'There is no experiment "nix"; there are ladder'],
    [["--rungs", "nix"], 'There is no rung "nix"; there are interpret'],
    [["--workloads", "nix"], 'There is no workload "nix"; there are mix'],
    [["./nix.ts"], "does not exist"],
    [["--resume", "nix.json"], "cannot be read"],
  ])("refuses %j with a sentence", async (args, sentence) => {
    const { code, stderr } = await study(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(sentence);
    expect(stderr).not.toMatch(/^ +at /m);
  });
});
