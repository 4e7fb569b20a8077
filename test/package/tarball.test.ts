import { readdirSync, readFileSync } from "node:fs";
import { SourceMap as NodeSourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { pack, packageFaults } from "../../scripts/package-faults.mjs";

beforeAll(() => buildDist());

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

describe("the package", () => {
  test("is what README says of it", async () => {
    const root = new URL("../../", import.meta.url);
    const read = (name: string) => readFileSync(new URL(name, root), "utf8");
    const facts = /has (\d+) dependencies, and takes ([\d.]+) MB packed; its core is ([\d.]+) MB/.exec(
      read("README.md"),
    );
    const { dependencies = {}, engines } = JSON.parse(read("package.json")) as {
      dependencies?: object;
      engines: { node: string };
    };
    const { size, files } = await pack();
    const core = files.find(({ path }) => path === "dist/build/core.wasm")?.size ?? 0;
    const [stated, statedSize, statedCore] = facts?.slice(1).map(Number) ?? [];
    expect(stated).toBe(Object.keys(dependencies).length);
    expect(Math.abs(size / 1e6 / statedSize! - 1), `${size} bytes`).toBeLessThan(0.1);
    expect(Math.abs(core / 1e6 / statedCore! - 1), `${core} bytes`).toBeLessThan(0.1);
    expect(read("README.md")).toContain(`A program needs node ${engines.node.replace(">=", "")} or`);
  });

  test("has no script that runs, or is warned of, when it is installed", () => {
    const { scripts } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8")) as {
      scripts: Record<string, string>;
    };
    // npm takes "prepare" for one in a package that does not come from a registry.
    const atInstall = ["preinstall", "install", "postinstall", "preprepare", "prepare", "postprepare"];
    expect(Object.keys(scripts).filter((name) => atInstall.includes(name))).toEqual([]);
    expect(scripts).toHaveProperty("prepack");
  });

  test("has source maps that lead to the line where something stands", () => {
    const chunks = new URL("../../dist/src/chunks/", import.meta.url);
    const scripts = readdirSync(chunks).filter((name) => name.endsWith(".js"));
    const methods = scripts.flatMap((file) => {
      const raw = JSON.parse(readFileSync(new URL(`${file}.map`, chunks), "utf8")) as SourceMapPayload & SourceMap;
      const map = new NodeSourceMap(raw);
      return readFileSync(new URL(file, chunks), "utf8")
        .split("\n")
        .flatMap((text, line) => {
          const [, name] = /^ {2}(?:async )?(\w+)\(.*\) \{$/.exec(text) ?? [];
          if (name === undefined || /^(?:if|for|while|switch|catch)$/.test(name)) return [];
          const { originalSource, originalLine } = map.findEntry(line, 2) as SourceMapping;
          const original = raw.sourcesContent[raw.sources.indexOf(originalSource)]!.split("\n");
          return [{ name, file: originalSource, line: original[originalLine] }];
        });
    });
    expect(methods.filter(({ file }) => file.endsWith("src/vmm/vm.ts")).length).toBeGreaterThan(15);
    for (const { name, line } of methods) expect(line).toContain(name);
  });

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
    const maps = [...names].filter((name) => name.endsWith(".map"));
    const withoutSources = maps.filter((name) => {
      const { sources, sourcesContent } = JSON.parse(readFileSync(new URL(name, root), "utf8")) as SourceMap;
      return sourcesContent?.length !== sources.length || !sourcesContent.every((text) => typeof text === "string");
    });
    expect(withoutSources).toEqual([]);
  });
});
