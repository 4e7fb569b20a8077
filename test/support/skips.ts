/** A reporter that ends a run with one line: what passed, what failed, and why the rest was skipped. */

import type { TestCase, TestModule } from "vitest/node";
import type { Reporter } from "vitest/reporters";

/** "3 passed, 1 failed, 2 skipped: 2 needs dtc: apt-get install device-tree-compiler"; without reasons where nothing was skipped. */
export function verdict(tests: Iterable<Pick<TestCase, "result">>): string {
  const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
  const reasons = new Map<string, number>();
  for (const test of tests) {
    const result = test.result();
    counts[result.state]++;
    if (result.state !== "skipped") continue;
    const reason = result.note ?? "not selected";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const why = [...reasons].map(([reason, count]) => `${count} ${reason}`);
  const skipped = why.length === 0 ? "" : `, ${counts.skipped} skipped: ${why.join("; ")}`;
  return `${counts.passed} passed, ${counts.failed} failed${skipped}`;
}

function* allTests(modules: readonly TestModule[]): Iterable<TestCase> {
  for (const module of modules) yield* module.children.allTests();
}

export default class SkipsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    process.stdout.write(`\n${verdict(allTests(modules))}\n`);
  }
}
