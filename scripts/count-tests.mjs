// count-tests.mjs REPORT STATUS: prints "PASSED FAILED" from vitest's JSON report and its exit status, then the names of what failed.

import { readFileSync } from "node:fs";
import { relative } from "node:path";

const [file, status] = process.argv.slice(2);

function counts() {
  const report = JSON.parse(readFileSync(file, "utf8"));
  // A test file that does not even load holds no tests; it counts as one failure.
  const broken = report.testResults.filter((one) => one.status === "failed" && one.assertionResults.length === 0);
  const tests = report.testResults.flatMap((file) => file.assertionResults.map((one) => ({ ...one, file: file.name })));
  const failing = tests.filter(({ status }) => status === "failed");
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    names: [
      ...failing.map((one) => `${relative(".", one.file)}: ${one.fullName}`),
      ...broken.map(({ name }) => `${relative(".", name)} does not load`),
    ],
  };
}

let result;
try {
  result = counts();
} catch {
  result = { passed: 0, failed: 1, names: ["no report was written"] };
}
// An error outside any test (in a setup, say) shows in the status alone.
if (status !== "0" && result.failed === 0) Object.assign(result, { failed: 1, names: ["an error outside any test"] });
console.log(`${result.passed} ${result.failed}`);
for (const name of result.names) console.log(name);
