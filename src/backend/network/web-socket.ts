/** What is used of a WebSocket: a browser's, node's, or one of the package `ws`. */

/** A WebSocket. */
export interface FrameSocket {
  binaryType: string;
  /** 1 when it is open. */
  readonly readyState: number;
  /** Bytes that were given to `send` and have not left yet. */
  readonly bufferedAmount: number;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
  send(bytes: Uint8Array): void;
  close(code?: number, reason?: string): void;
}

const OPEN = 1;

/** Makes a WebSocket to an address. It may throw when the address is none. */
export type SocketMaker = (url: string, protocol?: string) => FrameSocket | Promise<FrameSocket>;

/** Who hears of a WebSocket. */
export interface SocketEvents {
  open(): void;
  /** A binary message; undefined for one of text. */
  message(bytes: Uint8Array | undefined): void;
  /** It is all over: the last event. */
  close(code: number, reason: string): void;
}

/** Has a WebSocket tell `events`. */
export function listenTo(socket: FrameSocket, events: SocketEvents): void {
  socket.binaryType = "arraybuffer";
  let isOver = false;
  socket.onopen = () => events.open();
  socket.onmessage = ({ data }: { readonly data: unknown }) => {
    if (isOver) return;
    if (data instanceof ArrayBuffer) events.message(new Uint8Array(data));
    else events.message(data instanceof Uint8Array ? data : undefined);
  };
  socket.onclose = ({ code, reason }: { readonly code: number; readonly reason: string }) => {
    if (isOver) return;
    isOver = true;
    events.close(code, reason);
  };
  // What has happened comes with the close.
  socket.onerror = () => undefined;
  // Whoever has made it has waited until then.
  if (socket.readyState === OPEN) events.open();
}

/** A reason that fits a WebSocket's close: at most 123 bytes. */
export function closeReason(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 123);
}

/** Closes it; what is closed already, or never was open, throws in some. */
export function closeSocket(socket: FrameSocket, code: number, reason: string): void {
  // One of the package `ws` that is closed before it is open has an error, which ends the process when nobody listens.
  socket.onerror = () => undefined;
  try {
    socket.close(code, closeReason(reason));
  } catch {
    socket.onmessage = null;
  }
}
