/** Reads a study's JSON again: checks as much of its form as is relied upon. */

import { WasmvisorError } from "../error.ts";
import { RESULT_FORMAT, type StudyResult } from "./result.ts";

/**
 * A study from its JSON.
 * @throws WasmvisorError `study-json`
 */
export function parseResult(text: string): StudyResult {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw refused("this is not JSON", cause);
  }
  if (!isObject(value) || value.format !== RESULT_FORMAT) throw refused(`this is no ${RESULT_FORMAT}`);
  const { about, summary, experiments, sections, notes } = value;
  if (
    !isObject(about) ||
    !isObject(about.host) ||
    !isObject(summary) ||
    !Array.isArray(sections) ||
    !Array.isArray(notes)
  ) {
    throw refused("parts are missing");
  }
  if (!Array.isArray(experiments) || !experiments.every(isExperiment)) throw refused("an experiment is malformed");
  return value as unknown as StudyResult;
}

function isExperiment(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.name === "string" &&
    Array.isArray(value.variants) &&
    Array.isArray(value.cells) &&
    value.cells.every(isCell)
  );
}

function isCell(value: unknown): boolean {
  return (
    isObject(value) &&
    typeof value.workload === "string" &&
    typeof value.variant === "string" &&
    typeof value.instructions === "number" &&
    Array.isArray(value.samples) &&
    value.samples.every(isSample)
  );
}

const SAMPLE_KEYS = ["cpu", "wall", "steadyCpu", "steadyWall", "steadyInstructions", "warmUp"];

function isSample(value: unknown): boolean {
  return isObject(value) && SAMPLE_KEYS.every((key) => typeof value[key] === "number");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function refused(what: string, cause?: unknown): WasmvisorError {
  return new WasmvisorError(
    "study-json",
    `${what}; give a file that wasmvisor study --json has written.`,
    {},
    { cause },
  );
}
