import { describe, expect, test } from "vitest";
import { encodeFdt, FdtTree } from "../../src/machine/fdt.ts";
import { compile, decompile } from "./programs.ts";

function sample(): FdtTree {
  const root = new FdtTree().cells("#address-cells", 2).cells("#size-cells", 2).strings("compatible", "a,b", "c");
  root.node("memory@80000000").strings("device_type", "memory").cells64("reg", 0x8000_0000, 0x1_0000_0000n);
  root
    .node("empty")
    .flag("dma-coherent")
    .bytes("blob", new Uint8Array([1, 2, 3]));
  return root;
}

describe("encoding", () => {
  test("dtc reads back what was written, without a warning", () => {
    const source = decompile(encodeFdt({ root: sample(), reservations: [], bootHart: 0 }));
    expect(source).toContain('compatible = "a,b\\0c";');
    expect(source).toContain("reg = <0x00 0x80000000 0x01 0x00>;");
    expect(source).toContain("dma-coherent;");
    expect(source).toContain("blob = [01 02 03];");
  });

  test("reservations and the boot hart are kept", () => {
    const blob = encodeFdt({ root: sample(), reservations: [{ pa: 0x8000_0000n, size: 0x1000n }], bootHart: 3 });
    expect(decompile(blob)).toContain("/memreserve/\t0x0000000080000000 0x0000000000001000;");
    expect(new DataView(blob.buffer).getUint32(28)).toBe(3);
  });

  test("the blob has the bytes that dtc makes of the same tree", () => {
    const blob = encodeFdt({ root: sample(), reservations: [], bootHart: 0 });
    expect(Buffer.compare(blob, compile(decompile(blob)))).toBe(0);
  });
});

describe("the tree", () => {
  test("finds nodes by path, with or without unit address", () => {
    const root = sample();
    expect(root.find("/memory")).toBe(root.find("/memory@80000000"));
    expect(root.find("/")).toBe(root);
    expect(root.find("/memory/none")).toBeUndefined();
  });

  test("gives properties back", () => {
    const root = sample();
    expect(root.getStrings("compatible")).toEqual(["a,b", "c"]);
    expect(root.find("memory")?.getCells("reg")).toEqual([0, 0x8000_0000, 1, 0]);
    expect([root.getCells("none"), root.getStrings("none"), root.find("empty")?.getCells("blob")]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test("setting a property again replaces it", () => {
    expect(new FdtTree().cells("a", 1).cells("a", 2).getCells("a")).toEqual([2]);
  });
});
