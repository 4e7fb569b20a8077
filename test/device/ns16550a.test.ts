import { describe, expect, test } from "vitest";
import { Ns16550a } from "../../src/device/ns16550a.ts";
import { FakeClock, FakeConsole, FakeLine } from "./fakes.ts";

const [DATA, IER, IIR, FCR, LCR, MCR, LSR, MSR, SCR] = [0, 1, 2, 2, 3, 4, 5, 6, 7];
const NONE = 0x01;
const FIFO = 0xc0;

function machine() {
  const clock = new FakeClock();
  const irq = new FakeLine();
  const console = new FakeConsole();
  const uart = new Ns16550a({ clock, irq, console });
  return { clock, irq, console, uart };
}

function withFifo(fcr = 0x01) {
  const parts = machine();
  parts.uart.store(FCR, fcr);
  return parts;
}

describe("registers", () => {
  test("reset values are QEMU's", () => {
    const { uart } = machine();
    expect([IER, IIR, LCR, MCR, LSR, MSR, SCR].map((offset) => uart.load(offset))).toEqual([
      0, 1, 0, 0x08, 0x60, 0xb0, 0,
    ]);
  });

  test("DLAB uncovers the divisor", () => {
    const { uart, console } = machine();
    uart.store(LCR, 0x83);
    expect([uart.load(DATA), uart.load(IER)]).toEqual([12, 0]);
    uart.store(DATA, 0x34);
    uart.store(IER, 0x12);
    expect([uart.load(DATA), uart.load(IER)]).toEqual([0x34, 0x12]);
    uart.store(LCR, 0x03);
    expect([uart.load(IER), console.output]).toEqual([0, []]);
  });

  test("IER keeps four bits, MCR five, SCR all", () => {
    const { uart } = machine();
    for (const offset of [IER, MCR, SCR]) uart.store(offset, 0xff);
    expect([IER, MCR, SCR].map((offset) => uart.load(offset))).toEqual([0x0f, 0x1f, 0xff]);
  });

  test("IIR shows whether the FIFO is on", () => {
    const { uart } = withFifo();
    expect(uart.load(IIR)).toBe(FIFO | NONE);
    uart.store(FCR, 0);
    expect(uart.load(IIR)).toBe(NONE);
  });

  test("a wide access touches one register", () => {
    const { uart, console } = machine();
    uart.store64(DATA, 0x1234_5641);
    const word = { low: 9, high: 9 };
    uart.load64(LSR, word);
    expect([console.text, word]).toEqual(["A", { low: 0x60, high: 0 }]);
  });
});

describe("transmitting", () => {
  test("bytes go out at once and the transmitter is empty again", () => {
    const { uart, console } = machine();
    for (const character of "hello") uart.store(DATA, character.charCodeAt(0));
    expect([console.text, uart.load(LSR)]).toEqual(["hello", 0x60]);
  });

  test("enabling THRI announces an empty transmitter; reading IIR acknowledges", () => {
    const { uart, irq } = machine();
    uart.store(IER, 0x02);
    expect(irq.level).toBe(true);
    expect([uart.load(IIR), irq.level, uart.load(IIR)]).toEqual([0x02, false, NONE]);
    uart.store(DATA, 0x41);
    expect([irq.level, uart.load(IIR)]).toEqual([true, 0x02]);
  });

  test("disabling THRI lowers the line", () => {
    const { uart, irq } = machine();
    uart.store(IER, 0x02);
    uart.store(IER, 0x00);
    expect(irq.level).toBe(false);
  });
});

describe("receiving without the FIFO", () => {
  test("one byte at a time, the rest waits", () => {
    const { uart, console } = machine();
    console.type("ab");
    expect([console.left, uart.load(LSR) & 1, uart.load(DATA)]).toEqual([1, 1, 0x61]);
    expect([console.left, uart.load(DATA), uart.load(LSR) & 1]).toEqual([0, 0x62, 0]);
  });

  test("an empty receiver gives its last byte again", () => {
    const { uart, console } = machine();
    console.type("a");
    expect([uart.load(DATA), uart.load(DATA)]).toEqual([0x61, 0x61]);
  });

  test("received data interrupts while RDI is enabled, until it is read", () => {
    const { uart, console, irq } = machine();
    uart.store(IER, 0x01);
    console.type("a");
    expect([irq.level, uart.load(IIR)]).toEqual([true, 0x04]);
    uart.load(DATA);
    expect([irq.level, uart.load(IIR)]).toEqual([false, NONE]);
  });
});

describe("receiving with the FIFO", () => {
  test.each([
    [0x01, 1],
    [0x41, 4],
    [0x81, 8],
    [0xc1, 14],
  ])("FCR 0x%s interrupts at %i bytes and takes no more", (fcr, trigger) => {
    const { uart, console, irq } = withFifo(fcr);
    uart.store(IER, 0x01);
    console.type("x".repeat(trigger - 1));
    expect(irq.level).toBe(false);
    console.type("yz");
    expect([irq.level, uart.load(IIR), console.left]).toEqual([true, FIFO | 0x04, 1]);
  });

  test("fewer bytes than the trigger level are announced after four character times", () => {
    const { uart, console, irq, clock } = withFifo(0x81);
    uart.store(IER, 0x01);
    console.type("a");
    expect(irq.level).toBe(false);
    clock.now = uart.nextDeadline()! - 1n;
    uart.update();
    expect(irq.level).toBe(false);
    clock.now = uart.nextDeadline()!;
    uart.update();
    expect([irq.level, uart.load(IIR), uart.nextDeadline()]).toEqual([true, FIFO | 0x0c, undefined]);
    uart.load(DATA);
    expect(irq.level).toBe(false);
  });

  test("a character time follows from the divisor and the frame", () => {
    const { uart, console } = withFifo(0x81);
    uart.store(LCR, 0x83);
    uart.store(DATA, 2);
    uart.store(LCR, 0x03);
    console.type("a");
    // 399193 / 2 symbols a second, ten symbols a character, four characters, 10 MHz.
    expect(uart.nextDeadline()).toBe(2000n);
  });

  test("a divisor of zero or beyond the clock is survived", () => {
    for (const divisor of [0, 0xffff]) {
      const { uart, console } = withFifo(0x81);
      uart.store(LCR, 0x80);
      uart.store(DATA, divisor & 0xff);
      uart.store(IER, divisor >>> 8);
      uart.store(LCR, 0x03);
      console.type("a");
      expect(uart.nextDeadline()).toBeGreaterThan(0n);
    }
  });

  test("an empty FIFO gives zero", () => {
    const { uart } = withFifo();
    expect(uart.load(DATA)).toBe(0);
  });

  test("resetting the receiver drops what it holds and its interrupt", () => {
    const { uart, console, irq } = withFifo();
    uart.store(IER, 0x01);
    console.type("a");
    uart.store(FCR, 0x03);
    expect([irq.level, uart.load(LSR) & 1]).toEqual([false, 0]);
  });

  test("input comes in order, however the guest reads", () => {
    const { uart, console } = withFifo(0xc1);
    const text = "the quick brown fox jumps over the lazy dog";
    console.type(text);
    let read = "";
    while ((uart.load(LSR) & 1) !== 0) read += String.fromCharCode(uart.load(DATA));
    expect(read).toBe(text);
  });
});

describe("what is typed before the guest is ready", () => {
  /** How the 8250 driver starts: it clears the FIFOs, and reads every register once. */
  function start(uart: Ns16550a): void {
    for (const fcr of [0x01, 0x07, 0x00]) uart.store(FCR, fcr);
    for (const offset of [LSR, DATA, IIR, MSR]) uart.load(offset);
    uart.store(MCR, 0x08);
    for (const offset of [LSR, IIR]) uart.load(offset);
    for (const offset of [LSR, DATA, IIR, MSR]) uart.load(offset);
  }

  function readAll(uart: Ns16550a): string {
    let read = "";
    while ((uart.load(LSR) & 1) !== 0) read += String.fromCharCode(uart.load(DATA));
    return read;
  }

  test("comes in whole when a driver that has cleared the receiver enables its interrupt", () => {
    const { uart, console, irq } = machine();
    console.type("root");
    start(uart);
    expect(irq.level).toBe(false);
    uart.store(IER, 0x01);
    expect([irq.level, readAll(uart)]).toEqual([true, "root"]);
  });

  test("comes in whole when a driver that has cleared the receiver polls it", () => {
    const { uart, console } = machine();
    console.type("root");
    for (const byte of [0x41, 0x42]) {
      uart.load(LSR);
      uart.store(DATA, byte);
    }
    start(uart);
    expect(uart.load(LSR) & 1).toBe(0);
    expect([readAll(uart), console.text]).toEqual(["root", "AB"]);
  });

  test("comes in at the first look of a guest that does not poll to send", () => {
    const { uart, console } = machine();
    console.type("root");
    uart.store(FCR, 0x07);
    for (const byte of [0x41, 0x42]) uart.store(DATA, byte);
    expect(readAll(uart)).toBe("root");
  });

  test("is held over save and restore", () => {
    const { uart, console } = machine();
    console.type("root");
    start(uart);
    const other = machine();
    other.uart.restore(JSON.parse(JSON.stringify(uart.save())));
    other.uart.store(IER, 0x01);
    expect(readAll(other.uart)).toBe("r");
  });

  test("is not confused with what a guest sends to itself", () => {
    const { uart } = machine();
    uart.store(MCR, 0x10);
    uart.store(DATA, 0x5a);
    uart.store(FCR, 0x07);
    uart.store(MCR, 0x08);
    uart.store(IER, 0x01);
    expect(readAll(uart)).toBe("");
  });

  test("is dropped by a guest that has listened", () => {
    const { uart, console } = machine();
    console.type("a");
    expect(readAll(uart)).toBe("a");
    console.type("b");
    uart.store(FCR, 0x07);
    expect(readAll(uart)).toBe("");
  });
});

describe("loopback", () => {
  test("what is sent comes back and nothing goes out", () => {
    const { uart, console } = machine();
    uart.store(MCR, 0x10);
    uart.store(DATA, 0x5a);
    expect([uart.load(LSR) & 1, uart.load(DATA), console.output]).toEqual([1, 0x5a, []]);
  });

  test("the modem's inputs are its outputs, as the 8250 driver probes for", () => {
    const { uart } = machine();
    const seen = [0x1a, 0x11, 0x12, 0x14, 0x18].map((mcr) => {
      uart.store(MCR, mcr);
      return uart.load(MSR);
    });
    expect(seen).toEqual([0x90, 0x20, 0x10, 0x40, 0x80]);
  });

  test("typed input waits until loopback ends", () => {
    const { uart, console } = machine();
    uart.store(MCR, 0x10);
    console.type("a");
    expect([console.left, uart.load(LSR) & 1]).toEqual([1, 0]);
    uart.store(MCR, 0x08);
    expect([console.left, uart.load(DATA)]).toEqual([0, 0x61]);
  });

  test("an overrun sets OE, interrupts at the highest priority, and is cleared by reading LSR", () => {
    const { uart, irq } = withFifo();
    uart.store(MCR, 0x10);
    uart.store(IER, 0x07);
    for (let i = 0; i < 17; i++) uart.store(DATA, i);
    expect([irq.level, uart.load(IIR)]).toEqual([true, FIFO | 0x06]);
    expect([uart.load(LSR), uart.load(LSR)]).toEqual([0x63, 0x61]);
    expect(uart.load(IIR)).toBe(FIFO | 0x04);
    expect(Array.from({ length: 17 }, () => uart.load(DATA))).toEqual([...Array(16).keys(), 0]);
  });
});

test("reset silences everything and keeps the line usable", () => {
  const { uart, irq, console } = withFifo();
  uart.store(IER, 0x0f);
  console.type("abc");
  uart.reset();
  expect([irq.level, uart.load(IER), uart.load(IIR), uart.nextDeadline()]).toEqual([false, 0, NONE, undefined]);
  uart.store(DATA, 0x41);
  expect(console.text).toBe("A");
});
