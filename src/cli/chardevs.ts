/** The far ends of a guest's serial ports: files, and sockets of other programs. */

import { type Connection, connectTo, listen } from "../host/control-socket.ts";
import { expectWritable, writeStream } from "../host/process.ts";
import type { Vm, VmPort } from "../index.ts";
import type { Chardev, PortWords } from "./chardev-options.ts";

/** Far ends that are open. */
export interface OpenChardevs {
  /** Resolves when all whose coming is to be waited for have come. */
  readonly ready: Promise<unknown>;
  /** Closes them, when the VM has been closed. @throws WasmvisorError `file-unwritable` */
  close(): Promise<void>;
}

interface OpenChardev {
  readonly ready?: Promise<void>;
  close(): unknown;
}

/**
 * Opens the far ends of a VM's ports.
 * @throws WasmvisorError `control`
 */
export async function openChardevs(vm: Vm, words: readonly PortWords[]): Promise<OpenChardevs> {
  const opened: OpenChardev[] = [];
  try {
    for (const { name, chardev } of words) {
      const port = vm.ports.find((one) => one.name === name)!;
      opened.push(await openOne(port, chardev));
    }
  } catch (error) {
    for (const one of opened) await one.close();
    throw error;
  }
  return {
    ready: Promise.all(opened.map((one) => one.ready ?? Promise.resolve())),
    close: async () => {
      for (const one of opened) await one.close();
    },
  };
}

async function openOne(port: VmPort, chardev: Chardev): Promise<OpenChardev> {
  if (chardev.kind === "file") {
    await expectWritable([chardev.path]);
    const written = writeStream(chardev.path, port.output);
    // Awaited at the end; that it fails then is soon enough.
    written.catch(() => undefined);
    return { close: () => written };
  }
  if (chardev.kind !== "socket") return { close: () => void port.output.cancel() };
  const line = new Line(port);
  if (!chardev.server) {
    line.take(await connectTo(chardev.path, SOCKET));
    return { close: () => line.close() };
  }
  const stop = await listen(chardev.path, (connection) => line.take(connection), SOCKET);
  return {
    ...(chardev.wait ? { ready: line.taken } : {}),
    close: () => {
      stop();
      line.close();
    },
  };
}

/** What messages call such a socket. */
const SOCKET = "socket of a --chardev";

/** Those who may wait until the one before them has gone. */
const WAITING = 16;

/** A port and whoever is at its far end: one at a time, and the next one when that has gone. */
class Line {
  /** Resolves when somebody has come. */
  readonly taken: Promise<void>;
  readonly #port: VmPort;
  #connection: Connection | undefined;
  readonly #waiting = new Set<Connection>();
  #told!: () => void;

  constructor(port: VmPort) {
    this.#port = port;
    this.taken = new Promise((resolve) => (this.#told = resolve));
    void this.#sendOutput();
  }

  take(connection: Connection): void {
    if (this.#connection !== undefined) {
      if (this.#waiting.size >= WAITING) return connection.close();
      this.#waiting.add(connection);
      connection.onClose(() => this.#waiting.delete(connection));
      return;
    }
    this.#connection = connection;
    this.#port.connect();
    this.#told();
    connection.onClose(() => this.#lose(connection));
    void this.#readInput(connection);
  }

  close(): void {
    for (const waiting of this.#waiting) waiting.close();
    this.#connection?.close();
  }

  #lose(connection: Connection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#port.disconnect();
    const [next] = this.#waiting;
    if (next === undefined) return;
    this.#waiting.delete(next);
    this.take(next);
  }

  async #readInput(connection: Connection): Promise<void> {
    try {
      // The next piece is read when the guest has taken this one.
      for await (const bytes of connection.incoming) await this.#port.write(bytes);
    } catch {
      // The VM has ended, or the connection: there is nobody to tell.
    }
    connection.end();
  }

  async #sendOutput(): Promise<void> {
    const reader = this.#port.output.getReader();
    // What the guest sends when nobody is there is lost, as on a line that is unplugged.
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read())
      await this.#connection?.send(chunk.value);
  }
}
