/** The agent's line over a socket device: what the guest's agent connects to is the far end of a port, as programs and workers know it. */

import type { PortBackend } from "../../backend/port/port.ts";
import type { VsockConnection, VsockEnd } from "../../device/virtio/vsock/connection.ts";
import type { Vsock } from "../../device/virtio/vsock/vsock.ts";
import { Pieces } from "../pieces.ts";

/** The port of the host's that an agent connects to. (guests/agent/vsock.c) */
export const AGENT_VSOCK_PORT = 0x7776;
/** Only root may connect from ports below. */
const PRIVILEGED = 1024;
/** Bytes that may wait for the guest. */
const SEND_BYTES = 2 ** 18;

/** What a line lies between. */
interface Ends {
  readonly backend: PortBackend;
  /** The device's calls come in the middle of its work: what it is to do for them, it does later, at rest. */
  whenAtRest(act: () => void): void;
  device(): Vsock;
}

/** One line, by one stream at a time. What it holds is bounded by the device's credit. */
export class VsockLine {
  /** What the agent connects to. */
  readonly port = AGENT_VSOCK_PORT;
  readonly #ends: Ends;
  #line: Line | undefined;

  constructor(ends: Ends) {
    const { backend } = ends;
    this.#ends = ends;
    backend.onInput((bytes) => this.#send(bytes));
    backend.onChange(() => this.#line?.drain());
  }

  /** An agent wants to connect; undefined refuses it: one is there, or anybody in the guest may be it. */
  accept(from: number): VsockEnd | undefined {
    if (this.#line !== undefined || from >= PRIVILEGED) return undefined;
    const line = new Line(this.#ends, () => (this.#line = undefined));
    this.#line = line;
    return line;
  }

  /** It has been given its connection; false when that is another's. */
  accepted(connection: VsockConnection): boolean {
    if (this.#line === undefined || connection.end !== this.#line) return false;
    this.#line.connection = connection;
    return true;
  }

  #send(bytes: Uint8Array): number {
    const connection = this.#line?.connection;
    if (connection === undefined) return 0;
    const count = Math.min(bytes.length, Math.max(0, SEND_BYTES - connection.waiting));
    if (count > 0) this.#ends.device().send(connection, bytes.slice(0, count));
    return count;
  }
}

class Line implements VsockEnd {
  connection: VsockConnection | undefined;
  readonly #ends: Ends;
  readonly #over: () => void;
  readonly #waiting = new Pieces();
  /** Bytes that the device is to be told of. */
  #used = 0;
  /** The port will be asked for more. */
  #isAsked = false;

  constructor(ends: Ends, over: () => void) {
    this.#ends = ends;
    this.#over = over;
  }

  opened(): void {
    this.#ends.backend.opened(true);
    this.room();
  }

  data(bytes: Uint8Array): void {
    const taken = this.#waiting.isEmpty ? this.#give(bytes) : 0;
    if (taken < bytes.length) this.#waiting.push(bytes.subarray(taken));
  }

  /** There is room for what waits. */
  drain(): void {
    for (let first = this.#waiting.shift(); first !== undefined; first = this.#waiting.shift()) {
      const taken = this.#give(first);
      if (taken < first.length) return this.#waiting.putBack(first.subarray(taken));
    }
  }

  /** An agent that sends no more is gone. */
  ended(): void {
    this.#act((device, connection) => device.abort(connection));
  }

  room(): void {
    if (this.#isAsked) return;
    this.#isAsked = true;
    this.#ends.whenAtRest(() => {
      this.#isAsked = false;
      this.#ends.backend.ready();
    });
  }

  closed(): void {
    this.#waiting.clear();
    this.#over();
    this.connection = undefined;
    this.#ends.backend.opened(false);
  }

  #give(bytes: Uint8Array): number {
    const taken = this.#ends.backend.write(bytes);
    if (taken > 0 && this.#used === 0) this.#act((device, connection) => this.#tell(device, connection));
    this.#used += taken;
    return taken;
  }

  #tell(device: Vsock, connection: VsockConnection): void {
    const used = this.#used;
    this.#used = 0;
    device.used(connection, used);
  }

  #act(act: (device: Vsock, connection: VsockConnection) => void): void {
    this.#ends.whenAtRest(() => {
      if (this.connection !== undefined) act(this.#ends.device(), this.connection);
    });
  }
}
