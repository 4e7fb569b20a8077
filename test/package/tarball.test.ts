import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { pack, packageFaults } from "../../scripts/package-faults.mjs";

beforeAll(() => buildDist());

describe("the package", () => {
  test("is small, depends on nothing, and publint finds nothing", async () => {
    expect(await packageFaults()).toEqual([]);
  });

  test("holds what its exports and source maps name", async () => {
    const { files } = await pack();
    const names = new Set(files.map(({ path }) => path));
    const root = new URL("../../", import.meta.url);
    const manifest = JSON.parse(readFileSync(new URL("package.json", root), "utf8")) as { exports: object };
    const targets = JSON.stringify(manifest.exports).match(/\.\/[\w./*-]+\.(?:d\.ts|js|wasm|json)(?=")/g) ?? [];
    const exported = targets.filter((target) => target.includes("/dist/")).map((target) => target.slice(2));
    expect(exported.length).toBeGreaterThan(2);
    expect(exported.filter((name) => !names.has(name))).toEqual([]);
    expect(names).toContain("dist/guests/bin/demo.elf");
    const scripts = [...names].filter((name) => name.endsWith(".js"));
    expect(scripts.filter((name) => !names.has(`${name}.map`))).toEqual([]);
    const map = JSON.parse(readFileSync(new URL("dist/src/index.js.map", root), "utf8")) as {
      sourcesContent: string[];
    };
    expect(map.sourcesContent[0]).toContain("export { Host }");
  });
});
