/** What must hold of the core as a Wasm module: its state lies in memory, it is current, it is small. */

import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { coreIsCurrent } from "../scripts/build-core.mjs";
import { moduleSections, mutableGlobals, type Section } from "./support/wasm-sections.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const core = new Uint8Array(readFileSync(`${root}build/core.wasm`));

/** A module with one mutable i32 and one immutable i64 global, written out by hand. */
const sample = Uint8Array.of(
  ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
  ...[0x06, 0x0c, 0x02, 0x7f, 0x01, 0x41, 0x80, 0x08, 0x0b, 0x7e, 0x00, 0x42, 0x00, 0x0b],
);

function assemblyFiles(): string[] {
  return readdirSync(`${root}assembly`, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ts"));
}

describe("the core", () => {
  test("is made from the present sources", async () => {
    expect(await coreIsCurrent(), "assembly/ does not compile: run npm run build").toBe(true);
  });

  test("has no mutable globals", () => {
    expect(mutableGlobals(core)).toEqual([]);
  });

  test("stays under 400 kB", () => {
    expect(core.length).toBeLessThan(400_000);
  });

  test("imports memory, and functions of env, and nothing else", () => {
    const kinds = WebAssembly.Module.imports(new WebAssembly.Module(core)).map(
      ({ module, kind }) => `${module} ${kind}`,
    );
    expect([...new Set(kinds)].sort()).toEqual(["env function", "env memory"]);
  });

  test("has no top-level let in its sources", () => {
    const found = assemblyFiles().filter((name) =>
      /^(export )?let\b/m.test(readFileSync(`${root}assembly/${name}`, "utf8")),
    );
    expect(found).toEqual([]);
  });
});

describe("the section reader", () => {
  test("finds a mutable global and passes over a constant one", () => {
    expect(mutableGlobals(sample)).toEqual([0]);
  });

  test("reads each section once, up to the end of the module", () => {
    const sections: Section[] = moduleSections(core);
    expect(sections.at(-1)!.end).toBe(core.length);
    expect(sections.map((section) => section.id)).toContain(10);
  });
});
