/** Drivers of consoles and named ports: messages that make no sense, far ends without room. Any number by `npm run fuzz -- ports`. */

import { Random } from "../../../src/isa/random/values.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { ConsoleRig, type FakePort } from "./console-driver.ts";
import { act, odd } from "./hostile-queue.ts";

const [READY, PORT_READY, OPEN] = [0, 3, 6] as const;
/** The port whose driver makes no mistakes: whatever the others do, nothing of its bytes is lost, changed or sent twice. */
const SOUND = 1;
const RX = 4;
const TX = 5;
const NEEDS_RESET = 0x40;

/** A driver, what it has sent at the sound port, and what it has got there. */
class Driver {
  readonly random: Random;
  rig: ConsoleRig;
  sent = "";
  typed = "";
  got = "";
  /** Buffers of the sound port that are with the device. */
  readonly #out = { [RX]: 0, [TX]: 0 };

  constructor(seed: number) {
    this.random = new Random(seed);
    this.rig = ConsoleRig.make({ hasConsole: !this.random.oneIn(4) });
    this.rig.begin({ messages: true });
  }

  get port(): FakePort {
    return this.rig.named[SOUND - 1]!;
  }

  send(): void {
    if (this.#out[TX] >= this.rig.size - 1) return;
    const text = this.#text();
    this.sent += text;
    this.#out[TX]++;
    this.rig.send(TX, text);
  }

  give(): void {
    if (this.#out[RX] >= this.rig.size - 1) return;
    this.#out[RX]++;
    this.rig.give(RX, this.random.pick([1, 2, 64, 1024]));
  }

  type(): void {
    const text = this.#text();
    this.typed += text;
    this.port.type(text);
  }

  take(): void {
    for (; this.rig.next(TX) !== undefined; this.#out[TX]--);
    for (let bytes; (bytes = this.rig.next(RX)) !== undefined; this.#out[RX]--)
      this.got += new TextDecoder().decode(bytes);
  }

  /** What has come out at the far end. */
  get came(): string {
    return this.port.log.filter((one) => typeof one === "string").join("");
  }

  /** Time goes on; what the device does by itself comes to an end. */
  settle(seed: number): void {
    for (let parts = 0; this.rig.slot.nextDeadline?.() !== undefined; parts++) {
      if (parts > 64) throw new Error(`seed ${seed}: it never ends`);
      this.rig.clock.advance(1n);
      this.rig.slot.update?.();
    }
  }

  #text(): string {
    const { random } = this;
    return Array.from({ length: random.pick([0, 1, 7, 300]) }, () => String.fromCharCode(33 + random.below(90))).join(
      "",
    );
  }
}

/** What a driver does that knows no rules, at all queues but the sound port's. */
function nonsense({ rig, random }: Driver): void {
  switch (random.below(6)) {
    case 0:
      rig.message(
        random.pick([0, 1, 2, 3, 0xffff_ffff]),
        random.pick([0, 1, 2, 3, 4, 5, 6, 7, 0xffff]),
        random.below(3),
      );
      break;
    case 1:
      rig.send(
        3,
        Uint8Array.from({ length: random.below(20) }, () => random.below(256)),
      );
      break;
    case 2:
      rig.send(random.pick([1, 7]), "x".repeat(random.below(1024)));
      break;
    case 3:
      rig.give(random.pick([0, 2, 6]), random.below(1025));
      break;
    case 4:
      rig.slot.store(0x100 + random.below(16), odd(random), random.pick([1, 2, 4]));
      break;
    default:
      rig.notify(random.below(10));
  }
}

/** What the far ends do. */
function farEnd({ rig, random, port }: Driver): void {
  const other = random.pick([rig.console, rig.named[1]!]);
  switch (random.below(5)) {
    case 0:
      port.room = random.pick([0, 1, 100, Infinity]);
      port.changed();
      break;
    case 1:
      other.connected = random.oneIn(2);
      other.changed();
      break;
    case 2:
      other.room = random.pick([0, 3, Infinity]);
      other.changed();
      break;
    case 3:
      other.type("y".repeat(random.below(200)));
      break;
    default:
      rig.model.resize(random.below(70_000), random.below(70_000));
  }
}

function step(driver: Driver): void {
  const { random } = driver;
  const moves = [() => driver.send(), () => driver.give(), () => driver.type(), () => driver.take()];
  switch (random.below(4)) {
    case 0:
      return random.pick(moves)();
    case 1:
      return nonsense(driver);
    case 2:
      return farEnd(driver);
    default:
      if (random.oneIn(6)) driver.rig = driver.rig.moved();
      else if (random.oneIn(3)) driver.rig.message(SOUND, OPEN, random.below(2));
      driver.rig.clock.advance(1n);
      driver.rig.slot.update?.();
  }
}

/** Lets everything through, and compares. */
function finish(driver: Driver, seed: number): void {
  const { rig, port } = driver;
  driver.take();
  port.room = Infinity;
  port.changed();
  rig.message(SOUND, OPEN, 1);
  for (let left = 10_000; driver.got.length < driver.typed.length && left > 0; left--) {
    driver.give();
    driver.take();
  }
  driver.settle(seed);
  driver.take();
  if (driver.came !== driver.sent) throw new Error(`seed ${seed}: sent ${driver.sent}, came ${driver.came}`);
  if (driver.got !== driver.typed) throw new Error(`seed ${seed}: typed ${driver.typed}, got ${driver.got}`);
}

/** One driver; every third also writes nonsense into rings and registers. It fails by throwing. */
export async function fuzzPorts(seed: number): Promise<void> {
  const driver = new Driver(seed);
  if (!driver.random.oneIn(8)) driver.rig.message(0, READY, 1);
  for (const port of [0, 1, 2]) if (!driver.random.oneIn(4)) driver.rig.message(port, PORT_READY, 1);
  for (let round = 0; round < 100; round++) step(driver);
  if ((driver.rig.status() & NEEDS_RESET) !== 0) throw new Error(`seed ${seed}: a message made it need a reset`);
  finish(driver, seed);
  if (seed % 3 > 0) return;
  for (let round = 0; round < 30; round++) {
    await act(driver.rig, driver.random);
    step(driver);
  }
  driver.rig.begin();
  driver.settle(seed);
  if (driver.rig.status() !== 15) throw new Error(`seed ${seed}: it cannot be reset`);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzPortsMany = fuzzMany("ports", fuzzPorts, "drivers of ports: nothing was thrown, and no byte was lost");
