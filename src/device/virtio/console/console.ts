/**
 * The console device: consoles and named serial ports. Port 0 is the console; the others have names.
 * (Virtual I/O Device Specification, "Console Device"; QEMU `hw/char/virtio-serial-bus.c`)
 */

import type { PortBackend } from "../../../backend/port/port.ts";
import { array, type Field, flag, record, u16, u64, u8 } from "../../../state/table.ts";
import type { VirtioHost, VirtioModel } from "../model.ts";
import { Chain, type Queue } from "../queue.ts";
import { Message, Port, type PortState } from "./port.ts";
import { Config, CONSOLE, CONTROL_BYTES, CONTROL_RX, CONTROL_TX, ControlEvent, portOf, rxQueue } from "./protocol.ts";

const QUEUE_SIZE = 128;
/** Bytes and chains of one port that are taken before the machine goes on; the rest follows at the next tick. */
const BYTES_AT_ONCE = 2 ** 16;
const CHAINS_AT_ONCE = 64;

/** What a port of the device is made from. */
export interface PortMaking {
  readonly backend: PortBackend;
  /** By which the guest finds it; the console has none. Up to 64 bytes of ASCII. */
  readonly name?: string;
}

interface ConsoleState {
  readonly cols: number;
  readonly rows: number;
  readonly ports: PortState[];
}

const PORT_STATE: Field<PortState> = record({
  ready: flag(),
  open: flag(),
  told: flag(),
  pending: u8(Message.ALL),
  sent: u64(2n ** 53n - 1n),
});

/** A console device, behind any transport. */
export class Console implements VirtioModel<ConsoleState> {
  readonly id = 3;
  readonly configBytes = Config.BYTES;
  readonly features = CONSOLE.SIZE | CONSOLE.MULTIPORT | CONSOLE.EMERG_WRITE;
  readonly queueSizes: readonly number[];
  readonly table: Field<ConsoleState>;
  readonly #ports: readonly Port[];
  readonly #chain = new Chain();
  readonly #message = new DataView(new ArrayBuffer(CONTROL_BYTES));
  #host: VirtioHost | undefined;
  #queues: readonly (Queue | undefined)[] = [];
  #features = 0n;
  #cols = 0;
  #rows = 0;
  /** When there is something to do that nobody asks for. */
  #resumeAt: bigint | undefined;

  /** @param named - ports 1 and up @param console - port 0; a device without one has only named ports */
  constructor(named: readonly PortMaking[], console?: PortBackend) {
    const first = new Port(0, console, undefined);
    this.#ports = [first, ...named.map(({ backend, name }, index) => new Port(index + 1, backend, name))];
    this.queueSizes = new Array<number>(2 * this.#ports.length + 2).fill(QUEUE_SIZE);
    this.table = record({ cols: u16(), rows: u16(), ports: array(PORT_STATE, this.#ports.length) });
    for (const port of this.#ports) {
      port.backend?.onInput((bytes) => this.#receive(port, bytes));
      port.backend?.onChange(() => this.#changed(port));
    }
  }

  /** The console has another size, in characters. */
  resize(cols: number, rows: number): void {
    [this.#cols, this.#rows] = [cols & 0xffff, rows & 0xffff];
    const host = this.#host;
    if (host === undefined || this.#queues.length === 0) return;
    const [console] = this.#ports as [Port];
    if (console.ready) console.pending |= Message.RESIZE;
    this.#sendMessages();
    // With several ports only messages count. ("Device configuration layout")
    if ((this.#features & (CONSOLE.SIZE | CONSOLE.MULTIPORT)) === CONSOLE.SIZE) host.configChanged();
  }

  begin(host: VirtioHost, features: bigint, queues: readonly (Queue | undefined)[]): void {
    this.#host = host;
    this.#features = features;
    this.#queues = queues;
    const [first] = this.#ports as [Port];
    if (!this.#hasMessages) this.#open(first, true);
  }

  notify(index: number): void {
    if (index === CONTROL_RX) return this.#sendMessages();
    if (index === CONTROL_TX) return this.#takeMessages();
    const port = this.#ports[portOf(index)];
    if (port === undefined) return;
    if (index === rxQueue(port.id)) port.backend?.ready();
    else this.#transmit(port);
  }

  reset(): void {
    this.#queues = [];
    this.#features = 0n;
    this.#resumeAt = undefined;
    for (const port of this.#ports) port.reset();
  }

  nextDeadline(): bigint | undefined {
    return this.#resumeAt;
  }

  update(): void {
    const host = this.#host;
    if (host === undefined || this.#resumeAt === undefined || host.clock.ticks() < this.#resumeAt) return;
    this.#resumeAt = undefined;
    this.#sendMessages();
    for (const port of this.#ports) {
      this.#transmit(port);
      port.backend?.ready();
    }
  }

  readConfig(into: DataView): void {
    into.setUint16(Config.COLS, this.#cols, true);
    into.setUint16(Config.ROWS, this.#rows, true);
    into.setUint32(Config.MAX_NR_PORTS, this.#ports.length, true);
    into.setUint32(Config.EMERG_WR, 0, true);
  }

  /** A byte for the console from a driver that can do nothing else any more, or yet. ("Emergency write") */
  writeConfig(view: DataView, offset: number, size: number): void {
    if (offset > Config.EMERG_WR || offset + size <= Config.EMERG_WR) return;
    this.#ports[0]?.backend?.write(Uint8Array.of(view.getUint8(Config.EMERG_WR)));
  }

  save(): ConsoleState {
    return {
      cols: this.#cols,
      rows: this.#rows,
      ports: this.#ports.map((port) => port.save(this.#transmitQueue(port))),
    };
  }

  restore({ cols, rows, ports }: ConsoleState): void {
    [this.#cols, this.#rows] = [cols, rows];
    ports.forEach((state, index) => this.#restorePort(this.#ports[index]!, state));
    if (this.#queues.length > 0) this.#resumeSoon();
  }

  /** Whether the two sides have agreed on messages, and with them on more than one port. */
  get #hasMessages(): boolean {
    return (this.#features & CONSOLE.MULTIPORT) !== 0n;
  }

  #restorePort(port: Port, state: PortState): void {
    const runs = this.#queues.length > 0;
    port.restore(runs ? state : { ready: false, open: false, told: false, pending: 0, sent: 0n });
    const queue = this.#transmitQueue(port);
    const position = queue?.flying[0];
    // It goes on in the middle of what the driver had sent.
    if (position !== undefined && queue!.readAgain(position, port.chain)) port.from = queue;
    if (runs && port.ready && port.isConnected !== port.told) port.pending |= Message.OPEN;
  }

  #transmitQueue(port: Port): Queue | undefined {
    return this.#queues[rxQueue(port.id) + 1];
  }

  #resumeSoon(): void {
    this.#resumeAt ??= this.#host!.clock.ticks() + 1n;
  }

  #open(port: Port, open: boolean): void {
    port.setOpen(open);
    if (open) port.backend?.ready();
  }

  /** Its far end has come or gone, or has room again. */
  #changed(port: Port): void {
    if (this.#queues.length === 0 || this.#host?.isLate(() => this.#changed(port)) === true) return;
    if (port.ready && port.isConnected !== port.told) port.pending |= Message.OPEN;
    this.#sendMessages();
    this.#transmit(port);
  }

  /** Gives bytes to the guest; how many it had room for. */
  #receive(port: Port, bytes: Uint8Array): number {
    const [host, queue] = [this.#host, this.#queues[rxQueue(port.id)]];
    if (host === undefined || queue === undefined || !port.open) return 0;
    if (host.isLate(() => port.backend?.ready())) return 0;
    let taken = 0;
    while (taken < bytes.length && queue.pop(this.#chain)) {
      const { writable } = this.#chain;
      const part = bytes.subarray(taken, taken + writable.bytes);
      // A guest without memory for it has lost it.
      writable.write(host.memory, 0, part);
      queue.push(this.#chain, part.length);
      taken += part.length;
    }
    host.interrupt(queue);
    return taken;
  }

  /** Takes what the driver has sent, as far as its far end has room. */
  #transmit(port: Port): void {
    const [host, queue] = [this.#host, this.#transmitQueue(port)];
    if (host === undefined || queue === undefined) return;
    let left = BYTES_AT_ONCE;
    for (let count = 0; ; count++) {
      if (port.from !== queue) {
        if (left <= 0 || count >= CHAINS_AT_ONCE) {
          this.#resumeSoon();
          break;
        }
        if (!queue.pop(port.chain)) break;
        port.begin(queue);
      }
      const { readable } = port.chain;
      const view = port.isConnected ? readable.view(host.memory, port.sent, left, false) : undefined;
      if (view === undefined) {
        port.from = undefined;
        queue.push(port.chain, 0);
        continue;
      }
      const taken = port.backend!.write(view);
      left -= taken;
      port.sent += taken;
      if (taken < view.length) break;
      if (left > 0 || port.sent >= readable.bytes) continue;
      this.#resumeSoon();
      break;
    }
    host.interrupt(queue);
  }

  #takeMessages(): void {
    const [host, queue] = [this.#host, this.#queues[CONTROL_TX]];
    if (host === undefined || queue === undefined) return;
    // What a message does may have the device reset.
    while (this.#queues.length > 0 && queue.pop(this.#chain)) {
      const { readable } = this.#chain;
      const isMessage = readable.read(host.memory, 0, new Uint8Array(this.#message.buffer));
      queue.push(this.#chain, 0);
      if (isMessage) this.#take(this.#message);
    }
    host.interrupt(queue);
    this.#sendMessages();
  }

  #take(message: DataView): void {
    const [id, event, value] = [message.getUint32(0, true), message.getUint16(4, true), message.getUint16(6, true)];
    if (event === ControlEvent.DEVICE_READY) {
      if (value !== 0) for (const one of this.#ports) if (one.exists) one.pending |= Message.ADD;
      return;
    }
    const port = this.#ports[id];
    if (port === undefined || !port.exists) return;
    if (event === ControlEvent.PORT_OPEN) this.#open(port, value !== 0);
    else if (event === ControlEvent.PORT_READY && value !== 0) {
      port.ready = true;
      port.pending |= port.name === undefined ? Message.CONSOLE : Message.NAME;
      if (port.isConnected) port.pending |= Message.OPEN;
      if (port.name === undefined && this.#cols > 0) port.pending |= Message.RESIZE;
    }
  }

  /** Sends what is pending, as far as the driver has room for messages. */
  #sendMessages(): void {
    const [host, queue] = [this.#host, this.#queues[CONTROL_RX]];
    if (host === undefined || queue === undefined || !this.#hasMessages) return;
    for (const port of this.#ports) {
      while (port.pending !== 0 && queue.pop(this.#chain)) {
        const bytes = port.nextMessage(this.#cols, this.#rows);
        const part = bytes.subarray(0, this.#chain.writable.bytes);
        this.#chain.writable.write(host.memory, 0, part);
        queue.push(this.#chain, part.length);
      }
    }
    host.interrupt(queue);
  }
}
