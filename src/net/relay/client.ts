/** A network at the other end of a WebSocket: what a VM in a browser is plugged into (docs/design/tunnels.md). */

import type {
  FrameInfo,
  FrameOffers,
  NetworkBackend,
  NetworkInfo,
  NetworkPort,
} from "../../backend/network/network.ts";
import { WasmvisorError } from "../../error.ts";
import { FrameLine } from "./frame-line.ts";
import { Close, helloMessage, parseWelcome, SUBPROTOCOL } from "./protocol.ts";
import { closeSocket, type FrameSocket, listenTo, type SocketMaker } from "../../backend/network/web-socket.ts";

/** What a network over a WebSocket tells of. */
export type RelayNetworkEvent =
  /** The relay has let it in; the guest's link is up. */
  | { readonly type: "connected" }
  /** The connection has ended; another try follows in `retryAfter` milliseconds. */
  | { readonly type: "disconnected"; readonly code: number; readonly reason: string; readonly retryAfter: number }
  /** The relay does not let it in; no other try follows. */
  | { readonly type: "refused"; readonly code: number; readonly reason: string };

/** A network over a WebSocket. */
export interface RelayNetworkOptions {
  /** The relay's address: `wss://relay.example.org/`, or `ws:` for one on this computer. */
  readonly url: string;
  /** By which the relay knows who this is. Default: none. */
  readonly token?: string;
  readonly onEvent?: (event: RelayNetworkEvent) => void;
  /** Makes the WebSocket. Default: the platform's, or that of the package `ws`. */
  readonly socket?: SocketMaker;
}

const OFFERS: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: false };
/** Milliseconds before the first try after a connection has ended, and at most; each is twice the one before. */
const FIRST_WAIT = 500;
const MOST_WAIT = 30_000;
/** Milliseconds that the relay has to answer. */
const PATIENCE = 20_000;
/** Bytes in the socket with which no more is given to it. */
const MOST_BUFFERED = 2 ** 22;

/** As `openRelayNetwork`, with a WebSocket to use. */
export function relayNetwork(options: RelayNetworkOptions, socket: SocketMaker): NetworkBackend {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  if (url === undefined || !/^wss?:$/.test(url.protocol) || url.hash !== "")
    throw new WasmvisorError(
      "network-option",
      `A relay's address is one such as wss://relay.example.org/, not "${options.url}".`,
    );
  return new RelayNetwork(options, url, socket);
}

class RelayNetwork implements NetworkBackend {
  readonly info: NetworkInfo;
  readonly offers = OFFERS;
  readonly #options: RelayNetworkOptions;
  readonly #makeSocket: SocketMaker;
  #port: NetworkPort | undefined;
  #enter: (act: () => void) => void = () => undefined;
  #socket: FrameSocket | undefined;
  #line: FrameLine | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wait = FIRST_WAIT;
  #isClosed = false;

  constructor(options: RelayNetworkOptions, url: URL, makeSocket: SocketMaker) {
    this.#options = options;
    this.#makeSocket = makeSocket;
    this.info = { description: `relay ${url.host}` };
  }

  connect(port: NetworkPort, enter: (act: () => void) => void): void {
    this.#port = port;
    this.#enter = enter;
    port.setLink(false);
    void this.#open();
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    // Without a connection there is no link: what is sent is lost, as on a cable that is not plugged in.
    return this.#line === undefined || this.#line.send(bytes, at, length, info);
  }

  onRoom(): void {
    this.#line?.drain();
  }

  reset(): void {
    this.#line?.clear();
  }

  close(): Promise<void> {
    if (!this.#isClosed) {
      this.#isClosed = true;
      clearTimeout(this.#timer);
      this.#lost();
      if (this.#socket !== undefined) closeSocket(this.#socket, 1000, "");
      this.#socket = undefined;
      this.#port = undefined;
    }
    return Promise.resolve();
  }

  async #open(): Promise<void> {
    let socket: FrameSocket;
    try {
      socket = await this.#makeSocket(this.#options.url, SUBPROTOCOL);
    } catch (error) {
      this.#ended(1006, error instanceof Error ? error.message : String(error));
      return;
    }
    if (this.#isClosed) {
      closeSocket(socket, 1000, "");
      return;
    }
    this.#socket = socket;
    listenTo(socket, {
      open: () => this.#hello(socket),
      message: (bytes) => this.#message(socket, bytes),
      close: (code, reason) => {
        if (this.#socket === socket) this.#ended(code, reason);
      },
    });
    this.#timer = setTimeout(() => this.#giveUp(socket, "the relay does not answer"), PATIENCE);
  }

  #hello(socket: FrameSocket): void {
    const port = this.#port;
    if (port === undefined || socket !== this.#socket) return;
    socket.send(helloMessage({ offers: OFFERS, mtu: port.mtu, mac: port.mac, token: this.#options.token ?? "" }));
  }

  #message(socket: FrameSocket, bytes: Uint8Array | undefined): void {
    if (socket !== this.#socket || bytes === undefined) return;
    if (this.#line !== undefined) {
      if (!this.#line.receive(bytes)) this.#giveUp(socket, "the relay has sent what makes no sense");
      return;
    }
    const offers = parseWelcome(bytes);
    if (offers === undefined) this.#giveUp(socket, "the relay speaks another language, or another version of it");
    else this.#welcome(socket, offers);
  }

  #welcome(socket: FrameSocket, theirs: FrameOffers): void {
    const port = this.#port!;
    clearTimeout(this.#timer);
    this.#wait = FIRST_WAIT;
    const line = new FrameLine(
      {
        post: (message) => {
          if (socket.bufferedAmount > MOST_BUFFERED) this.#giveUp(socket, "the connection does not take what is sent");
          else if (this.#socket === socket) socket.send(message);
        },
        sink: port,
        enter: this.#enter,
        onRoom: () => port.onRoom(),
      },
      OFFERS,
      theirs,
    );
    this.#line = line;
    port.setLink(true);
    this.#tell({ type: "connected" });
  }

  #giveUp(socket: FrameSocket, reason: string): void {
    if (socket !== this.#socket) return;
    closeSocket(socket, Close.PROTOCOL, reason);
    this.#ended(Close.PROTOCOL, reason);
  }

  /** Nothing passes any more; what was to be sent is lost. */
  #lost(): void {
    this.#line?.close();
    const wasUp = this.#line !== undefined;
    this.#line = undefined;
    if (wasUp && !this.#isClosed) {
      this.#port?.setLink(false);
      this.#port?.onRoom();
    }
  }

  #ended(code: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#socket = undefined;
    this.#lost();
    if (this.#isClosed) return;
    if (code === Close.REFUSED) {
      this.#tell({ type: "refused", code, reason });
      return;
    }
    // Not all at the same time, when a relay comes back.
    const retryAfter = Math.round(this.#wait * (0.75 + Math.random() / 2));
    this.#wait = Math.min(MOST_WAIT, 2 * this.#wait);
    this.#timer = setTimeout(() => void this.#open(), retryAfter);
    this.#tell({ type: "disconnected", code, reason, retryAfter });
  }

  #tell(event: RelayNetworkEvent): void {
    this.#options.onEvent?.(event);
  }
}
