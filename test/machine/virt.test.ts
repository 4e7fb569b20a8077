import { describe, expect, test } from "vitest";
import { MSI, MTI } from "../../src/device/aclint.ts";
import { MEI, SEI } from "../../src/device/plic.ts";
import { flat } from "../../src/machine/loader/image.ts";
import { MEMMAP, PLIC_IRQ } from "../../src/machine/memmap.ts";
import { NEVER } from "../../src/machine/virt.ts";
import { checkParts, saveParts } from "../../src/state/saved.ts";
import type { Section } from "../../src/state/section.ts";
import { fakeBoard } from "./board.ts";
import { codeOf } from "./loader/elf-maker.ts";

const UART = 0x1000_0000;
const RTC = 0x10_1000;
const MTIMECMP = 0x200_4000;
const PLIC = 0xc00_0000;

function load(board: ReturnType<typeof fakeBoard>["board"], pa: number, size = 4): number | undefined {
  return board.bus.load(pa, size) ? board.bus.data.low : undefined;
}

function store(board: ReturnType<typeof fakeBoard>["board"], pa: number, value: number, size = 4): boolean {
  Object.assign(board.bus.data, { low: value, high: 0 });
  return board.bus.store(pa, size);
}

function restore(board: ReturnType<typeof fakeBoard>["board"], sections: readonly Section[]): void {
  const act = checkParts(board.saved, sections);
  board.restoring(act);
}

/** Lets hart 0's S context hear of a source, and gives its number when claimed. */
function listen(board: ReturnType<typeof fakeBoard>["board"], irq: number): void {
  store(board, PLIC + irq * 4, 1);
  store(board, PLIC + 0x2080, 1 << irq);
}

test.each([0, 9, 1.5, NaN, -1])("a machine of %d harts is refused", (harts) => {
  expect(codeOf(() => fakeBoard({ harts }))).toBe("hart-count");
});

test("an empty virtio slot has the registers that the board's slots have", () => {
  const versions = (["legacy", "modern"] as const).map((virtioLayout) => {
    const { board } = fakeBoard({ virtioLayout });
    expect(board.bus.load(MEMMAP.virtio.pa + 4, 4)).toBe(true);
    return board.bus.data.low;
  });
  expect(versions).toEqual([1, 2]);
});

describe("the memory map", () => {
  test("devices answer where QEMU has them", () => {
    const { board } = fakeBoard();
    const map = board.bus.regions.map(({ pa, end, device }) => [device.name, pa.toString(16), end.toString(16)]);
    expect(map).toEqual([
      ["mrom", "1000", "10000"],
      ["test", "100000", "101000"],
      ["rtc", "101000", "101024"],
      ["mswi", "2000000", "2004000"],
      ["mtimer", "2004000", "200c000"],
      ["plic", "c000000", "c600000"],
      ["uart0", "10000000", "10000008"],
      ["virtio0", "10001000", "10001200"],
      ["virtio1", "10002000", "10002200"],
      ["virtio2", "10003000", "10003200"],
      ["virtio3", "10004000", "10004200"],
      ["virtio4", "10005000", "10005200"],
      ["virtio5", "10006000", "10006200"],
      ["virtio6", "10007000", "10007200"],
      ["virtio7", "10008000", "10008200"],
      ["fw-cfg", "10100000", "10100018"],
    ]);
  });

  test("what is not built is an access fault", () => {
    const { board } = fakeBoard();
    for (const { pa } of [MEMMAP.debug, MEMMAP.pciePio, MEMMAP.flash, MEMMAP.pcieEcam, MEMMAP.dram]) {
      expect(load(board, pa)).toBeUndefined();
    }
  });
});

describe("wiring", () => {
  test("the UART interrupts through source 10", () => {
    const { board, lines } = fakeBoard();
    listen(board, 10);
    store(board, UART + 1, 2, 1);
    expect([lines.level(0, SEI), load(board, PLIC + 0x20_1004)]).toEqual([true, PLIC_IRQ.uart0]);
  });

  test("the RTC interrupts through source 11", () => {
    const { board, lines } = fakeBoard();
    listen(board, 11);
    store(board, RTC + 0x10, 1);
    store(board, RTC + 0x08, 0);
    expect([lines.level(0, SEI), load(board, PLIC + 0x20_1004)]).toEqual([true, PLIC_IRQ.rtc]);
  });

  test("MSWI, MTIMER and both PLIC contexts reach each hart", () => {
    const { board, lines } = fakeBoard({ harts: 3 });
    store(board, 0x200_0008, 1);
    store(board, PLIC + 40, 1);
    store(board, UART + 1, 2, 1);
    store(board, PLIC + 0x2000 + 4 * 0x80, 1 << 10);
    store(board, PLIC + 0x2000 + 5 * 0x80, 1 << 10);
    expect([MSI, MTI, MEI, SEI].map((irq) => lines.level(2, irq))).toEqual([true, true, true, true]);
    expect([MSI, MEI, SEI].map((irq) => lines.level(1, irq))).toEqual([false, false, false]);
  });

  test("the console is on the UART, both ways", () => {
    const { board, console } = fakeBoard();
    store(board, UART, 0x41, 1);
    console.type("b");
    expect([console.text, load(board, UART, 1)]).toEqual(["A", 0x62]);
  });

  test("the finisher's store is a power event", () => {
    const { board, power } = fakeBoard();
    store(board, 0x10_0000, 0x0005_3333);
    store(board, 0x10_0000, 0x7777);
    expect(power).toEqual([{ kind: "poweroff", code: 5 }, { kind: "reset" }]);
  });
});

describe("time", () => {
  test("there is no deadline after power-on", () => {
    expect(fakeBoard().board.nextDeadline()).toBe(NEVER);
  });

  test("the next deadline is the earliest of mtimecmp, alarm and receive timeout", () => {
    const { board, clock, console, lines } = fakeBoard({ harts: 2 });
    clock.now = 50n;
    board.bus.data.high = 0;
    Object.assign(board.bus.data, { low: 90_000, high: 0 });
    board.bus.store(MTIMECMP + 8, 8);
    expect([board.nextDeadline(), board.timerDeadline(1)]).toEqual([90_000n, 90_000n]);
    const alarm = clock.wall + 500_050n;
    store(board, RTC + 0x0c, Number(alarm >> 32n));
    store(board, RTC + 0x08, Number(alarm & 0xffff_ffffn));
    expect(board.nextDeadline()).toBe(50n + 5001n);
    store(board, UART + 2, 0x81, 1);
    store(board, UART + 3, 0x80, 1);
    store(board, UART, 1, 1);
    store(board, UART + 3, 0x03, 1);
    store(board, UART + 1, 1, 1);
    console.type("x");
    listen(board, 10);
    const timeout = board.nextDeadline();
    expect(timeout).toBe(50n + 1000n);
    clock.advance(timeout - clock.now);
    board.update();
    expect([lines.level(0, SEI), board.nextDeadline()]).toEqual([true, 50n + 5001n]);
  });

  test("deadlines are on mtime's scale, also after the guest has set mtime", () => {
    const { board, clock, console } = fakeBoard();
    clock.now = 1000n;
    Object.assign(board.bus.data, { low: 5, high: 0 });
    board.bus.store(0x200_bff8, 8);
    expect(board.mtime()).toBe(5n);
    store(board, UART + 2, 0x81, 1);
    console.type("x");
    expect(board.nextDeadline()).toBe(5n + board.uart.nextDeadline()! - 1000n);
  });
});

describe("state", () => {
  test("a state of which one part is broken changes nothing, whichever part that is", () => {
    const { board, lines } = fakeBoard();
    listen(board, PLIC_IRQ.uart0);
    store(board, UART + 1, 2, 1);
    store(board, MTIMECMP, 1000);
    const before = saveParts(board.saved);
    const other = fakeBoard();
    store(other.board, UART + 7, 0x5a, 1);
    store(other.board, MTIMECMP, 77);
    const state = saveParts(other.board.saved);
    const level = lines.level(0, SEI);
    for (const { name } of state) {
      const damaged = state.map((section) =>
        section.name === name ? { ...section, bytes: new Uint8Array(9999) } : section,
      );
      expect(codeOf(() => restore(board, damaged))).toBe("state-damaged");
      expect([saveParts(board.saved), lines.level(0, SEI)]).toEqual([before, level]);
    }
  });

  test("save, restore, save is identical, and the lines are driven again", () => {
    const one = fakeBoard({ harts: 2 });
    listen(one.board, 10);
    store(one.board, UART + 1, 3, 1);
    store(one.board, 0x200_0004, 1);
    one.board.load({ bios: "none", kernel: flat(new Uint8Array([1])) });
    one.clock.now = 1234n;
    const saved = saveParts(one.board.saved);
    const two = fakeBoard({ harts: 2 });
    restore(two.board, saved);
    expect(saveParts(two.board.saved)).toEqual(saved);
    expect([two.lines.level(0, SEI), two.lines.level(1, MSI), two.lines.level(0, MSI)]).toEqual([true, true, false]);
  });

  test("a state of another machine is refused", () => {
    const { board } = fakeBoard({ harts: 2 });
    const saved = saveParts(board.saved);
    expect(codeOf(() => restore(fakeBoard({ harts: 1 }).board, saved))).toBe("state-damaged");
    expect(codeOf(() => restore(board, saved.slice(1)))).toBe("state-section");
    expect(codeOf(() => restore(board, [...saved, saved[0]!]))).toBe("state-section");
    expect(codeOf(() => restore(board, [...saved, { ...saved[0]!, name: "device/other" }]))).toBe("state-section");
    expect(
      codeOf(() =>
        restore(
          board,
          saved.map((section) => ({ ...section, version: 2 })),
        ),
      ),
    ).toBe("state-version");
  });

  test("reset lowers every line but the timers', whose mtimecmp is 0", () => {
    const { board, lines } = fakeBoard({ harts: 1 });
    listen(board, 10);
    store(board, UART + 1, 2, 1);
    store(board, 0x200_0000, 1);
    board.reset();
    expect([MSI, MTI, MEI, SEI].map((irq) => lines.level(0, irq))).toEqual([false, true, false, false]);
    expect(board.mtime()).toBe(0n);
  });
});
