import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../src/isa/generate.ts";

describe("generated files", () => {
  it.each([...generatedFiles()])("%s is what `npm run generate` writes", async (path, text) => {
    const committed = await readFile(new URL(`../../${path}`, import.meta.url), "utf8");
    expect(committed === text, `run "npm run generate": ${path} is out of date`).toBe(true);
  });
});
