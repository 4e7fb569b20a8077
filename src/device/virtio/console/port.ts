/** One port of a console device. */

import type { PortBackend } from "../../../backend/port/port.ts";
import { Chain, type Queue } from "../queue.ts";
import { CONTROL_BYTES, ControlEvent } from "./protocol.ts";

/** Messages that a driver has still to be sent, one bit each, sent from the lowest on: so what waits for a slow driver is bounded. */
export enum Message {
  ADD = 1,
  CONSOLE = 2,
  NAME = 4,
  OPEN = 8,
  RESIZE = 16,
  ALL = 31,
}

/** What is saved of a port. */
export interface PortState {
  readonly ready: boolean;
  readonly open: boolean;
  readonly told: boolean;
  readonly pending: number;
  /** How much of the chain that is with the device has been sent. */
  readonly sent: bigint;
}

/** The device's side of a port. */
export class Port {
  readonly id: number;
  readonly backend: PortBackend | undefined;
  /** Undefined for a console. */
  readonly name: string | undefined;
  /** The driver knows it. */
  ready = false;
  /** The guest has opened it. */
  open = false;
  /** Whether the driver believes that somebody is at the far end. */
  told = false;
  /** Bits of `Message`. */
  pending = 0;
  /** What the driver sends, of which the first `sent` bytes are gone, and the queue it came from; undefined when there is nothing. */
  readonly chain = new Chain();
  from: Queue | undefined;
  sent = 0;

  constructor(id: number, backend: PortBackend | undefined, name: string | undefined) {
    this.id = id;
    this.backend = backend;
    this.name = name;
  }

  /** Port 0 belongs to the console, also where there is none. */
  get exists(): boolean {
    return this.backend !== undefined;
  }

  get isConnected(): boolean {
    return this.backend?.connected ?? false;
  }

  setOpen(open: boolean): void {
    if (this.open === open) return;
    this.open = open;
    this.backend?.opened(open);
  }

  /** A new chain is in `chain`. */
  begin(from: Queue): void {
    this.from = from;
    this.sent = 0;
  }

  reset(): void {
    this.setOpen(false);
    this.ready = false;
    this.told = false;
    this.pending = 0;
    this.from = undefined;
    this.sent = 0;
  }

  /** @param queue - its transmit queue as it is now: a chain of one that the driver has taken down is no more */
  save(queue: Queue | undefined): PortState {
    const { ready, open, told, pending, sent, from } = this;
    return { ready, open, told, pending, sent: BigInt(from !== undefined && from === queue ? sent : 0) };
  }

  restore({ ready, open, told, pending, sent }: PortState): void {
    this.setOpen(open);
    this.ready = ready;
    this.told = told;
    this.pending = this.exists ? pending : 0;
    this.from = undefined;
    this.sent = Number(sent);
  }

  /** The first of the pending messages, which is pending no more. */
  nextMessage(cols: number, rows: number): Uint8Array {
    const message = this.pending & -this.pending;
    this.pending &= ~message;
    switch (message) {
      case Message.ADD:
        return this.#message(ControlEvent.PORT_ADD, 1);
      case Message.CONSOLE:
        return this.#message(ControlEvent.CONSOLE_PORT, 1);
      case Message.NAME:
        return this.#message(ControlEvent.PORT_NAME, 1, new TextEncoder().encode(this.name));
      case Message.OPEN:
        this.told = this.isConnected;
        return this.#message(ControlEvent.PORT_OPEN, this.told ? 1 : 0);
      default:
        return this.#message(ControlEvent.RESIZE, 1, Uint8Array.of(cols & 0xff, cols >> 8, rows & 0xff, rows >> 8));
    }
  }

  #message(event: ControlEvent, value: number, more = new Uint8Array(0)): Uint8Array {
    const bytes = new Uint8Array(CONTROL_BYTES + more.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, this.id, true);
    view.setUint16(4, event, true);
    view.setUint16(6, value, true);
    bytes.set(more, CONTROL_BYTES);
    return bytes;
  }
}
