/** Sockets between a guest and the program that runs it. */

import type { VsockConnection, VsockEnd } from "../device/virtio/vsock/connection.ts";
import type { Vsock } from "../device/virtio/vsock/vsock.ts";
import { WasmvisorError } from "../error.ts";
import { Pieces } from "./pieces.ts";

/** A socket device. */
export interface VsockOptions {
  /** The guest's context identifier, 3 to 2^32 - 2. Default 3. The host's is 2. */
  readonly cid?: number;
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
  /** Whether the guest's agent (`agent: true`) comes by it and not by a console port; in workers, too. Default false. */
  readonly agent?: boolean;
}

/** Bytes that wait to be sent before `writable` has its writer wait. */
const SEND_BYTES = 2 ** 18;
/** Ports from here on are given to sockets that ask for none. */
const FIRST_PORT = 2 ** 16;
const PORT_MOST = 0xffff_fffe;

/**
 * A stream between the program and a port of its guest.
 *
 * ```ts
 * const socket = await vm.vsock.connect(1234);
 * const writer = socket.writable.getWriter();
 * await writer.write(new TextEncoder().encode("ping\n"));
 * for await (const chunk of socket.readable) console.log(chunk);
 * ```
 */
export class VsockSocket {
  /** The guest's port. */
  readonly port: number;
  /** What the guest sends; it waits while 256 KiB wait here. */
  readonly readable: ReadableStream<Uint8Array>;
  /** What the guest is to read; closing it is the end of that. */
  readonly writable: WritableStream<Uint8Array>;
  /** Resolves when it is over. */
  readonly closed: Promise<void>;
  readonly #abort: () => void;

  /** @internal */
  constructor(port: number, state: SocketState) {
    this.port = port;
    this.readable = state.readable();
    this.writable = state.writable();
    this.closed = state.over;
    this.#abort = () => state.abort();
  }

  /** Ends it at once, in both directions. */
  close(): void {
    this.#abort();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The host's end of one stream. */
class SocketState implements VsockEnd {
  readonly over: Promise<void>;
  connection: VsockConnection | undefined;
  readonly #sockets: Vsockets;
  readonly #chunks = new Pieces();
  #ended = false;
  #isClosed = false;
  #wakeReader: () => void = () => undefined;
  #wakeWriter: () => void = () => undefined;
  #resolveClosed: () => void = () => undefined;
  #onOpened: (error?: Error) => void;

  constructor(sockets: Vsockets, onOpened: (error?: Error) => void) {
    this.#sockets = sockets;
    this.#onOpened = onOpened;
    this.over = new Promise((resolve) => (this.#resolveClosed = resolve));
  }

  opened(): void {
    this.#onOpened();
  }

  data(bytes: Uint8Array): void {
    this.#chunks.push(bytes);
    this.#wakeReader();
  }

  ended(): void {
    this.#ended = true;
    this.#wakeReader();
  }

  room(): void {
    this.#wakeWriter();
  }

  closed(): void {
    this.#isClosed = true;
    this.ended();
    this.#wakeWriter();
    this.#resolveClosed();
    this.#onOpened(refused("nobody accepts it, or the guest has ended"));
  }

  abort(): void {
    this.#act((device, connection) => device.abort(connection));
  }

  readable(): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          while (this.#chunks.isEmpty && !this.#ended) {
            await new Promise<void>((resolve) => (this.#wakeReader = resolve));
          }
          const chunk = this.#chunks.shift();
          if (chunk === undefined) return controller.close();
          this.#act((device, connection) => device.used(connection, chunk.length));
          controller.enqueue(chunk);
        },
        cancel: () => this.abort(),
      },
      { highWaterMark: 0 },
    );
  }

  writable(): WritableStream<Uint8Array> {
    return new WritableStream<Uint8Array>({
      write: async (chunk) => {
        const bytes = chunk.slice();
        this.#act((device, connection) => device.send(connection, bytes));
        while (!this.#isClosed && (this.connection?.waiting ?? 0) + bytes.length > SEND_BYTES) {
          await new Promise<void>((resolve) => (this.#wakeWriter = resolve));
          if ((this.connection?.waiting ?? 0) <= SEND_BYTES) break;
        }
        if (this.#isClosed) throw refused("the guest has closed it");
      },
      close: () => this.#act((device, connection) => device.endSending(connection)),
      abort: () => this.abort(),
    });
  }

  #act(act: (device: Vsock, connection: VsockConnection) => void): void {
    this.#sockets.whenAtRest(() => {
      const { device } = this.#sockets;
      if (this.connection !== undefined && device !== undefined && !this.#isClosed) act(device, this.connection);
    });
  }
}

function refused(why: string): WasmvisorError {
  return new WasmvisorError("vsock", `The guest's socket is not there: ${why}.`);
}

/** All sockets of a VM with its guest. */
export class Vsockets {
  /** The device. @internal */
  device: Vsock | undefined;
  /** Has a function called soon, with the machine at rest. @internal */
  whenAtRest: (act: () => void) => void = (act) => act();
  readonly #listeners = new Map<number, (socket: VsockSocket) => void>();
  readonly #accepted: SocketState[] = [];
  #nextPort = FIRST_PORT;

  /**
   * Connects to a port that a program of the guest's listens at.
   * @throws WasmvisorError `vsock` when nobody does, or the guest has no driver yet; `option`; the signal's reason
   */
  async connect(port: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<VsockSocket> {
    checkPort(port);
    signal?.throwIfAborted();
    return new Promise<VsockSocket>((resolve, reject) => {
      const state = new SocketState(this, (error) => {
        signal?.removeEventListener("abort", giveUp);
        if (error === undefined) resolve(new VsockSocket(port, state));
        else reject(error);
      });
      const giveUp = (): void => {
        state.abort();
        reject(signal?.reason as Error);
      };
      signal?.addEventListener("abort", giveUp, { once: true });
      this.whenAtRest(() => {
        state.connection = this.device?.connect(this.#nextPort, port, state);
        this.#nextPort = this.#nextPort >= PORT_MOST ? FIRST_PORT : this.#nextPort + 1;
        if (state.connection === undefined)
          reject(refused("its driver has not begun, or there are too many; wait for it"));
      });
    });
  }

  /**
   * Accepts what programs of the guest's connect to `port` of the host (context identifier 2).
   * @returns what ends that; sockets go on
   * @throws WasmvisorError `vsock` when somebody listens there, `option`
   */
  listen(port: number, accept: (socket: VsockSocket) => void): () => void {
    checkPort(port);
    if (this.#listeners.has(port))
      throw new WasmvisorError("vsock", `Somebody listens at port ${port} already; use another.`, { port });
    this.#listeners.set(port, accept);
    return () => void this.#listeners.delete(port);
  }

  /** A guest's program wants to connect. @internal */
  accept(port: number, from: number): VsockEnd | undefined {
    const listener = this.#listeners.get(port);
    if (listener === undefined) return undefined;
    const state = new SocketState(this, (error) => {
      // The program's own code runs outside the machine's slice.
      if (error === undefined) queueMicrotask(() => listener(new VsockSocket(from, state)));
    });
    this.#accepted.push(state);
    return state;
  }

  /** It has been given its connection. @internal */
  accepted(connection: VsockConnection): void {
    const state = this.#accepted.shift();
    if (state !== undefined) state.connection = connection;
  }
}

/** @throws WasmvisorError `option` */
function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= PORT_MOST) return;
  throw new WasmvisorError("option", `A port of a socket is a whole number from 0 to ${PORT_MOST}, not ${port}.`, {
    port,
  });
}
