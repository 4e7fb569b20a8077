/** Who may import whom, as data; any other import fails. */

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

const shared = ["assembly/shared", "assembly/gen"];

/** Register and trap fields of the hart block: what mem/ needs of hart/, and no more. */
const fields = [...shared, "assembly/env.ts", "assembly/hart/regs.ts", "assembly/hart/raise.ts"];

const instructions = [...fields, "assembly/mem", "assembly/hart", "assembly/decode", "assembly/decode/pages.ts"];

/** What all stages of the translator share. */
const translation = [
  "assembly/dbt/wasm",
  "assembly/dbt/wasm/opcode.ts",
  "assembly/dbt/state.ts",
  "assembly/dbt/ir.ts",
  "assembly/dbt/form.ts",
  "assembly/dbt/jumps.ts",
  "assembly/dbt/blocks.ts",
  "assembly/dbt/sites.ts",
  "assembly/dbt/pc_table.ts",
];
/** What is kept of its work, and why. */
const cache = ["assembly/dbt/heat.ts", "assembly/dbt/region.ts", "assembly/dbt/modules.ts", "assembly/dbt/cache.ts"];
const translator = [...instructions, ...translation, "assembly/dbt/lift", "assembly/dbt/opt"];

const values = ["src/error.ts", "src/isa", "src/state", ...shared];
const board = [...values, "src/backend", "src/core", "src/memory", "src/device"];

/**
 * Layer -> layers it may import besides itself. A file belongs to the longest layer that its path begins with, so a
 * single file can be a layer of its own.
 */
const mayImport: Readonly<Record<string, readonly string[]>> = {
  "assembly/shared": [],
  "assembly/gen": ["assembly/shared"],
  // The generated dispatchers: one call of a handler for each op.
  "assembly/gen/execute.ts": [...instructions, "assembly/interp"],
  "assembly/gen/loop.ts": [...instructions, "assembly/interp"],
  "assembly/env.ts": shared,
  "assembly/hart/regs.ts": shared,
  "assembly/hart/raise.ts": shared,
  "assembly/mem": fields,
  "assembly/hart": [...fields, "assembly/mem"],
  "assembly/decode": shared,
  // Decoded pages are filled from guest memory; decoding itself knows only the word.
  "assembly/decode/pages.ts": [...fields, "assembly/mem", "assembly/decode"],
  "assembly/interp": instructions,
  "assembly/interp/step.ts": [
    ...instructions,
    "assembly/interp",
    "assembly/gen/execute.ts",
    "assembly/gen/loop.ts",
    "assembly/dbt/cache.ts",
  ],
  "assembly/dbt/wasm": ["assembly/dbt/wasm/opcode.ts"],
  // Names for both compilers.
  "assembly/dbt/wasm/opcode.ts": [],
  "assembly/dbt/state.ts": ["assembly/shared", "assembly/dbt/wasm"],
  "assembly/dbt/ir.ts": ["assembly/shared", "assembly/dbt/state.ts"],
  "assembly/dbt/form.ts": [...instructions, "assembly/dbt/state.ts", "assembly/dbt/jumps.ts", "assembly/dbt/blocks.ts"],
  "assembly/dbt/jumps.ts": ["assembly/dbt/state.ts", "assembly/dbt/pc_table.ts"],
  "assembly/dbt/blocks.ts": ["assembly/dbt/state.ts"],
  "assembly/dbt/sites.ts": ["assembly/dbt/state.ts", "assembly/dbt/pc_table.ts"],
  "assembly/dbt/pc_table.ts": [],
  "assembly/dbt/heat.ts": [...shared, "assembly/dbt/pc_table.ts"],
  "assembly/dbt/region.ts": [...instructions, "assembly/dbt/state.ts", "assembly/dbt/heat.ts"],
  "assembly/dbt/modules.ts": [...instructions, "assembly/dbt/region.ts", "assembly/dbt/heat.ts"],
  "assembly/dbt/cache.ts": [...instructions, "assembly/dbt/state.ts", "assembly/dbt/region.ts"],
  "assembly/dbt/lift": [...instructions, ...translation],
  "assembly/dbt/opt": ["assembly/shared", ...translation, "assembly/dbt/lift"],
  "assembly/dbt": [...translator, ...cache],
  "assembly/dbt/observe.ts": [...instructions, "assembly/interp/step.ts", ...translation, "assembly/dbt"],
  // Where translated code is entered and left for the interpreter.
  "assembly/dbt/enter.ts": [
    ...instructions,
    "assembly/gen/execute.ts",
    "assembly/interp/step.ts",
    ...translation,
    ...cache,
    "assembly/dbt",
    "assembly/dbt/observe.ts",
  ],
  "assembly/dbt/explain.ts": [...translator, "assembly/dbt"],
  "assembly/run.ts": [...instructions, "assembly/interp/step.ts", "assembly/dbt/enter.ts"],
  "assembly/host.ts": [...instructions, "assembly/dbt/state.ts", "assembly/dbt/heat.ts", "assembly/dbt/modules.ts"],
  "assembly/index.ts": [
    ...instructions,
    "assembly/dbt/enter.ts",
    "assembly/dbt/explain.ts",
    "assembly/run.ts",
    "assembly/host.ts",
  ],

  "src/error.ts": [],
  "src/nearest.ts": [],
  "src/isa": ["src/error.ts", "assembly/shared"],
  // How parts of a machine are written down and checked.
  "src/state": ["src/error.ts"],
  "src/backend": ["src/error.ts", "src/state"],
  "src/memory": ["src/error.ts", ...shared],
  "src/core": [...values, "src/memory"],
  "src/device": ["src/error.ts", "src/state", "src/backend", "src/memory"],
  "src/machine": board,
  "src/vmm": [...board, "src/nearest.ts", "src/machine", "src/host", "src/debug/region"],
  "src/host": ["src/error.ts", "src/backend"],
  // The messages between a worker and its owner. The owner's classes mirror those of vmm; the worker's side runs a Host.
  "src/worker": ["src/error.ts", "src/memory", "src/host", "src/vmm"],
  "src/worker/server.ts": ["src/error.ts", "src/host", "src/vmm", "src/vmm/host.ts", "src/worker"],
  "src/worker/main.ts": ["src/host", "src/worker/server.ts"],
  "src/vmm/host.ts": [...board, "src/machine", "src/host", "src/vmm", "src/worker"],
  "src/debug/disasm.ts": ["src/isa"],
  // Prints what the core explains of a region; the API gives the text out.
  "src/debug/region": [...values, "src/core", "assembly/dbt/wasm/opcode.ts", "src/debug/disasm.ts"],
  // Part of the API; it looks behind it, into two VMs.
  "src/debug/lockstep": [...board, "src/machine", "src/vmm", "src/vmm/host.ts", "src/debug/disasm.ts"],
  "src/debug/profile-unwind.ts": [],
  "src/debug/profile.ts": ["src/machine", "src/vmm", "src/debug/profile-unwind.ts"],
  "src/debug/profile-flame.ts": ["src/debug/profile.ts"],
  "src/debug/trace.ts": ["src/isa", "src/vmm", "src/debug/disasm.ts"],
  "src/index.ts": [
    ...board,
    "src/machine",
    "src/host",
    "src/vmm",
    "src/vmm/host.ts",
    "src/worker",
    "src/debug/lockstep",
    "src/debug/profile.ts",
    "src/debug/profile-flame.ts",
    "src/debug/trace.ts",
  ],
  "src/debug": [...values, "src/memory", "src/debug/disasm.ts", "src/index.ts"],
  "src/study": ["src/error.ts", "src/isa", "src/index.ts", "src/debug"],
  // Fetching a Linux: formats and what they are checked by; the command brings the network and the disk.
  "src/linux": ["src/error.ts"],
  "src/cli": ["src/error.ts", "src/nearest.ts", "src/index.ts", "src/debug", "src/study", "src/linux", "src/host"],
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
  const file = path.posix.join(path.posix.dirname(from), specifier);
  const target = layerOf(from.startsWith("assembly/") ? `${file}.ts` : file);
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

  test.each<[string, string]>([
    ["src/device/plic.ts", "../machine/virt.ts"],
    ["src/device/plic.ts", "../core/core.ts"],
    ["src/vmm/vm.ts", "node:fs"],
    ["src/cli/main.ts", "../vmm/vm.ts"],
    ["assembly/interp/rv_i.ts", "../run"],
    ["assembly/mem/ptw.ts", "../hart/csr"],
    ["assembly/dbt/wasm/encode.ts", "../../gen/op"],
    ["assembly/dbt/lift/rv_i.ts", "../../interp/rv_i"],
    ["src/elsewhere/x.ts", "../error.ts"],
  ])("%s importing %s would fail", (from, specifier) => {
    expect(fault({ from, specifier })).toBeTypeOf("string");
  });
});
