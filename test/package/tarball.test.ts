import { readdirSync, readFileSync, statSync } from "node:fs";
import { SourceMap as NodeSourceMap, type SourceMapPayload, type SourceMapping } from "node:module";
import { beforeAll, describe, expect, test } from "vitest";
import { buildDist } from "../../scripts/build-dist.mjs";
import { pack, packageFaults } from "../../scripts/package-faults.mjs";

beforeAll(() => buildDist());

interface SourceMap {
  readonly sources: readonly string[];
  readonly sourcesContent?: readonly (string | null)[];
}

/** What a script of the package's loads at once, or some do, of which all but the first are named by a source that they hold. */
function loaded(first: string, ...others: readonly string[]) {
  const src = new URL("../../dist/src/", import.meta.url);
  const text = (url: URL) => readFileSync(url, "utf8");
  const sourcesIn = (url: URL) => Array.from(text(url).matchAll(/^\/\/ (src\/\S+)$/gm), ([, name]) => name!);
  const chunks = readdirSync(new URL("chunks/", src)).filter((name) => name.endsWith(".js"));
  const holding = (source: string) =>
    chunks.map((name) => new URL(`chunks/${name}`, src)).find((url) => sourcesIn(url).includes(source))!;
  const urls = new Set([new URL(first, src), ...others.map(holding)].map(({ href }) => href));
  for (const href of urls) {
    const imports = text(new URL(href)).matchAll(/^(?:import|export) (?:[^;"]*? from )?"(\.[^"]+)";/gm);
    for (const [, specifier] of imports) urls.add(new URL(specifier!, href).href);
  }
  const all = Array.from(urls, (href) => new URL(href));
  return {
    scripts: all.length,
    bytes: all.reduce((sum, url) => sum + statSync(url).size, 0),
    sources: all.flatMap(sourcesIn),
  };
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

  test("has a command that loads what it needs", () => {
    const main = loaded("cli/main.js");
    expect(main.scripts).toBeLessThan(12);
    expect(main.bytes).toBeLessThan(80_000);
    expect(main.sources).not.toContain("src/vmm/vm.js");
    // All that a run needs, and not what the library has besides.
    const run = loaded("cli/main.js", "src/cli/options.js", "src/cli/run.js");
    expect(run.scripts).toBeLessThan(65);
    expect(run.bytes).toBeLessThan(920_000);
    expect(run.sources).toContain("src/vmm/vm.js");
    const beside = [
      "src/observe/lockstep/pair.js",
      "src/observe/profile.js",
      "src/pool/host-pool.js",
      "src/net/switch/switch.js",
      "src/debug/monitor.js",
    ];
    expect(beside.filter((source) => run.sources.includes(source))).toEqual([]);
    expect(loaded("index.js").sources).toContain("src/pool/host-pool.js");
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
