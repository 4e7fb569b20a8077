// count-tests.mjs REPORT STATUS: prints "PASSED FAILED" from vitest's JSON report and its exit status.

import { readFileSync } from "node:fs";

const [file, status] = process.argv.slice(2);

function counts() {
  const report = JSON.parse(readFileSync(file, "utf8"));
  // A test file that does not even load holds no tests; it counts as one failure.
  const broken = report.testResults.filter((one) => one.status === "failed" && one.assertionResults.length === 0);
  return { passed: report.numPassedTests, failed: report.numFailedTests + broken.length };
}

let result;
try {
  result = counts();
} catch {
  result = { passed: 0, failed: 1 };
}
// An error outside any test (in a setup, say) shows in the status alone.
if (status !== "0" && result.failed === 0) result.failed = 1;
console.log(`${result.passed} ${result.failed}`);
