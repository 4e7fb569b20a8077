import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { flat } from "../../src/machine/loader/image.ts";
import type { LoadedImage } from "../../src/machine/loader/loaded-image.ts";
import { alignUp, fdtPlace, initrdPlace, placeImage } from "../../src/machine/placement.ts";
import { fakeMemory, MIB, peek, RAM } from "./fakes.ts";
import { codeOf } from "./loader/elf-maker.ts";

const absolute = (address: number, memorySize = 4): LoadedImage => ({
  ...flat(new Uint8Array([1, 2, 3, 4])),
  format: "elf",
  relocatable: false,
  segments: [{ address, bytes: new Uint8Array([1, 2, 3, 4]), memorySize }],
  entry: address,
});

describe("images", () => {
  test("relocatable ones go where they are put", () => {
    const memory = fakeMemory(MIB);
    const placed = placeImage(memory, flat(new Uint8Array([9, 8])), RAM + 0x1000, "kernel");
    expect(placed).toEqual({ start: RAM + 0x1000, end: RAM + 0x1002, entryPa: RAM + 0x1000, nextPa: RAM + 0x1000 });
    expect([...peek(memory, RAM + 0xfff, 4)]).toEqual([0, 9, 8, 0]);
  });

  test("absolute ones go where they say", () => {
    const memory = fakeMemory(MIB);
    expect(placeImage(memory, absolute(RAM + 0x100, 0x40), RAM, "kernel")).toEqual({
      start: RAM + 0x100,
      end: RAM + 0x140,
      entryPa: RAM + 0x100,
      nextPa: RAM + 0x100,
    });
  });

  test.each([
    ["below RAM", absolute(0x1000), "image-address"],
    ["above 4 GiB", absolute(2 ** 40), "image-address"],
    ["beyond the end of RAM", absolute(RAM + MIB - 2), "image-too-large"],
    ["with more memory than there is", absolute(RAM, 2 * MIB), "image-too-large"],
    ["with absurdly much memory", absolute(RAM, 2 ** 52), "image-too-large"],
  ])("an image %s is refused", (_what, image, code) => {
    expect(codeOf(() => placeImage(fakeMemory(MIB), image, RAM, "kernel"))).toBe(code);
  });

  test("many overlapping segments are refused before they are copied", () => {
    const segment = { address: 0, bytes: new Uint8Array(MIB / 2), memorySize: MIB / 2 };
    const image = { ...flat(new Uint8Array(1)), segments: new Array<typeof segment>(60_000).fill(segment) };
    expect(codeOf(() => placeImage(fakeMemory(MIB), image, RAM, "kernel"))).toBe("image-too-large");
  });
});

describe("the FDT", () => {
  test.each([
    [128, 0x87e0_0000],
    [256, 0x8fe0_0000],
    [1024, 0xbfe0_0000],
    [2047, 0xbfe0_0000],
  ])("with %i MiB lies at 0x%s, as in QEMU", (mebibytes, pa) => {
    expect(fdtPlace(fakeMemory(mebibytes * MIB), 5000, RAM + 30 * MIB)).toBe(pa);
  });

  test("goes to the last pages where a superpage boundary is out of reach", () => {
    expect(fdtPlace(fakeMemory(MIB), 5000, RAM + 0x1000)).toBe(RAM + MIB - 8192);
  });

  test("is refused where there is no room above the kernel", () => {
    expect(codeOf(() => fdtPlace(fakeMemory(MIB), 5000, RAM + MIB - 4096))).toBe("image-too-large");
  });
});

describe("the initrd", () => {
  const kernel = { start: RAM + 2 * MIB, end: RAM + 34 * MIB };

  test.each([
    [128, 64],
    [256, 128],
    [1024, 128],
  ])("with %i MiB of RAM lies %i MiB beyond the kernel, as in QEMU", (ram, distance) => {
    const range = initrdPlace(fakeMemory(ram * MIB), MIB, kernel, RAM + (ram - 2) * MIB);
    expect(range).toEqual({ start: kernel.start + distance * MIB, end: kernel.start + (distance + 1) * MIB });
  });

  test("goes right below the FDT where that does not fit", () => {
    const range = initrdPlace(fakeMemory(128 * MIB), 80 * MIB + 5, kernel, RAM + 126 * MIB);
    expect(range).toEqual({ start: RAM + 46 * MIB - 4096, end: RAM + 126 * MIB - 4096 + 5 });
  });

  test("is refused where it does not fit at all", () => {
    expect(codeOf(() => initrdPlace(fakeMemory(128 * MIB), 100 * MIB, kernel, RAM + 126 * MIB))).toBe(
      "initrd-too-large",
    );
  });
});

test("kernel, initrd and FDT never overlap and stay in RAM", () => {
  const sizes = fc.record({
    ram: fc.integer({ min: 1, max: 2000 }).map((mebibytes) => mebibytes * MIB),
    kernel: fc.integer({ min: 1, max: 64 * MIB }),
    initrd: fc.integer({ min: 1, max: 256 * MIB }),
    fdt: fc.integer({ min: 100, max: MIB }),
  });
  fc.assert(
    fc.property(sizes, ({ ram, kernel, initrd, fdt }) => {
      const memory = fakeMemory(ram);
      const range = { start: RAM, end: RAM + kernel };
      try {
        const fdtPa = fdtPlace(memory, fdt, range.end);
        const { start, end } = initrdPlace(memory, initrd, range, fdtPa);
        return (
          kernel <= ram && start >= range.end && end <= fdtPa && fdtPa + fdt <= RAM + ram && end - start === initrd
        );
      } catch (error) {
        return ["image-too-large", "initrd-too-large"].includes((error as { code: string }).code);
      }
    }),
  );
});

test("alignUp gives the next multiple, or the value when it is one", () => {
  expect([alignUp(0, 8), alignUp(1, 8), alignUp(8, 8), alignUp(RAM + 1, 2 * MIB)]).toEqual([0, 8, 8, RAM + 2 * MIB]);
});
