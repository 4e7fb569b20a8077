/**
 * What goes over a control socket: frames of a length (32 bits, little-endian), a type and a payload. A connection is one request: a
 * `JSON` frame from the client, then data both ways, then a `JSON` frame from the server with the result, or with what went wrong.
 */

import type { Connection } from "../../host/control-socket.ts";
import type { MigrationMode } from "../../index.ts";

/** The version that both sides speak. */
export const CONTROL_VERSION = 1;

export enum FrameKind {
  JSON = 0,
  INPUT = 1,
  OUTPUT = 2,
  ERROR_OUTPUT = 3,
  /** The end of the input. */
  END = 4,
}

export interface ControlFrame {
  readonly kind: FrameKind;
  readonly bytes: Uint8Array;
}

const HEADER_BYTES = 5;
const PAYLOAD_MOST = 2 ** 20;

/** How a VM is moved. */
export interface MigrateChoice {
  readonly disks?: "include" | "mirror";
  /** Bytes a second. */
  readonly bandwidth?: number;
  /** Milliseconds. */
  readonly downtime?: number;
  readonly mode?: MigrationMode;
}

/** What is asked for. */
export type ControlRequest = { readonly wasmvisor: number } & (
  | {
      readonly op: "exec";
      readonly command: readonly string[];
      readonly options: {
        readonly env?: Readonly<Record<string, string>>;
        readonly cwd?: string;
        readonly user?: string;
        readonly tty?: false | { readonly columns: number; readonly rows: number };
        readonly timeout?: number;
      };
    }
  | { readonly op: "logs"; readonly follow: boolean }
  | { readonly op: "console" }
  | { readonly op: "accounting" }
  | { readonly op: "snapshot"; readonly disks: "reference" | "include" }
  | {
      readonly op: "migrate";
      readonly address: string;
      readonly options: MigrateChoice;
    }
  | { readonly op: "reclaim" }
  | { readonly op: "memory"; readonly bytes?: number }
  | { readonly op: "files"; readonly method: string; readonly args: readonly unknown[] }
);

/** What is said beside data: to the server while a command runs, and from it at the end. */
export interface ControlNote {
  readonly signal?: string;
  readonly size?: { readonly columns: number; readonly rows: number };
  readonly value?: unknown;
  readonly error?: { readonly code: string; readonly message: string };
}

/** Sends a frame; resolves when there is room for more. Larger payloads go in pieces. */
export async function sendFrame(connection: Connection, kind: FrameKind, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at === 0 || at < bytes.length; at += PAYLOAD_MOST) {
    const part = bytes.subarray(at, at + PAYLOAD_MOST);
    const frame = new Uint8Array(HEADER_BYTES + part.length);
    new DataView(frame.buffer).setUint32(0, part.length, true);
    frame[4] = kind;
    frame.set(part, HEADER_BYTES);
    await connection.send(frame);
  }
}

export function sendJson(connection: Connection, value: ControlRequest | ControlNote): Promise<void> {
  return sendFrame(connection, FrameKind.JSON, new TextEncoder().encode(JSON.stringify(value)));
}

/** Frames as they come. What is no frame ends them. */
export async function* framesOf(connection: Connection): AsyncGenerator<ControlFrame> {
  let kept = new Uint8Array(0);
  for await (const chunk of connection.incoming) {
    let bytes = new Uint8Array(kept.length + chunk.length);
    bytes.set(kept);
    bytes.set(chunk, kept.length);
    while (bytes.length >= HEADER_BYTES) {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      if (length > PAYLOAD_MOST) return;
      if (bytes.length < HEADER_BYTES + length) break;
      yield { kind: bytes[4]!, bytes: bytes.subarray(HEADER_BYTES, HEADER_BYTES + length) };
      bytes = bytes.subarray(HEADER_BYTES + length);
    }
    kept = bytes.slice();
  }
}

/** The object in a `JSON` frame; undefined when it is none. */
export function jsonOf({ kind, bytes }: ControlFrame): Readonly<Record<string, unknown>> | undefined {
  if (kind !== FrameKind.JSON) return undefined;
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
