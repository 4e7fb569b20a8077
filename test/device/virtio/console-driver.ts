/** A driver's side of a console device: split queues, without event indices, as many as it has. */

import type { PortBackend } from "../../../src/backend/port/port.ts";
import { Console } from "../../../src/device/virtio/console/console.ts";
import { F, RAM_PA, Rig } from "./driver.ts";

/** A far end that remembers what it was told. */
export class FakePort implements PortBackend {
  connected = true;
  /** Bytes that it takes before it has no room. */
  room = Infinity;
  readonly log: (boolean | string)[] = [];
  waiting = "";
  changed: () => void = () => undefined;
  #receive: (bytes: Uint8Array) => number = () => 0;

  write(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.room);
    this.room -= count;
    if (count > 0) this.log.push(new TextDecoder().decode(bytes.subarray(0, count)));
    return count;
  }

  onInput(receive: (bytes: Uint8Array) => number): void {
    this.#receive = receive;
  }

  ready(): void {
    if (this.waiting === "") return;
    this.waiting = this.waiting.slice(this.#receive(new TextEncoder().encode(this.waiting)));
  }

  opened(open: boolean): void {
    this.log.push(open);
  }

  onChange(changed: () => void): void {
    this.changed = changed;
  }

  type(text: string): void {
    this.waiting += text;
    this.ready();
  }
}

/** Where buffers of queue `index` lie. */
const bufferAt = (index: number, slot: number): number => RAM_PA + 0x8_0000 + index * 0x4000 + slot * 0x400;

/** A console device with a console and two named ports, and its driver. */
export class ConsoleRig extends Rig {
  readonly console: FakePort;
  readonly named: readonly FakePort[];
  readonly #hasConsole: boolean;
  readonly #avail: number[] = [];
  readonly #used: number[] = [];

  static make({ hasConsole = true } = {}): ConsoleRig {
    const console = new FakePort();
    const named = [new FakePort(), new FakePort()];
    const makings = named.map((backend, index) => ({ backend, name: `port.${index}` }));
    return new ConsoleRig(new Console(makings, hasConsole ? console : undefined), console, named, hasConsole);
  }

  private constructor(
    readonly model: Console,
    console: FakePort,
    named: readonly FakePort[],
    hasConsole: boolean,
  ) {
    super(model);
    this.#hasConsole = hasConsole;
    this.console = console;
    this.named = named;
  }

  /** A device that goes on where this one is, with the same far ends and the same RAM, as after a restore. */
  moved(): ConsoleRig {
    const makings = this.named.map((backend, index) => ({ backend, name: `port.${index}` }));
    const model = new Console(makings, this.#hasConsole ? this.console : undefined);
    const rig = new ConsoleRig(model, this.console, this.named, this.#hasConsole);
    rig.ram.set(this.ram);
    rig.clock.now = this.clock.now;
    rig.#avail.push(...this.#avail);
    rig.#used.push(...this.#used);
    rig.slot.restore(this.slot.save());
    return rig;
  }

  /** Sets all eight queues up; with `messages`, goes through the specification's initialization. */
  begin({ messages = true } = {}): void {
    this.start({ queues: 8, without: [F.PACKED, F.EVENT_IDX, F.INDIRECT, ...(messages ? [] : [1])] });
    this.#avail.splice(0, Infinity, ...new Array<number>(8).fill(0));
    this.#used.splice(0, Infinity, ...new Array<number>(8).fill(0));
    if (messages) for (let i = 0; i < 8; i++) this.give(2, 64);
  }

  /** Gives the device room for `length` bytes in a receive queue. */
  give(index: number, length: number): void {
    this.#put(index, length, true);
    this.notify(index);
  }

  /** Sends `bytes` through a transmit queue. */
  send(index: number, bytes: Uint8Array | string, notify = true): void {
    const data = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
    this.memory.write(bufferAt(index, this.#avail[index]! % this.size), data);
    this.#put(index, data.length, false);
    if (notify) this.notify(index);
  }

  /** What the device has put into the next buffer of a receive queue; for a transmit queue, an empty answer. */
  next(index: number): Uint8Array | undefined {
    const { device } = this.area(index);
    const at = this.#used[index]!;
    if (this.memory.load16(device + 2) === at) return undefined;
    this.#used[index] = (at + 1) & 0xffff;
    const id = this.memory.load32(device + 4 + 8 * (at % this.size))!;
    const bytes = new Uint8Array(this.memory.load32(device + 8 + 8 * (at % this.size))!);
    this.memory.read(bufferAt(index, id), bytes);
    return bytes;
  }

  message(port: number, event: number, value: number): void {
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, port, true);
    view.setUint16(4, event, true);
    view.setUint16(6, value, true);
    this.send(3, new Uint8Array(view.buffer));
    this.next(3);
  }

  /** The messages that have come: port, event, value, and the text that follows. Makes room for as many. */
  messages(): (readonly [port: number, event: number, value: number, text: string])[] {
    const all: (readonly [number, number, number, string])[] = [];
    for (let bytes; (bytes = this.next(2)) !== undefined; this.give(2, 64)) {
      const view = new DataView(bytes.buffer);
      const text = new TextDecoder("latin1").decode(bytes.subarray(8));
      all.push([view.getUint32(0, true), view.getUint16(4, true), view.getUint16(6, true), text]);
    }
    return all;
  }

  #put(index: number, length: number, write: boolean): void {
    const { desc, driver } = this.area(index);
    const slot = this.#avail[index]! % this.size;
    this.memory.store64(desc + 16 * slot, BigInt(bufferAt(index, slot)));
    this.memory.store32(desc + 16 * slot + 8, length);
    this.memory.store32(desc + 16 * slot + 12, write ? 2 : 0);
    this.memory.store16(driver + 4 + 2 * slot, slot);
    this.#avail[index] = (this.#avail[index]! + 1) & 0xffff;
    this.memory.store16(driver + 2, this.#avail[index]);
  }
}
