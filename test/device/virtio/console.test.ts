import { describe, expect, test } from "vitest";
import { ConsoleRig } from "./console-driver.ts";
import { REG } from "./driver.ts";
import { hostileQueue } from "./hostile-queue.ts";
import { fuzzPorts } from "./ports-fuzz.ts";

const [READY, ADD, PORT_READY, CONSOLE, RESIZE, OPEN, NAME] = [0, 1, 3, 4, 5, 6, 7] as const;
const text = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

/** A device whose driver knows all ports and has opened `open`. */
function known(...open: number[]): ConsoleRig {
  const rig = ConsoleRig.make();
  rig.begin();
  rig.message(0, READY, 1);
  for (const port of [0, 1, 2]) rig.message(port, PORT_READY, 1);
  for (const port of open) rig.message(port, OPEN, 1);
  rig.messages();
  return rig;
}

describe("messages", () => {
  test("tell a driver that is ready of each port, and then what it is", () => {
    const rig = ConsoleRig.make();
    rig.begin();
    expect(rig.messages()).toEqual([]);
    rig.message(0, READY, 1);
    expect(rig.messages()).toEqual([0, 1, 2].map((port) => [port, ADD, 1, ""]));
    rig.message(0, PORT_READY, 1);
    rig.message(2, PORT_READY, 1);
    expect(rig.messages()).toEqual([
      [0, CONSOLE, 1, ""],
      [0, OPEN, 1, ""],
      [2, NAME, 1, "port.1"],
      [2, OPEN, 1, ""],
    ]);
  });

  test("have no port 0 where there is no console", () => {
    const rig = ConsoleRig.make({ hasConsole: false });
    rig.begin();
    rig.message(0, READY, 1);
    expect(rig.messages().map(([port]) => port)).toEqual([1, 2]);
  });

  test("wait for a driver that has no room, once each, in order", () => {
    const rig = ConsoleRig.make();
    rig.begin();
    for (let i = 0; i < 40; i++) rig.message(0, READY, 1);
    expect(rig.messages().length).toBeGreaterThanOrEqual(8);
    for (let i = 0; i < 40; i++) rig.message(1, PORT_READY, 1);
    const rest = rig.messages();
    expect(rest.length).toBeLessThan(40);
    expect(rest.at(-1)).toEqual([1, OPEN, 1, ""]);
  });

  test("of ports that are not there, or too short, are passed over", () => {
    const rig = known();
    rig.message(3, PORT_READY, 1);
    rig.message(0xffff_ffff, OPEN, 1);
    rig.send(3, "abc");
    expect(rig.messages()).toEqual([]);
    expect(rig.status()).toBe(15);
  });

  test("say when the far end comes and goes", () => {
    const rig = known();
    const [port] = rig.named;
    for (const connected of [false, true]) {
      port!.connected = connected;
      port!.changed();
    }
    expect(rig.messages()).toEqual([
      [1, OPEN, 0, ""],
      [1, OPEN, 1, ""],
    ]);
    port!.changed();
    expect(rig.messages()).toEqual([]);
  });

  test("give the console's size, columns first", () => {
    const rig = known();
    rig.model.resize(80, 300);
    expect(rig.messages()).toEqual([[0, RESIZE, 1, "\x50\0\x2c\x01"]]);
    expect([rig.slot.load(0x100, 2), rig.slot.load(0x102, 2), rig.slot.load(0x104, 4)]).toEqual([80, 300, 3]);
  });
});

describe("a port", () => {
  test("moves bytes in both directions", () => {
    const rig = known(1);
    rig.send(5, "to the host");
    expect(rig.named[0]!.log).toEqual([true, "to the host"]);
    rig.give(4, 3);
    rig.give(4, 100);
    rig.named[0]!.type("to the guest");
    expect([text(rig.next(4)), text(rig.next(4)), rig.next(4)]).toEqual(["to ", "the guest", undefined]);
    expect(rig.line.level).toBe(true);
  });

  test("keeps what has no room in the guest until there is some", () => {
    const rig = known(1);
    rig.give(4, 2);
    rig.named[0]!.type("abcdef");
    expect(rig.named[0]!.waiting).toBe("cdef");
    rig.give(4, 10);
    expect(rig.named[0]!.waiting).toBe("");
    expect([text(rig.next(4)), text(rig.next(4))]).toEqual(["ab", "cdef"]);
  });

  test("gives a guest nothing before it has opened it", () => {
    const rig = known();
    rig.give(4, 10);
    rig.named[0]!.type("x");
    expect(rig.next(4)).toBeUndefined();
    rig.message(1, OPEN, 1);
    expect(text(rig.next(4))).toBe("x");
    rig.message(1, OPEN, 0);
    expect(rig.named[0]!.log).toEqual([true, false]);
  });

  test("has the guest wait while the far end has no room, and goes on where it was", () => {
    const rig = known(1);
    rig.named[0]!.room = 4;
    rig.send(5, "abcdef");
    rig.send(5, "ghi");
    expect(rig.next(5)).toBeUndefined();
    rig.named[0]!.room = 100;
    rig.named[0]!.changed();
    expect(rig.named[0]!.log.slice(1).join("")).toBe("abcdefghi");
    expect([rig.next(5), rig.next(5)]).toEqual([new Uint8Array(0), new Uint8Array(0)]);
  });

  test("drops what is sent when nobody is there", () => {
    const rig = known(1);
    rig.named[0]!.connected = false;
    rig.send(5, "lost");
    expect(rig.next(5)).toBeDefined();
    expect(rig.named[0]!.log).toEqual([true]);
  });

  test("takes a great deal in parts", () => {
    const rig = known(1);
    const { desc, driver } = rig.area(5);
    rig.memory.store64(desc, BigInt(rig.memory.ramPa));
    rig.memory.store32(desc + 8, 0x5_0000);
    rig.memory.store32(desc + 12, 0);
    rig.memory.store32(driver, 0x1_0000);
    rig.notify(5);
    let parts = 1;
    for (; rig.next(5) === undefined; parts++) {
      rig.clock.advance(1n);
      rig.slot.update!();
    }
    expect(parts).toBe(5);
  });

  test("is saved in the middle of what is being sent", () => {
    const rig = known(1);
    rig.named[0]!.room = 2;
    rig.send(5, "abcdef");
    const saved = rig.slot.save();
    const other = ConsoleRig.make();
    other.begin();
    other.ram.set(rig.ram);
    other.slot.restore(saved);
    expect(other.slot.save()).toEqual(saved);
    expect(other.named[0]!.log).toEqual([true]);
    other.clock.advance(1n);
    other.slot.update!();
    expect(other.named[0]!.log).toEqual([true, "cdef"]);
  });

  test("forgets what it was sending when the driver takes its queue down", () => {
    const rig = known(1);
    rig.named[0]!.room = 2;
    rig.send(5, "abcdef");
    rig.write(REG.QUEUE_SEL, 5);
    rig.write(REG.QUEUE_READY, 0);
    rig.slot.restore(rig.slot.save());
    expect(rig.slot.save().model).toMatchObject({ ports: [{}, { sent: 0n }, {}] });
    rig.write(REG.QUEUE_READY, 1);
    rig.named[0]!.room = Infinity;
    rig.named[0]!.changed();
    expect(rig.named[0]!.log.slice(1)).not.toContain("cdef");
  });

  test("that had nobody at its far end when it was saved learns that somebody is there", () => {
    const rig = known(1);
    rig.named[0]!.connected = false;
    rig.named[0]!.changed();
    const saved = rig.slot.save();
    const other = known();
    other.ram.set(rig.ram);
    other.slot.restore(saved);
    other.clock.advance(1n);
    other.slot.update!();
    expect(other.named[0]!.log.at(-1)).toBe(true);
    // The driver's place in its queue is the other rig's.
    expect(rig.memory.load16(rig.area(2).device + 2)! + 1).toBe(other.memory.load16(other.area(2).device + 2));
  });
});

describe("the console", () => {
  test("is all that a driver without messages has, and open at once", () => {
    const rig = ConsoleRig.make();
    rig.begin({ messages: false });
    expect(rig.console.log).toEqual([true]);
    rig.send(1, "hello");
    rig.give(0, 8);
    rig.console.type("world");
    expect([rig.console.log[1], text(rig.next(0))]).toEqual(["hello", "world"]);
    rig.model.resize(90, 20);
    expect(rig.read(0x60) & 2).toBe(2);
  });

  test("prints a byte of a driver that has set nothing up", () => {
    const rig = ConsoleRig.make();
    rig.slot.store(0x108, 0x1234_5641, 4);
    rig.slot.store(0x108, 0x42, 1);
    rig.slot.store(0x100, 0x43, 4);
    expect(rig.console.log).toEqual(["A", "B"]);
  });

  test("is closed by a reset", () => {
    const rig = known(0);
    rig.write(0x70, 0);
    expect(rig.console.log).toEqual([true, false]);
  });
});

test("whatever a driver writes, nothing is thrown and nothing outside RAM is touched", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    await hostileQueue(seed, (late) => {
      const rig = ConsoleRig.make({ hasConsole: seed % 3 > 0 });
      if (late) rig.console.room = 100;
      return rig;
    });
  }
});

test("whatever a driver says about ports, one that makes no mistakes gets and sends all its bytes", async () => {
  for (let seed = 1; seed <= 150; seed++) await fuzzPorts(seed);
});
