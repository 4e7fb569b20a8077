/** Who may import whom, as data; any other import fails. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const shared = "assembly/shared";
const isa = "assembly/isa";
const state = "assembly/state";
const mem = "assembly/mem";
const hart = "assembly/hart";
const fpu = "assembly/fpu";
const code = "assembly/code";
const insn = "assembly/insn";
const wasm = "assembly/dbt/wasm";
const ir = "assembly/dbt/ir";
const profile = "assembly/dbt/profile";
const region = "assembly/dbt/region";
const front = "assembly/dbt/front";
const analysis = "assembly/dbt/analysis";
const opt = "assembly/dbt/opt";
const lower = "assembly/dbt/lower";
const cache = "assembly/dbt/cache";

/** What src/ may use of the core: constants, op and CSR numbers, the layout of its state. */
const core = [shared, isa, state];

const values = ["src/error.ts", "src/isa", "src/state", ...core];
const board = [...values, "src/backend", "src/core", "src/memory", "src/device"];

/**
 * Layer -> layers it may import besides itself. A file belongs to the longest layer that its path begins with, so a
 * single file can be a layer of its own.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  [shared]: [],
  [isa]: [shared],
  [state]: [shared],
  [mem]: [shared, state],
  [hart]: [shared, isa, state, mem],
  [fpu]: [shared, state, mem, hart],
  [code]: [shared, isa, state, mem],
  [insn]: [shared, isa, state, mem, hart, fpu],
  "assembly/interp": [shared, isa, state, mem, hart, fpu, code, insn],
  [wasm]: [],
  [ir]: [shared, wasm],
  [profile]: [shared, state, ir],
  [region]: [shared, isa, state, code, ir, profile],
  [front]: [shared, isa, state, fpu, wasm, ir, region],
  [analysis]: [shared, wasm, ir, profile, region, front],
  [opt]: [shared, wasm, ir],
  [lower]: [shared, isa, state, fpu, wasm, ir, profile, region, front, analysis, opt],
  [cache]: [shared, isa, state, mem, code, ir, profile],
  "assembly/dbt/drive": [
    ...[shared, isa, state, mem, hart, code, "assembly/interp"],
    ...[ir, profile, region, front, analysis, opt, lower, cache],
  ],
  "assembly/run.ts": [shared, state, mem, hart, "assembly/interp", "assembly/dbt/drive"],
  "assembly/host.ts": [shared, isa, state, mem, hart, code, ir, profile, cache],
  "assembly/index.ts": [mem, "assembly/dbt/drive", "assembly/run.ts", "assembly/host.ts"],

  "src/error.ts": [],
  "src/nearest.ts": [],
  "src/defined.ts": [],
  "src/isa": ["src/error.ts", shared],
  // How parts of a machine are written down and checked.
  "src/state": ["src/error.ts"],
  "src/backend": ["src/error.ts", "src/state"],
  // Formats of disks, over whatever has the bytes.
  "src/disk": ["src/error.ts", "src/backend", "src/host"],
  // Networks made of several backends, and what is seen on them.
  "src/net": ["src/error.ts", "src/backend"],
  "src/memory": ["src/error.ts", shared, state],
  "src/core": [...values, "src/memory"],
  "src/device": ["src/error.ts", "src/defined.ts", "src/state", "src/backend", "src/memory"],
  "src/machine": [...board, "src/machine/loader/crc32.ts"],
  "src/machine/loader/crc32.ts": [],
  // The file of a snapshot.
  "src/snapshot": ["src/error.ts", "src/state", "src/machine/loader/crc32.ts", "src/backend", "src/disk", "src/host"],
  // What two sides of a migration say to each other, in the blocks of snapshots.
  "src/migration": ["src/error.ts", "src/state", "src/snapshot", "src/machine/loader/crc32.ts", "src/disk"],
  "src/vmm": [
    ...board,
    "src/net",
    "src/disk",
    "src/nearest.ts",
    "src/defined.ts",
    "src/machine",
    "src/host",
    "src/explain",
    "src/linux",
    "src/snapshot",
    "src/migration",
    "src/machine/loader/crc32.ts",
  ],
  "src/host": ["src/error.ts", "src/backend"],
  // The messages between a worker and its owner. The owner's classes mirror those of vmm; the worker's side runs a Host.
  "src/worker": ["src/error.ts", "src/defined.ts", "src/memory", "src/host", "src/vmm", "src/migration"],
  "src/worker/server.ts": ["src/error.ts", "src/host", "src/vmm", "src/vmm/host.ts", "src/worker"],
  "src/worker/main.ts": ["src/host", "src/worker/server.ts"],
  "src/vmm/host.ts": [
    ...board,
    "src/net",
    "src/disk",
    "src/snapshot",
    "src/migration",
    "src/machine",
    "src/host",
    "src/vmm",
    "src/worker",
  ],
  // Several hosts in workers.
  "src/pool": ["src/error.ts", "src/host", "src/vmm", "src/vmm/host.ts", "src/worker"],
  // Prints what the core explains of a region; the API gives the text out.
  "src/explain": [...values, "src/core", wasm],
  // Part of the API that looks behind it: lock-step, profiles, traces.
  "src/observe": [...board, "src/machine", "src/vmm", "src/vmm/host.ts"],
  "src/index.ts": [
    ...board,
    "src/net",
    "src/machine",
    "src/host",
    "src/vmm",
    "src/vmm/host.ts",
    "src/snapshot",
    "src/migration",
    "src/worker",
    "src/pool",
    "src/observe",
  ],
  "src/debug": [...values, "src/memory", "src/index.ts"],
  "src/study": ["src/error.ts", "src/isa", "src/index.ts", "src/debug"],
  // Fetching a Linux: formats and what they are checked by; the command brings the network and the disk.
  "src/linux": ["src/error.ts"],
  // The machine file and the supervisor's routes: tables, and text.
  "src/lifecycle": ["src/error.ts", "src/nearest.ts"],
  "src/cli": [
    "src/lifecycle",
    "src/error.ts",
    "src/nearest.ts",
    "src/defined.ts",
    "src/index.ts",
    "src/debug",
    "src/study",
    "src/linux",
    "src/disk",
    "src/host",
  ],
};

/** The only folder that may name a host's own modules (`node:fs`) or packages. */
const hostLayer = "src/host";

const layers = Object.keys(mayImport).sort((a, b) => b.length - a.length);

function layerOf(file: string): string | undefined {
  return layers.find((layer) => file === layer || file.startsWith(`${layer}/`));
}

interface Import {
  readonly from: string;
  readonly specifier: string;
}

/** The file that a relative import leads to; AssemblyScript's leave the extension out. */
function targetOf(from: string, specifier: string): string {
  const file = path.posix.join(path.posix.dirname(from), specifier);
  return from.startsWith("assembly/") ? `${file}.ts` : file;
}

/** The reason why an import is not allowed, or undefined. */
function fault({ from, specifier }: Import): string | undefined {
  const source = layerOf(from);
  if (source === undefined) return `${from} belongs to no layer`;
  if (!specifier.startsWith(".")) {
    // `#name` is a conditional import of this package: one of the two files of src/host.
    const target = specifier.startsWith("#") ? hostLayer : undefined;
    if (source === hostLayer || (target !== undefined && mayImport[source]!.includes(target))) return undefined;
    return `${from} imports ${specifier}; only ${hostLayer} may`;
  }
  const target = layerOf(targetOf(from, specifier));
  if (target === undefined) return `${from} imports ${specifier}, which belongs to no layer`;
  if (target === source || mayImport[source]!.includes(target)) return undefined;
  return `${from} imports ${specifier}: ${source} may not import ${target}`;
}

function sourceFiles(folder: string): string[] {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.posix.join(folder, name));
}

const files = [...sourceFiles("assembly"), ...sourceFiles("src")];

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(root, file), "utf8");
  return ts.preProcessFile(text).importedFiles.map((found) => ({ from: file, specifier: found.fileName }));
}

const imports = files.flatMap(importsOf);

/** File -> the files that it imports. */
const graph = new Map(
  files.map((file) => [
    file,
    importsOf(file)
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => targetOf(file, specifier)),
  ]),
);

/** The first circle found: a file, what it imports, and so on back to the file. Empty when there is none. */
function circle(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const visit = (file: string, above: readonly string[]): string[] => {
    if (above.includes(file)) return [...above.slice(above.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const target of edges.get(file) ?? []) {
      const found = visit(target, [...above, file]);
      if (found.length > 0) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of edges.keys()) {
    const found = visit(file, []);
    if (found.length > 0) return found;
  }
  return [];
}

describe("layers", () => {
  test("every import stands in the table", () => {
    expect(files.length).toBeGreaterThan(0);
    expect(imports.map(fault).filter((reason) => reason !== undefined)).toEqual([]);
  });

  test("the table has no cycles", () => {
    const done = new Set<string>();
    const visit = (layer: string, above: readonly string[]): void => {
      expect(above, `${[...above, layer].join(" -> ")} is a cycle`).not.toContain(layer);
      if (done.has(layer)) return;
      mayImport[layer]!.forEach((below) => visit(below, [...above, layer]));
      done.add(layer);
    };
    layers.forEach((layer) => visit(layer, []));
  });

  test("docs/design/floors.md lists the core's layers from the bottom up", () => {
    const text = readFileSync(path.join(root, "docs/design/floors.md"), "utf8");
    const [table] = /^\| folder \|[^]*?\n\n/m.exec(text)!;
    const cells = [...table.matchAll(/^\| (`[^|]*`) \|/gm)].map(([, cell]) => cell!);
    const floors = cells.flatMap((cell) =>
      [...cell.matchAll(/`([\w./]+?)\/?`/g)].map(([, name]) => `assembly/${name}`),
    );
    const core = layers.filter((layer) => layer.startsWith("assembly/"));
    expect(floors.toSorted()).toEqual(core.toSorted());
    for (const [i, floor] of floors.entries()) {
      expect(floors.slice(0, i), floor).toEqual(expect.arrayContaining([...mayImport[floor]!]));
    }
  });

  test("no file imports itself by way of others", () => {
    expect(circle(graph)).toEqual([]);
    expect(
      circle(
        new Map([
          ["a", ["b"]],
          ["b", ["c"]],
          ["c", ["b"]],
        ]),
      ),
    ).toEqual(["b", "c", "b"]);
  });

  test.each<[string, string]>([
    ["src/device/plic.ts", "../machine/virt.ts"],
    ["src/device/plic.ts", "../core/core.ts"],
    ["src/vmm/vm.ts", "node:fs"],
    ["src/cli/main.ts", "../vmm/vm.ts"],
    ["assembly/insn/rv_i.ts", "../run"],
    ["assembly/mem/ptw.ts", "../hart/csr"],
    ["assembly/dbt/wasm/encode.ts", "../../isa/op"],
    ["assembly/dbt/front/riscv/rv_i.ts", "../../interp/rv_i"],
    ["src/elsewhere/x.ts", "../error.ts"],
  ])("%s importing %s would fail", (from, specifier) => {
    expect(fault({ from, specifier })).toBeTypeOf("string");
  });
});
