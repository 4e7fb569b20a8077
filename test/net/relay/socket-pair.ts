/** Two WebSockets that are joined in memory, as two ends of a connection are. */

import type { FrameSocket } from "../../../src/backend/network/web-socket.ts";

export class FakeSocket implements FrameSocket {
  binaryType = "blob";
  bufferedAmount = 0;
  readyState = 0;
  onopen: FrameSocket["onopen"] = null;
  onmessage: FrameSocket["onmessage"] = null;
  onclose: FrameSocket["onclose"] = null;
  onerror: FrameSocket["onerror"] = null;
  /** What it has sent. */
  readonly sent: Uint8Array[] = [];
  closed: readonly [code: number, reason: string] | undefined;
  far: FakeSocket | undefined;

  send(bytes: Uint8Array): void {
    if (this.closed !== undefined) return;
    this.sent.push(bytes.slice());
    const { far } = this;
    if (far !== undefined) queueMicrotask(() => far.gets(bytes.slice().buffer));
  }

  close(code = 1005, reason = ""): void {
    this.#end(code, reason);
    const { far } = this;
    if (far !== undefined) queueMicrotask(() => far.#end(code, reason));
  }

  opens(): void {
    this.readyState = 1;
    (this.onopen as (() => void) | null)?.();
  }

  gets(data: unknown): void {
    if (this.closed === undefined) (this.onmessage as ((event: { data: unknown }) => void) | null)?.({ data });
  }

  #end(code: number, reason: string): void {
    if (this.closed !== undefined) return;
    this.closed = [code, reason];
    this.readyState = 3;
    queueMicrotask(() => (this.onclose as ((event: object) => void) | null)?.({ code, reason }));
  }
}

/** Two ends; the first one's opens soon. */
export function socketPair(): [FakeSocket, FakeSocket] {
  const [one, other] = [new FakeSocket(), new FakeSocket()];
  one.far = other;
  other.far = one;
  queueMicrotask(() => one.opens());
  return [one, other];
}
