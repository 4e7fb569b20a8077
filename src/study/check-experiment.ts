/** Whether what a user's file exports is an experiment. */

import { WasmvisorError } from "../error.ts";
import type { Experiment, Plot, Variant } from "./experiment.ts";
import { workloadsNamed } from "./workloads.ts";

const NAME = /^[\w.+-]+$/;
const KINDS: readonly Plot["kind"][] = ["bars", "footprint-curves", "value-curves"];
const QUANTITIES: readonly Plot["quantity"][] = ["slowdown", "nanoseconds", "first-result", "warm-up"];
const LARGEST_FOOTPRINT = 65_536;

/**
 * Checks an experiment's form.
 * @param where - the file, for the message
 * @throws WasmvisorError `experiment`, or `workload`
 */
export function checkExperiment(value: unknown, where: string): Experiment {
  const refuse = (what: string): never => {
    throw new WasmvisorError("experiment", `${where}: ${what}; see docs/study/experiments.md.`, { where });
  };
  if (!isObject(value)) return refuse("the default export is no experiment");
  const { name, title, question, workloads, quick, variants, footprints, plots } = value;
  if (typeof name !== "string" || !NAME.test(name)) refuse("name is a word without spaces");
  if (typeof title !== "string" || typeof question !== "string") refuse("title and question are texts");
  if (!isTexts(workloads) || workloads.length === 0) return refuse("workloads is a list of names");
  if (quick !== undefined && !isTexts(quick)) return refuse("quick is a list of names");
  workloadsNamed([...workloads, ...(quick ?? [])]);
  if (!Array.isArray(variants) || variants.length === 0) return refuse("variants is a list, and not empty");
  variants.forEach((variant: unknown, index) => {
    const wrong = faultOf(variant);
    if (wrong !== undefined) refuse(`variant ${index + 1} ${wrong}`);
  });
  const names = (variants as Variant[]).map((variant) => variant.name);
  if (new Set(names).size < names.length) refuse("two variants have the same name");
  if (footprints !== undefined && !(Array.isArray(footprints) && footprints.every(isFootprint))) {
    refuse(`footprints is a list of whole numbers of KiB up to ${LARGEST_FOOTPRINT}`);
  }
  if (!Array.isArray(plots) || !plots.every(isPlot)) {
    refuse(`plots is a list of { title, kind: ${KINDS.join(" | ")}, quantity: ${QUANTITIES.join(" | ")} }`);
  }
  return value as unknown as Experiment;
}

function faultOf(variant: unknown): string | undefined {
  if (!isObject(variant) || typeof variant.name !== "string" || !NAME.test(variant.name)) {
    return "needs a name without spaces";
  }
  if (variant.value !== undefined && !(typeof variant.value === "number" && variant.value > 0)) {
    return "has a value that is no positive number";
  }
  const ways = [
    isObject(variant.vm),
    variant.run === "wasm" || variant.run === "native",
    typeof variant.command === "string",
  ].filter(Boolean).length;
  return ways === 1 ? undefined : 'needs one of vm: { … }, run: "wasm" | "native", command: "…"';
}

function isPlot(value: unknown): boolean {
  if (!isObject(value) || typeof value.title !== "string") return false;
  return KINDS.some((kind) => kind === value.kind) && QUANTITIES.some((quantity) => quantity === value.quantity);
}

function isFootprint(value: unknown): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= LARGEST_FOOTPRINT;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
