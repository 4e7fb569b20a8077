import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { WasmvisorError } from "../../src/error.ts";
import { encodeFdt, Fdt, FdtTree } from "../../src/machine/fdt.ts";
import { parseFdt } from "../../src/machine/fdt-parse.ts";
import { compile, qemuFdt } from "./programs.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9,._+-]{0,12}$/);

interface Sketch {
  readonly properties: Readonly<Record<string, Uint8Array>>;
  readonly children: readonly (readonly [name: string, child: Sketch])[];
}

function sketch(depth: number): fc.Arbitrary<Sketch> {
  const child = depth === 0 ? undefined : fc.tuple(name, sketch(depth - 1));
  return fc.record({
    properties: fc.dictionary(name, fc.uint8Array({ maxLength: 20 }), { maxKeys: 4 }),
    children: child === undefined ? fc.constant([]) : fc.array(child, { maxLength: 3 }),
  });
}

function grow(target: FdtTree, { properties, children }: Sketch): FdtTree {
  for (const [key, value] of Object.entries(properties)) target.bytes(key, value);
  for (const [childName, child] of children) grow(target.node(childName), child);
  return target;
}

const small = encodeFdt({ root: new FdtTree().strings("model", "x"), reservations: [], bootHart: 0 });

function patched(offset: number, value: number): Uint8Array {
  const blob = small.slice();
  new DataView(blob.buffer).setUint32(offset, value);
  return blob;
}

/** A root with `count` empty properties, whose names begin at one byte of `strings` each. */
function withProperties(count: number, strings: string): Uint8Array {
  const words = [1, 0, ...Array.from({ length: count }, (_, index) => [3, 0, index]).flat(), 2, 9];
  const [structureAt, stringsAt] = [56, 56 + 4 * words.length];
  const names = new TextEncoder().encode(`${strings}\0`);
  const blob = new Uint8Array(stringsAt + names.length);
  const view = new DataView(blob.buffer);
  const header = [Fdt.MAGIC, blob.length, structureAt, stringsAt, 40, 17, 16, 0, names.length, 4 * words.length];
  header.forEach((word, index) => view.setUint32(4 * index, word));
  words.forEach((word, index) => view.setUint32(structureAt + 4 * index, word));
  blob.set(names, stringsAt);
  return blob;
}

function code(blob: Uint8Array): string {
  try {
    parseFdt(blob);
  } catch (error) {
    if (error instanceof WasmvisorError) return error.code;
    throw error;
  }
  return "parsed";
}

describe("well-formed blobs", () => {
  test("parsing what was encoded gives the same tree", () => {
    fc.assert(
      fc.property(sketch(3), (drawing) => {
        const root = grow(new FdtTree(), drawing);
        const document = { root, reservations: [{ pa: 1n, size: 2n }], bootHart: 1 };
        const blob = encodeFdt(document);
        const parsed = parseFdt(blob);
        expect(parsed).toEqual(document);
        return Buffer.compare(encodeFdt(parsed), blob) === 0;
      }),
    );
  });

  test("QEMU's own blob parses, with the space behind its blocks", () => {
    const { root } = parseFdt(qemuFdt(1, "128M"));
    expect(root.getStrings("compatible")).toEqual(["riscv-virtio"]);
  });

  test("a blob inside a larger buffer parses", () => {
    const buffer = new Uint8Array(small.length + 13);
    buffer.set(small, 7);
    expect(parseFdt(buffer.subarray(7)).root.getStrings("model")).toEqual(["x"]);
  });

  test("NOP tokens, which dtc leaves after deleting, are skipped", () => {
    const blob = compile('/dts-v1/; / { a = "b"; c { }; };');
    const view = new DataView(blob.buffer, blob.byteOffset);
    const at = view.getUint32(8);
    const property = at + 8;
    for (let word = 0; word < 4; word++) view.setUint32(property + word * 4, Fdt.NOP);
    const { root } = parseFdt(blob);
    expect([root.properties.size, root.children.length]).toEqual([0, 1]);
  });
});

describe("malformed blobs", () => {
  test.each([
    ["nothing", new Uint8Array(0), "fdt-truncated"],
    ["text", new TextEncoder().encode('/dts-v1/; / { model = "this is the source, not the blob"; };'), "fdt-magic"],
    ["a total beyond the file", patched(4, 0x7fff_ffff), "fdt-truncated"],
    ["a total below the header", patched(4, 8), "fdt-truncated"],
    ["version 16", patched(20, 16), "fdt-version"],
    ["a future version", patched(24, 18), "fdt-version"],
    ["a structure block outside", patched(8, 0xffff_fff0), "fdt-truncated"],
    ["a misaligned structure block", patched(8, 57), "fdt-structure"],
    ["a structure block that is too short", patched(36, 8), "fdt-structure"],
    ["a strings block outside", patched(12, 0xffff_0000), "fdt-truncated"],
    ["no strings", patched(32, 0), "fdt-structure"],
    ["reservations outside", patched(16, 0x1000), "fdt-truncated"],
    ["reservations without an end", patched(16, 56), "fdt-structure"],
  ])("%s is refused", (_what, blob, expected) => {
    expect(code(blob)).toBe(expected);
  });

  test("nesting without end is refused before the stack is", () => {
    const words = [1, 0].flatMap((word) => [word >>> 24, word >>> 16, word >>> 8, word]);
    const structure = new Uint8Array(8 * 1000).map((_, index) => words[index % 8]!);
    const blob = new Uint8Array(56 + structure.length);
    blob.set(small.subarray(0, 56));
    blob.set(structure, 56);
    const view = new DataView(blob.buffer);
    view.setUint32(4, blob.length);
    view.setUint32(12, 56);
    view.setUint32(36, structure.length);
    expect(code(blob)).toBe("fdt-structure");
  });

  test("names without end, or more of them than the blob could hold, are refused as soon as that is seen", () => {
    expect(code(withProperties(1, "a".repeat(256)))).toBe("fdt-structure");
    expect(code(withProperties(1, "a".repeat(255)))).toBe("parsed");
    // Every property's name is the rest of one long text: of quadratic cost, were it not cut.
    expect(code(withProperties(87_000, "a".repeat(2 ** 20 - 1)))).toBe("fdt-structure");
    const terminated = `${"a".repeat(255)}\0`.repeat(2 ** 12 - 1);
    expect(code(withProperties(16_000, terminated))).toBe("parsed");
    expect(code(withProperties(17_000, terminated))).toBe("fdt-structure");
  });

  test("a blob larger than any kernel takes is refused", () => {
    const large = new Uint8Array((2 << 20) + 8);
    large.set(small);
    new DataView(large.buffer).setUint32(4, large.length);
    expect(code(large)).toBe("fdt-truncated");
  });

  test("a damaged blob parses or is refused with an fdt code, never anything else", () => {
    const blob = encodeFdt({
      root: grow(new FdtTree(), {
        properties: { a: new Uint8Array(9) },
        children: [["b", { properties: {}, children: [] }]],
      }),
      reservations: [],
      bootHart: 0,
    });
    const damage = fc.array(fc.tuple(fc.nat(blob.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(damage, fc.nat(blob.length), (bytes, length) => {
        const damaged = blob.slice();
        for (const [at, value] of bytes) damaged[at] = value;
        return ["parsed", "fdt-truncated", "fdt-magic", "fdt-version", "fdt-structure"].includes(
          code(damaged.subarray(0, bytes.length > 3 ? length : undefined)),
        );
      }),
      { numRuns: 2000 },
    );
  });
});
