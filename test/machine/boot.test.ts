import { describe, expect, test } from "vitest";
import { encodeFdt, FdtTree } from "../../src/machine/fdt.ts";
import { parseFdt } from "../../src/machine/fdt-parse.ts";
import { parseElf } from "../../src/machine/loader/elf.ts";
import { flat, parseImage } from "../../src/machine/loader/image.ts";
import { fakeBoard } from "./board.ts";
import { MIB, peek, RAM } from "./fakes.ts";
import { codeOf, makeElf } from "./loader/elf-maker.ts";
import { linuxImage } from "./loader/linux-maker.ts";

const linux = parseImage(linuxImage());
const code = new Uint8Array([0x6f, 0, 0, 0]);
const firmware = flat(new Uint8Array(270_000).fill(0x13));

describe("under the built-in SBI", () => {
  test("hart 0 enters the kernel at 2 MiB in S mode with its number and the FDT; the others wait", () => {
    const { board, memory } = fakeBoard({ harts: 2 });
    const booted = board.load({ bios: "builtin", kernel: linux });
    expect(booted.harts).toEqual([
      {
        hartid: 0,
        running: true,
        priv: 1,
        pc: 0x8020_0000n,
        x: [
          [10, 0n],
          [11, BigInt(booted.fdtPa)],
        ],
      },
      expect.objectContaining({ hartid: 1, running: false }),
    ]);
    expect(peek(memory, RAM + 2 * MIB, 100)).toEqual(linuxImage());
  });

  test("an ELF goes where it says, also into a machine of 1 MiB", () => {
    const { board } = fakeBoard({ ramSize: MIB });
    const kernel = parseElf(makeElf({ entry: 0x8000_0002n, pieces: [{ paddr: 0x8000_0000n, bytes: code }] }));
    expect(board.load({ bios: "builtin", kernel }).harts[0]!.pc).toBe(0x8000_0000n);
  });

  test("without a kernel there is nothing to run", () => {
    expect(codeOf(() => fakeBoard().board.load({ bios: "builtin" }))).toBe("kernel-missing");
  });
});

describe("without firmware", () => {
  test("all harts enter the kernel at the start of RAM in M mode, as the reset vector leaves them", () => {
    const { board } = fakeBoard({ harts: 2 });
    const booted = board.load({ bios: "none", kernel: flat(code) });
    expect(booted.harts.map(({ running, priv, pc }) => [running, priv, pc])).toEqual([
      [true, 3, 0x8000_0000n],
      [true, 3, 0x8000_0000n],
    ]);
    expect(booted.harts[1]!.x).toEqual([
      [10, 1n],
      [11, BigInt(booted.fdtPa)],
      [12, 0x1028n],
      [5, 0x8000_0000n],
    ]);
  });
});

describe("under firmware", () => {
  test("harts enter the firmware and fw_dynamic names the kernel, which lies at the next superpage", () => {
    const { board, memory } = fakeBoard();
    const booted = board.load({ bios: firmware, kernel: linux });
    expect([booted.harts[0]!.pc, booted.kernelPa]).toEqual([0x8000_0000n, 0x8020_0000]);
    expect(peek(memory, RAM + 2 * MIB, 100)).toEqual(linuxImage());
    const words = Array.from({ length: 11 }, (_, index) => {
      board.bus.load(0x1018 + 8 * index, 8);
      return board.bus.data.high * 2 ** 32 + board.bus.data.low;
    });
    expect(words).toEqual([0x8000_0000, booted.fdtPa, 0x4942_534f, 2, 0x8020_0000, 1, 0, 0, 0, 0, 0]);
  });

  test("alone is enough", () => {
    const booted = fakeBoard().board.load({ bios: firmware });
    expect([booted.kernelPa, booted.harts[0]!.pc]).toEqual([undefined, 0x8000_0000n]);
  });

  test("larger than 2 MiB moves the kernel up", () => {
    const { board } = fakeBoard();
    expect(board.load({ bios: flat(new Uint8Array(3 * MIB)), kernel: linux }).kernelPa).toBe(RAM + 4 * MIB);
  });

  test("and a kernel in the same place are refused", () => {
    const kernel = parseElf(makeElf({ entry: 0x8000_1000n, pieces: [{ paddr: 0x8000_1000n, bytes: code }] }));
    expect(codeOf(() => fakeBoard().board.load({ bios: firmware, kernel }))).toBe("image-overlap");
  });
});

describe("an ELF file's entry", () => {
  const pieces = [
    { paddr: 0x8040_0000n, bytes: code },
    { paddr: 0x8020_0000n, bytes: code },
  ];
  const kernel = parseElf(makeElf({ entry: 0x8040_0002n, pieces }));

  test("counts where there is no firmware", () => {
    const booted = fakeBoard({ harts: 2 }).board.load({ bios: "none", kernel });
    expect([booted.kernelPa, ...booted.harts.map(({ pc }) => pc)]).toEqual([0x8040_0002, 0x8040_0002n, 0x8040_0002n]);
  });

  test("does not count under firmware, built in or not, which goes on at the lowest address", () => {
    expect(fakeBoard().board.load({ bios: "builtin", kernel }).harts[0]!.pc).toBe(0x8020_0000n);
    const { board } = fakeBoard();
    expect(board.load({ bios: firmware, kernel }).kernelPa).toBe(0x8020_0000);
    board.bus.load(0x1038, 8);
    expect(board.bus.data.low).toBe(0x8020_0000);
  });

  test("counts for the firmware itself", () => {
    const fw = parseElf(makeElf({ entry: 0x8000_0002n, pieces: [{ paddr: 0x8000_0000n, bytes: code }] }));
    expect(fakeBoard().board.load({ bios: fw, kernel: linux }).harts[0]!.pc).toBe(0x8000_0002n);
  });

  test("counts where the lowest address has the file's header, which is no code", () => {
    const headed = makeElf({ entry: 0x8020_0100n, pieces: [{ paddr: 0x8020_0000n, bytes: new Uint8Array(0x200) }] });
    headed.set(headed.subarray(0, 64), 64 + 56);
    const booted = fakeBoard().board.load({ bios: "builtin", kernel: parseElf(headed) });
    expect(booted.harts[0]!.pc).toBe(0x8020_0100n);
  });
});

describe("what is handed over", () => {
  test("the FDT in memory has the command line and the initrd's place", () => {
    const { board, memory } = fakeBoard();
    const initrd = new Uint8Array(5000).fill(0xcc);
    const booted = board.load({ bios: "builtin", kernel: linux, initrd, append: "quiet" });
    const blob = peek(memory, booted.fdtPa, booted.fdt.length);
    expect(blob).toEqual(booted.fdt);
    const chosen = parseFdt(blob).root.find("/chosen")!;
    expect(chosen.getStrings("bootargs")).toEqual(["quiet"]);
    expect(chosen.getCells("linux,initrd-start")).toEqual([0, booted.initrd!.start]);
    expect(booted.initrd).toEqual({ start: 0x8820_0000, end: 0x8820_0000 + 5000 });
    expect(peek(memory, booted.initrd!.start, 5000)).toEqual(initrd);
  });

  test("a tree of the caller's own replaces the board's but for /chosen", () => {
    const { board } = fakeBoard();
    const tree = new FdtTree().strings("model", "mine");
    const dtb = encodeFdt({ root: tree, reservations: [{ pa: 0x8000_0000n, size: 4096n }], bootHart: 0 });
    const { root, reservations } = parseFdt(board.load({ bios: "builtin", kernel: linux, append: "x", dtb }).fdt);
    expect([root.getStrings("model"), root.find("/soc"), reservations.length]).toEqual([["mine"], undefined, 1]);
    expect(root.find("/chosen")?.getStrings("bootargs")).toEqual(["x"]);
  });

  test("a tree that is none is refused", () => {
    const dtb = new TextEncoder().encode("this is not a device tree, but it is long enough to be one");
    expect(codeOf(() => fakeBoard().board.load({ bios: "builtin", kernel: linux, dtb }))).toBe("fdt-magic");
  });

  test("an initrd that does not fit is refused", () => {
    const { board } = fakeBoard({ ramSize: 16 * MIB });
    expect(codeOf(() => board.load({ bios: "builtin", kernel: linux, initrd: new Uint8Array(14 * MIB) }))).toBe(
      "initrd-too-large",
    );
  });

  test("booting twice gives the same", () => {
    const { board } = fakeBoard();
    const plan = { bios: "builtin", kernel: linux, append: "a" } as const;
    expect(board.load(plan)).toEqual(board.load(plan));
  });
});
