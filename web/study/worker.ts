/** Runs the quick study, in a worker of its own. */

import { EXPERIMENTS } from "../../src/study/experiments/index.ts";
import { Study } from "../../src/study/study.ts";
import { browserEnvironment } from "./environment.ts";
import type { StudyMessage, StudyRequest } from "./messages.ts";

/** Milliseconds between two looks at what has been found so far. */
const SHOW_EVERY = 1000;

interface Scope {
  postMessage(message: StudyMessage): void;
  addEventListener(type: "message", listener: (event: MessageEvent<StudyRequest>) => void): void;
}

const scope = globalThis as unknown as Scope;
const abort = new AbortController();

async function run(): Promise<void> {
  let shown = performance.now();
  const options = { experiments: EXPERIMENTS.slice(0, 1), sections: [], quick: true, peers: [], flags: ["--quick"] };
  const study = new Study(browserEnvironment, options, ({ doing }) => {
    scope.postMessage({ kind: "progress", doing });
    if (performance.now() - shown < SHOW_EVERY) return;
    shown = performance.now();
    scope.postMessage({ kind: "result", result: study.result(), final: false });
  });
  try {
    await study.run(abort.signal);
    scope.postMessage({ kind: "result", result: study.result(), final: true });
  } catch (error) {
    scope.postMessage({ kind: "problem", message: error instanceof Error ? error.message : String(error) });
  }
}

scope.addEventListener("message", ({ data }) => {
  if (data === "run") void run();
  else abort.abort();
});
