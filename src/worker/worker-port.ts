/** A named serial port of a VM in a worker, as programs see it. */

import type { VmPort } from "../vmm/ports.ts";
import type { Link } from "./link.ts";
import type { SentPort } from "./messages.ts";
import { Remote } from "./remote.ts";

/** A `VmPort` of a VM in a worker: its methods answer by promise, its streams are the same. */
export class WorkerPort {
  /** As `VmPort.name`. */
  readonly name: string;
  /** As `VmPort.output`. */
  readonly output: ReadableStream<Uint8Array>;
  /** As `VmPort.input`. */
  readonly input: WritableStream<Uint8Array | string>;
  readonly #port: Remote<VmPort>;

  /** @internal */
  constructor(link: Link, vm: number, index: number | "agent", { name, output }: SentPort) {
    this.name = name;
    this.output = output;
    this.#port = new Remote<VmPort>(
      link,
      index === "agent" ? { vm, part: "agent", index: 0 } : { vm, part: "port", index },
    );
    this.input = new WritableStream<Uint8Array | string>({ write: (data) => this.write(data) });
  }

  /** As `VmPort.open`. */
  get open(): Promise<boolean> {
    return this.#port.get("open");
  }

  /** As `VmPort.connected`. */
  get connected(): Promise<boolean> {
    return this.#port.get("connected");
  }

  /** As `VmPort.connect`. */
  connect(): Promise<void> {
    return this.#port.call("connect");
  }

  /** As `VmPort.disconnect`. */
  disconnect(): Promise<void> {
    return this.#port.call("disconnect");
  }

  /** As `VmPort.write`. */
  write(data: Uint8Array | string): Promise<void> {
    const written = this.#port.call("write", data);
    written.catch(() => undefined);
    return written;
  }
}
