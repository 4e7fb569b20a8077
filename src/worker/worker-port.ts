/** A named serial port of a VM in a worker, as programs see it. */

import type { VmPort } from "../vmm/ports.ts";
import { Followed } from "./followed.ts";
import type { SentPort } from "./messages.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";
import { Writes } from "./writes.ts";

/** A `VmPort` of a VM in a worker: its methods answer by promise, its streams are the same. */
export class WorkerPort {
  /** As `VmPort.name`. */
  readonly name: string;
  /** As `VmPort.output`. */
  readonly output: ReadableStream<Uint8Array>;
  /** As `VmPort.input`. */
  readonly input: WritableStream<Uint8Array | string>;
  readonly #port: Remote<VmPort>;
  readonly #output: Followed;
  readonly #writes: Writes;

  /** @internal */
  constructor(seat: Seat, index: number | "agent", { name, output }: SentPort) {
    this.name = name;
    this.#output = new Followed(output);
    this.output = this.#output.stream;
    this.#port = index === "agent" ? new Remote<VmPort>(seat, "agent") : new Remote<VmPort>(seat, "port", index);
    this.#writes = new Writes(seat, (data) => this.#port.call("write", data));
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
    const written = this.#writes.write(data).then(() => undefined);
    written.catch(() => undefined);
    return written;
  }

  /** The VM is in another worker. @internal */
  follow(output: ReadableStream<Uint8Array>): void {
    this.#output.follow(output);
  }

  /** Nothing more comes from the worker in which the VM was. @internal */
  abandon(): void {
    this.#output.abandon();
  }
}
