import { describe, expect, test } from "vitest";
import { encodeFdt } from "../../src/machine/fdt.ts";
import type { FdtTree } from "../../src/machine/fdt.ts";
import { parseFdt } from "../../src/machine/fdt-parse.ts";
import { ISA_EXTENSIONS, ISA_STRING } from "../../src/machine/isa-extensions.ts";
import { MAX_HARTS } from "../../src/machine/memmap.ts";
import { buildVirtFdt, fillChosen } from "../../src/machine/virt-fdt.ts";
import { fakeBoard } from "./board.ts";
import { fakeEntropy, MIB } from "./fakes.ts";
import { decompile, qemuFdt } from "./programs.ts";

function tree(harts: number): FdtTree {
  const { board } = fakeBoard({ harts, ramSize: 256 * MIB });
  return parseFdt(board.load({ bios: "none", kernel: smallKernel }).fdt).root;
}

const smallKernel = {
  format: "flat",
  relocatable: true,
  alignment: 4,
  segments: [{ address: 0, bytes: new Uint8Array([0x6f, 0, 0, 0]), memorySize: 4 }],
  entry: 0,
  symbols: [],
} as const;

describe.each([1, 4, MAX_HARTS])("the tree for %i harts", (harts) => {
  test("has no fault that dtc finds", () => {
    expect(decompile(encodeFdt({ root: tree(harts), reservations: [], bootHart: 0 }))).toContain("riscv-virtio");
  });

  test("gives every device the place, interrupt and compatible that QEMU's gives", () => {
    const [ours, theirs] = [tree(harts), parseFdt(qemuFdt(harts, "256M")).root];
    const left = new Set(["pci@30000000"]);
    for (const node of theirs.find("/soc")!.children) {
      if (left.has(node.name)) continue;
      const own = ours.find(`/soc/${node.name}`);
      expect([node.name, describeDevice(own)]).toEqual([node.name, describeDevice(node)]);
    }
    expect(ours.find("/soc")!.children.length).toBe(theirs.find("/soc")!.children.length - left.size);
  });

  test("describes the firmware configuration device as QEMU's does", () => {
    const [ours, theirs] = [tree(harts), parseFdt(qemuFdt(harts, "256M")).root];
    const [own, their] = [ours, theirs].map((root) => root.find("/fw-cfg@10100000")!) as [FdtTree, FdtTree];
    expect(own.getStrings("compatible")).toEqual(their.getStrings("compatible"));
    expect(own.getCells("reg")).toEqual(their.getCells("reg"));
    expect(own.getCells("dma-coherent")).toEqual(their.getCells("dma-coherent"));
  });

  test("connects the CLINT and the PLIC to the harts as QEMU's does", () => {
    const [ours, theirs] = [tree(harts), parseFdt(qemuFdt(harts, "256M")).root];
    for (const node of ["clint", "plic"]) {
      expect(connections(ours, `/soc/${node}`)).toEqual(connections(theirs, `/soc/${node}`));
    }
  });

  test("describes memory and harts as QEMU's does", () => {
    const [ours, theirs] = [tree(harts), parseFdt(qemuFdt(harts, "256M")).root];
    expect(ours.find("/memory")?.getCells("reg")).toEqual(theirs.find("/memory")?.getCells("reg"));
    expect(ours.find("/cpus")?.getCells("timebase-frequency")).toEqual(
      theirs.find("/cpus")?.getCells("timebase-frequency"),
    );
    for (let hart = 0; hart < harts; hart++) {
      const [own, their] = [ours, theirs].map((root) => root.find(`/cpus/cpu@${hart}`)!) as [FdtTree, FdtTree];
      for (const name of ["device_type", "status", "compatible"]) {
        expect(own.getStrings(name)).toEqual(their.getStrings(name));
      }
      expect(own.getCells("reg")).toEqual([hart]);
      expect(ours.find(`/cpus/cpu-map/cluster0/core${hart}`)?.getCells("cpu")).toEqual(own.getCells("phandle"));
    }
  });

  test("lets poweroff and reboot find the test device", () => {
    const root = tree(harts);
    const phandle = root.find("/soc/test")?.getCells("phandle");
    for (const [name, value] of [
      ["poweroff", 0x5555],
      ["reboot", 0x7777],
    ] as const) {
      const node = root.find(`/${name}`)!;
      expect([node.getCells("regmap"), node.getCells("offset"), node.getCells("value")]).toEqual([
        phandle,
        [0],
        [value],
      ]);
    }
  });
});

/** What a driver looks at. phandles differ, so interrupt parents are named. */
function describeDevice(node: FdtTree | undefined): unknown {
  return {
    compatible: node?.getStrings("compatible"),
    reg: node?.getCells("reg"),
    interrupts: node?.getCells("interrupts"),
    clock: node?.getCells("clock-frequency"),
  };
}

/** interrupts-extended as pairs of hart number and interrupt. */
function connections(root: FdtTree, path: string): unknown[] {
  const harts = root.find("/cpus")!.children.filter((node) => node.name.startsWith("cpu@"));
  const byPhandle = new Map(
    harts.map((node) => [node.child("interrupt-controller")?.getCells("phandle")?.[0], node.getCells("reg")?.[0]]),
  );
  const cells = root.find(path)?.getCells("interrupts-extended") ?? [];
  return cells.map((cell, index) => (index % 2 === 0 ? `hart ${byPhandle.get(cell)}` : cell));
}

test("every interrupt parent is the PLIC", () => {
  const root = tree(2);
  const plic = root.find("/soc/plic")?.getCells("phandle");
  const parents = root.find("/soc")!.children.map((node) => node.getCells("interrupt-parent"));
  expect(parents.filter((parent) => parent !== undefined)).toEqual(new Array(10).fill(plic));
});

test("phandles are unique", () => {
  const seen: number[] = [];
  const visit = (node: FdtTree): void => {
    seen.push(...(node.getCells("phandle") ?? []));
    node.children.forEach(visit);
  };
  visit(tree(MAX_HARTS));
  expect([seen.length, new Set(seen).size]).toEqual([2 * MAX_HARTS + 2, 2 * MAX_HARTS + 2]);
});

describe("the ISA", () => {
  test("is told in the old and the new way alike", () => {
    const hart = tree(1).find("/cpus/cpu@0")!;
    expect(hart.getStrings("riscv,isa")).toEqual([ISA_STRING]);
    expect(hart.getStrings("riscv,isa-base")).toEqual(["rv64i"]);
    expect(hart.getStrings("riscv,isa-extensions")).toEqual([...ISA_EXTENSIONS]);
    const [base, ...named] = ISA_STRING.split("_");
    expect([...base!.slice(4), ...named]).toEqual([...ISA_EXTENSIONS]);
  });

  test("names every extension once, those QEMU's hart has included but for the hypervisor", () => {
    expect(new Set(ISA_EXTENSIONS).size).toBe(ISA_EXTENSIONS.length);
    const theirs = parseFdt(qemuFdt(1, "128M")).root.find("/cpus/cpu@0")!.getStrings("riscv,isa")![0]!;
    const [letters, ...named] = theirs.split("_");
    const missing = [...letters!.slice(4), ...named].filter((extension) => !ISA_EXTENSIONS.includes(extension));
    expect(missing).toEqual(["h"]);
  });
});

describe("/chosen", () => {
  test("gets the command line, the initrd and seeds", () => {
    const root = buildVirtFdt({ harts: 1, ramPa: 0x8000_0000, ramSize: MIB, devices: [] });
    fillChosen(root, { bootargs: "console=ttyS0", initrd: { start: 0x8800_0000, end: 0x8800_1000 } }, fakeEntropy);
    const chosen = root.find("/chosen")!;
    expect(chosen.getStrings("bootargs")).toEqual(["console=ttyS0"]);
    expect(chosen.getStrings("stdout-path")).toEqual(["/soc/serial@10000000"]);
    expect(chosen.getCells("linux,initrd-start")).toEqual([0, 0x8800_0000]);
    expect(chosen.getCells("linux,initrd-end")).toEqual([0, 0x8800_1000]);
    expect(chosen.properties.get("rng-seed")).toEqual(new Uint8Array(32).fill(0x5a));
    expect(chosen.properties.get("kaslr-seed")).toEqual(new Uint8Array(8).fill(0x5a));
  });

  test("has neither command line nor initrd when there is none", () => {
    const root = buildVirtFdt({ harts: 1, ramPa: 0x8000_0000, ramSize: MIB, devices: [] });
    fillChosen(root, {}, fakeEntropy);
    expect([...root.find("/chosen")!.properties.keys()]).toEqual(["stdout-path", "rng-seed", "kaslr-seed"]);
  });
});
