/** How fast is the page in Chromium, and how far from node? */

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Page } from "playwright-core";
import { DEMO_GUEST, type EngineName, Host, type VmConfig } from "../src/index.ts";
import { PageBench, screenOf } from "../test/web/browser.ts";
import { median, progress } from "./support/measure.ts";
import type { Bench, Report, Row } from "./support/report.ts";

const REPETITIONS = 3;
const ENGINES: readonly EngineName[] = ["interpreter", "tiered"];
const PATIENCE = 240_000;

const USERLAND = "wasmvisor: userland up";
const MIX = "bench mix 600";
/** What the demo guest says of `mix`: the seconds that it took by the guest's clock. */
const MIX_TIME = /mix .* ok +([\d.]+) s/;

const guest = (name: string) => new URL(`../.guests/${name}`, import.meta.url);

/** Runs in the page before anything else of it. */
const WATCH_PROMPT = `
  const watch = setInterval(() => {
    if (!/demo>/.test(globalThis.wasmvisor?.screen() ?? "")) return;
    globalThis.promptMilliseconds = performance.now();
    clearInterval(watch);
  }, 4);
  globalThis.longTasks = [];
  new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) globalThis.longTasks.push(duration);
  }).observe({ type: "longtask", buffered: true });
`;

interface Sample {
  readonly debian: number;
  readonly mix: number;
}

async function inNode(engine: EngineName): Promise<Sample> {
  const host = await Host.create();
  const until = async (config: VmConfig, typed: string | undefined, pattern: string | RegExp) => {
    const start = performance.now();
    const vm = await host.createVm({ ...config, engine });
    vm.start();
    if (typed !== undefined) await vm.console.waitFor("demo> ", PATIENCE);
    if (typed !== undefined) await vm.console.write(`${typed}\r`);
    const { groups } = await vm.console.waitFor(pattern, PATIENCE);
    const seconds = (performance.now() - start) / 1000;
    vm.destroy();
    return groups[0] === undefined ? seconds : Number(groups[0]);
  };
  const debian = await until(
    { memory: "256M", kernel: guest("Image"), initrd: guest("initrd.cpio"), append: "console=ttyS0" },
    undefined,
    USERLAND,
  );
  const mix = await until({ memory: "64M", kernel: DEMO_GUEST }, MIX, MIX_TIME);
  host.close();
  return { debian, mix };
}

async function inChromium(page: Page, engine: EngineName): Promise<Sample> {
  const shown = (pattern: RegExp) =>
    page.waitForFunction(`${String(pattern)}.test(wasmvisor.screen())`, undefined, { timeout: PATIENCE, polling: 20 });
  await page.getByLabel("Engine").selectOption(engine);
  await shown(/demo>/);
  await page.locator(".screen").click();
  await page.keyboard.type(`${MIX}\r`);
  await shown(MIX_TIME);
  const mix = Number(MIX_TIME.exec(await screenOf(page))?.[1]);
  await page.getByRole("button", { name: "Load…" }).click();
  await page.getByLabel("Kernel", { exact: true }).setInputFiles(fileURLToPath(guest("Image")));
  await page.getByLabel("Initrd", { exact: true }).setInputFiles(fileURLToPath(guest("initrd.cpio")));
  const start = performance.now();
  await page.getByRole("button", { name: "Boot", exact: true }).click();
  await shown(new RegExp(USERLAND));
  return { debian: (performance.now() - start) / 1000, mix };
}

async function visited(pages: PageBench): Promise<Page> {
  const page = await pages.visit({ prepare: (context) => context.addInitScript(WATCH_PROMPT) });
  await page.waitForFunction("globalThis.promptMilliseconds !== undefined", undefined, { timeout: PATIENCE });
  return page;
}

async function run(): Promise<Report> {
  if (!existsSync(guest("manifest.json"))) throw new Error('Debian is not here: run "npm run guests:debian" first.');
  const pages = await PageBench.open();
  const prompts: number[] = [];
  const longTasks: number[] = [];
  const samples = new Map(ENGINES.map((engine) => [engine, { node: [] as Sample[], chromium: [] as Sample[] }]));
  for (let round = 0; round < REPETITIONS; round++) {
    for (const engine of ENGINES) {
      progress(`${engine}, round ${round + 1} of ${REPETITIONS}`);
      samples.get(engine)!.node.push(await inNode(engine));
      const page = await visited(pages);
      prompts.push(await page.evaluate<number>("promptMilliseconds"));
      samples.get(engine)!.chromium.push(await inChromium(page, engine));
      longTasks.push(...(await page.evaluate<number[]>("longTasks")));
      await page.context().close();
    }
  }
  progress("");
  await pages.close();
  return {
    question: bench.question,
    rows: [...samples].map(([engine, { node, chromium }]) => rowOf(engine, node, chromium)),
    notes: [
      `The bundled guest's prompt after the page was asked for: ${median(prompts).toFixed(0)} ms (${prompts.map((value) => value.toFixed(0)).join(", ")}).`,
      `The page's longest task: ${Math.max(0, ...longTasks).toFixed(0)} ms (0: none over 50 ms).`,
      `Medians of ${REPETITIONS} interleaved rounds; Debian from the click on Boot (or createVm) to userland, mix by the guest's clock.`,
    ],
  };
}

function rowOf(engine: EngineName, node: readonly Sample[], chromium: readonly Sample[]): Row {
  const of = (samples: readonly Sample[], pick: keyof Sample) => median(samples.map((sample) => sample[pick]));
  return {
    engine,
    "Debian, node, s": of(node, "debian"),
    "Debian, Chromium, s": of(chromium, "debian"),
    ratio: of(chromium, "debian") / of(node, "debian"),
    "mix, node, s": of(node, "mix"),
    "mix, Chromium, s": of(chromium, "mix"),
    "mix ratio": of(chromium, "mix") / of(node, "mix"),
  };
}

export const bench: Bench = { question: "How fast is the page in Chromium, and how far from node?", run };
