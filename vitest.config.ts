import { defineConfig } from "vitest/config";

/** Whole-system runs (kernels, firmware): minutes, not milliseconds. Two at once: each has one guest that computes, and mostly one thread. */
const system = ["test/system/**/*.test.ts"];

/** The page in a browser, which has threads enough: one after another. */
const web = ["test/web/**/*.test.ts"];

/** The packed package, in node and in a browser, and the documents' snippets: after the others, because pages are timed. */
const packaged = ["test/package/**/*.test.ts", "test/docs/**/*.test.ts"];

/** `#load` (package.json, "imports") leads to the sources, not to dist/. */
const conditions = ["wasmvisor-source", "node"];

export default defineConfig({
  resolve: { conditions: [...conditions, "module", "development|production"] },
  ssr: { resolve: { conditions: [...conditions, "module", "development|production"] } },
  test: {
    reporters: ["default", "./test/support/skips.ts"],
    globalSetup: ["test/support/setup.mjs"],
    // What is waited for comes at once on a quiet machine, and some time later on another.
    expect: { poll: { timeout: 20_000 } },
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...system, ...web, ...packaged],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        extends: true,
        test: {
          name: "system",
          include: system,
          globalSetup: ["test/support/debian.mjs"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: "web",
          include: web,
          globalSetup: ["test/support/debian.mjs"],
          testTimeout: 600_000,
          hookTimeout: 600_000,
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: packaged,
          globalSetup: ["test/support/debian.mjs"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
