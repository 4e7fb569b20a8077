import { readFileSync } from "node:fs";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import { checkExperiment } from "../../src/study/check-experiment.ts";

describe("docs/study/experiments.md", () => {
  it("shows an experiment that is one", async () => {
    const text = readFileSync(new URL("../../docs/study/experiments.md", import.meta.url), "utf8");
    const source = /```ts\n([^]*?)```/.exec(text)![1]!;
    const { outputText } = ts.transpileModule(source, { compilerOptions: { module: ts.ModuleKind.ESNext } });
    const module = (await import(`data:text/javascript,${encodeURIComponent(outputText)}`)) as { default: unknown };
    expect(checkExperiment(module.default, "the example")).toMatchObject({ name: "inlining" });
  });
});
