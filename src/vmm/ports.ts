/** Named serial ports of a VM as programs use them: a stream in each direction. */

import type { PortBackend } from "../backend/port/port.ts";
import { WasmvisorError } from "../error.ts";
import { bytes, table, type ValuesIn } from "../state/table.ts";
import type { Part } from "../state/saved.ts";
import { known } from "./known.ts";
import { Pieces } from "./pieces.ts";

/** Bytes that wait for the program before the guest waits. */
const OUTPUT_BYTES = 2 ** 16;
/** Bytes that may wait for the guest. */
const INPUT_BYTES = 2 ** 24;
const NAME_BYTES = 64;
/** Ports that one device has beside its console. */
const MAX_NAMED_PORTS = 30;

/** A named serial port. */
export interface PortOptions {
  /** By which the guest finds it: 1 to 64 characters of ASCII but "/" and space (Linux: `/dev/virtio-ports/NAME`). */
  readonly name: string;
  /** Whether the guest finds somebody at the far end from the start. Default true. */
  readonly connected?: boolean;
}

/** A virtio serial device. */
export interface SerialOptions {
  /** A console (Linux: `hvc0`), which shares `vm.console` with the UART. Default false. */
  readonly console?: boolean;
  /** Up to 30 ports. Default: none. */
  readonly ports?: readonly PortOptions[];
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
}

/** A port has been opened by the guest, or closed. */
export interface PortChange {
  readonly name: string;
  readonly open: boolean;
}

const TABLE = table(1, { waiting: bytes(INPUT_BYTES) });

interface Write {
  left: Uint8Array;
  resolve(): void;
  reject(error: Error): void;
}

/**
 * One named serial port of a VM; bytes in both directions, in order, none lost.
 *
 * ```ts
 * const vm = await host.createVm({ kernel, virtioSerial: { ports: [{ name: "org.example.agent" }] } });
 * const [agent] = vm.ports;
 * await agent.write("ping\n");
 * for await (const chunk of agent.output) console.log(chunk);
 * ```
 */
export class VmPort {
  /** By which the guest finds it. */
  readonly name: string;
  /**
   * What the guest sends. The guest waits while 64 KiB wait here for a reader, whether there is one or not; what it sends while the port
   * is not connected is dropped. Ends when the VM is destroyed.
   */
  readonly output: ReadableStream<Uint8Array>;
  /** What the guest is to read; writes resolve when it has taken the bytes. */
  readonly input: WritableStream<Uint8Array | string>;
  /** What the device stands on. @internal */
  readonly backend: PortBackend;
  /** Told of the guest's end. @internal */
  onOpened: (change: PortChange) => void = () => undefined;
  /** Has a function called soon, with the machine at rest. @internal */
  whenAtRest: (act: () => void) => void = (act) => act();
  #isOpen = false;
  #isConnected: boolean;
  #isClosed = false;
  #told = false;
  #receive: (bytes: Uint8Array) => number = () => 0;
  #changed: () => void = () => undefined;
  readonly #output = new Pieces();
  #outputBytes = 0;
  #arrived: (() => void) | undefined;
  #writes: Write[] = [];
  #inputBytes = 0;

  /** @internal */
  constructor({ name, connected = true }: PortOptions) {
    this.name = name;
    this.#isConnected = connected;
    this.backend = this.#makeBackend();
    this.output = new ReadableStream<Uint8Array>(
      { pull: (controller) => this.#pull(controller), cancel: () => this.#forgetOutput() },
      { highWaterMark: 0 },
    );
    this.input = new WritableStream<Uint8Array | string>({ write: (data) => this.write(data) });
  }

  /** Whether the guest has opened it. The VM's event `port` tells of changes. */
  get open(): boolean {
    return this.#isOpen;
  }

  /** Whether the guest finds somebody at this end. */
  get connected(): boolean {
    return this.#isConnected;
  }

  /** The guest finds somebody at this end from now on. */
  connect(): void {
    this.#setConnected(true);
  }

  /** The guest finds nobody at this end from now on: it reads the end of the stream once it has read what waits, and what it sends is dropped. */
  disconnect(): void {
    this.#setConnected(false);
  }

  /**
   * Sends `data` (text goes as UTF-8). Resolves when the guest has taken all of it, which it does only while it has opened the port.
   * @throws WasmvisorError `port-closed` when the VM has been destroyed, or has been restored to a state in which this was not sent;
   * `port-full` when more than 16 MiB would wait. Nothing happens when nobody awaits that
   */
  write(data: Uint8Array | string): Promise<void> {
    const left = typeof data === "string" ? new TextEncoder().encode(data) : data.slice();
    const written = new Promise<void>((resolve, reject) => {
      if (this.#isClosed) return reject(this.#closedError("the VM has been destroyed; make another one"));
      if (left.length === 0) return resolve();
      if (this.#inputBytes + left.length > INPUT_BYTES) return reject(this.#fullError());
      this.#inputBytes += left.length;
      this.#writes.push({ left, resolve, reject });
      this.#tell();
    });
    written.catch(() => undefined);
    return written;
  }

  /** What has been sent and not been taken. What the guest has sent belongs to who reads it. @internal */
  get saved(): Part {
    return {
      name: `port/${this.name}`,
      table: TABLE,
      save: () => ({ waiting: this.#waiting() }),
      restore: ({ waiting }: ValuesIn<typeof TABLE>) => this.#replace(waiting),
    };
  }

  /** The VM is no more. @internal */
  close(): void {
    this.#isClosed = true;
    this.#isOpen = false;
    for (const { reject } of this.#writes.splice(0)) {
      reject(this.#closedError("the VM has been destroyed; make another one"));
    }
    this.#inputBytes = 0;
    this.#arrived?.();
  }

  #makeBackend(): PortBackend {
    const isConnected = (): boolean => this.#isConnected;
    return {
      get connected() {
        return isConnected();
      },
      write: (bytes) => this.#take(bytes),
      onInput: (receive) => void (this.#receive = receive),
      ready: () => this.#offer(),
      opened: (open) => this.#setOpen(open),
      onChange: (changed) => void (this.#changed = changed),
    };
  }

  #setOpen(open: boolean): void {
    this.#isOpen = open;
    this.onOpened({ name: this.name, open });
  }

  #setConnected(connected: boolean): void {
    if (this.#isConnected === connected) return;
    this.#isConnected = connected;
    this.#tell();
  }

  /** Has the device look at what has changed, once for many changes. */
  #tell(): void {
    if (this.#told || this.#isClosed) return;
    this.#told = true;
    this.whenAtRest(() => {
      this.#told = false;
      this.#changed();
      this.#offer();
    });
  }

  /** From the guest: a copy of what there is room for. */
  #take(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, OUTPUT_BYTES - this.#outputBytes);
    if (count === 0 || this.#isClosed) return 0;
    this.#output.push(bytes.subarray(0, count));
    this.#outputBytes += count;
    this.#arrived?.();
    return count;
  }

  /** To the guest: as much as it takes. */
  #offer(): void {
    for (let first = this.#writes[0]; first !== undefined; first = this.#writes[0]) {
      const count = this.#receive(first.left);
      this.#inputBytes -= count;
      first.left = first.left.subarray(count);
      if (first.left.length > 0) return;
      this.#writes.shift();
      first.resolve();
    }
  }

  async #pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
    while (this.#output.isEmpty && !this.#isClosed) {
      await new Promise<void>((resolve) => (this.#arrived = resolve));
    }
    const next = this.#output.shift();
    if (next === undefined) return controller.close();
    const wasFull = this.#outputBytes >= OUTPUT_BYTES;
    this.#outputBytes -= next.length;
    controller.enqueue(next);
    if (wasFull) this.#tell();
  }

  #forgetOutput(): void {
    this.#output.clear();
    this.#outputBytes = 0;
    this.#tell();
  }

  #waiting(): Uint8Array {
    const all = new Uint8Array(this.#inputBytes);
    this.#writes.reduce((at, { left }) => (all.set(left, at), at + left.length), 0);
    return all;
  }

  #replace(waiting: Uint8Array): void {
    for (const { reject } of this.#writes.splice(0)) {
      reject(this.#closedError("the VM has been restored to a state in which this was not sent; send it again"));
    }
    this.#inputBytes = waiting.length;
    const nobody = (): void => undefined;
    if (waiting.length > 0) this.#writes.push({ left: waiting.slice(), resolve: nobody, reject: nobody });
    this.#tell();
  }

  #closedError(why: string): WasmvisorError {
    return new WasmvisorError("port-closed", `The port ${this.name} has not sent that: ${why}.`, { name: this.name });
  }

  #fullError(): WasmvisorError {
    return new WasmvisorError(
      "port-full",
      `More than ${INPUT_BYTES >> 20} MiB would wait for the guest at the port ${this.name}; await each write before the next.`,
      { name: this.name },
    );
  }
}

const KEYS = Object.keys({ console: 0, ports: 0, slot: 0 } satisfies Record<keyof SerialOptions, 0>);
const PORT_KEYS = Object.keys({ name: 0, connected: 0 } satisfies Record<keyof PortOptions, 0>);

/**
 * Checks what is asked for.
 * @param taken - names of ports that are there in any case
 * @throws WasmvisorError `option`
 */
export function checkSerial(serial: SerialOptions | undefined, taken: readonly string[] = []): void {
  if (serial === undefined) return;
  known({ code: "option", where: "virtioSerial" }, serial, KEYS);
  const { ports = [] } = serial;
  const most = MAX_NAMED_PORTS - taken.length;
  if (!Array.isArray(ports) || ports.length > most) {
    throw fault(`virtioSerial.ports is a list of up to ${most} ports here; leave some out.`, ports);
  }
  const names = new Set<string>(taken);
  for (const port of ports as readonly PortOptions[]) {
    known({ code: "option", where: "a port" }, port, PORT_KEYS);
    const { name } = port;
    if (typeof name !== "string" || !/^[\x21-\x2e\x30-\x7e]+$/.test(name) || name.length > NAME_BYTES) {
      throw fault(
        `A port's name is 1 to ${NAME_BYTES} characters of ASCII without "/" and space, not "${name}".`,
        name,
      );
    }
    if (names.has(name)) throw fault(`There are two ports named ${name}; give each a name of its own.`, name);
    names.add(name);
  }
}

function fault(sentence: string, value: unknown): WasmvisorError {
  return new WasmvisorError("option", sentence, { key: "virtioSerial", value });
}
