/** The other end of `RelayNetwork`: gives each VM that comes by a WebSocket a network of its own (docs/design/tunnels.md). */

import type { FrameInfo, FrameOffers, NetworkBackend, NetworkPort } from "../../backend/network/network.ts";
import { WasmvisorError } from "../../error.ts";
import { type PortLimits, PortRate } from "../switch/rate.ts";
import { FrameLine } from "./frame-line.ts";
import { Close, type Hello, parseHello, welcomeMessage } from "./protocol.ts";
import { closeSocket, type FrameSocket, listenTo } from "../../backend/network/web-socket.ts";

/** Whom a relay serves, and with what. */
export interface RelayTenant {
  /** For events. Default: the tenant's number. */
  readonly name?: string;
  /** What its VMs show. Tenants are told apart by it; one without a token serves everybody. */
  readonly token?: string;
  /** Makes the network of one VM: mostly `openUserNetwork`, with a policy. It is closed when the VM goes. */
  readonly network: () => NetworkBackend | Promise<NetworkBackend>;
  /** VMs at once. Default: 16. */
  readonly sessions?: number;
  /** How much each VM may send and be sent in a second; what is more is lost. Default: no limits. */
  readonly limits?: PortLimits;
}

/** What a relay tells of. */
export type RelayEvent =
  /** A VM is there. */
  | { readonly type: "opened"; readonly tenant: string; readonly session: number; readonly from: string }
  /** It has gone, or was sent away. */
  | { readonly type: "closed"; readonly tenant: string; readonly session: number; readonly reason: string }
  /** Somebody was not let in. */
  | { readonly type: "refused"; readonly from: string; readonly reason: string }
  /** A network has failed. */
  | { readonly type: "error"; readonly tenant: string; readonly session: number; readonly error: unknown };

export interface RelayOptions {
  readonly tenants: readonly RelayTenant[];
  /** VMs of all tenants at once, and connections that have not said who they are. Default: 256. */
  readonly sessions?: number;
  readonly onEvent?: (event: RelayEvent) => void;
}

const OFFERS: FrameOffers = { checksum: true, tcp4: true, tcp6: true, udp: false };
/** Milliseconds in which a VM must have said who it is. */
const PATIENCE = 10_000;
/** Bytes in a socket with which its VM is sent away: more than its window, which it does not read. */
const MOST_BUFFERED = 2 ** 23;
const MIN_MTU = 576;

interface Tenant extends RelayTenant {
  readonly name: string;
  count: number;
}

/**
 * A relay, for a WebSocket server of the program's. Each VM has a network of its own: it sees no frames of others.
 *
 * ```ts
 * const relay = new Relay({ tenants: [{ token, network: () => openUserNetwork({ policy: { default: "allow" } }) }] });
 * new WebSocketServer({ port: 8080, maxPayload: 2 ** 17 }).on("connection", (socket) => relay.accept(socket));
 * ```
 */
export class Relay {
  readonly #tenants: readonly Tenant[];
  readonly #most: number;
  readonly #onEvent: (event: RelayEvent) => void;
  readonly #sessions = new Set<Session>();
  #next = 1;
  #isClosed = false;

  /** @throws WasmvisorError `network-option` when two tenants have the same token, or there is none */
  constructor({ tenants, sessions = 256, onEvent = () => undefined }: RelayOptions) {
    this.#tenants = tenants.map((tenant, index) => ({ ...tenant, name: tenant.name ?? String(index + 1), count: 0 }));
    if (tenants.length === 0 || new Set(tenants.map(({ token = "" }) => token)).size < tenants.length)
      throw new WasmvisorError("network-option", "A relay has tenants, each with a token of its own; give them.");
    this.#most = sessions;
    this.#onEvent = onEvent;
  }

  /** VMs and connections that there are. */
  get size(): number {
    return this.#sessions.size;
  }

  /** Serves a WebSocket that is open. @param from - who it is, for events */
  accept(socket: FrameSocket, { from = "" }: { readonly from?: string } = {}): void {
    if (this.#isClosed || this.#sessions.size >= this.#most) {
      listenTo(socket, { open: () => undefined, message: () => undefined, close: () => undefined });
      closeSocket(socket, Close.LIMIT, "the relay has no room for more");
      this.tell({ type: "refused", from, reason: "no room" });
      return;
    }
    this.#sessions.add(new Session(this, socket, from, this.#next++));
  }

  /** Sends all away. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#sessions].map((session) => session.end(Close.GOING, "the relay goes away")));
  }

  /** Whose token it is: the time that this takes does not depend on how much of it is right. @internal */
  tenantOf(token: string): Tenant | undefined {
    let found: Tenant | undefined;
    for (const tenant of this.#tenants) if (isSame(tenant.token ?? "", token)) found = tenant;
    return found ?? this.#tenants.find((tenant) => tenant.token === undefined);
  }

  /** @internal */
  remove(session: Session): void {
    this.#sessions.delete(session);
  }

  /** @internal */
  tell(event: RelayEvent): void {
    this.#onEvent(event);
  }
}

function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let i = 0; i < other.length; i++)
    difference |= (one.charCodeAt(i % Math.max(1, one.length)) || 0) ^ other.charCodeAt(i);
  return difference === 0;
}

/** One VM. To its network it is the device. */
class Session implements NetworkPort {
  mac = new Uint8Array(6);
  mtu = 1500;
  readonly #relay: Relay;
  readonly #socket: FrameSocket;
  readonly #from: string;
  readonly #number: number;
  readonly #timer: ReturnType<typeof setTimeout>;
  #tenant: Tenant | undefined;
  #network: NetworkBackend | undefined;
  #line: FrameLine | undefined;
  #rates: { readonly up: PortRate; readonly down: PortRate } | undefined;
  #isOver = false;

  constructor(relay: Relay, socket: FrameSocket, from: string, number: number) {
    this.#relay = relay;
    this.#socket = socket;
    this.#from = from;
    this.#number = number;
    this.#timer = setTimeout(() => this.#refuse(Close.SILENT, "nothing was said"), PATIENCE);
    listenTo(socket, {
      open: () => undefined,
      message: (bytes) => this.#message(bytes),
      close: (_code, reason) => void this.end(0, reason || "the VM has gone"),
    });
  }

  get offers(): FrameOffers {
    return this.#line?.offers ?? OFFERS;
  }

  /** A frame of the network's for the VM. */
  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.#rates !== undefined && !this.#rates.down.take(length, Date.now())) return true;
    return this.#line?.send(bytes, at, length, info) ?? true;
  }

  onRoom(): void {
    this.#line?.drain();
  }

  setLink(): void {}

  /** Ends it, once. @internal */
  async end(code: number, reason: string): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#line?.close();
    this.#relay.remove(this);
    if (code !== 0) closeSocket(this.#socket, code, reason);
    if (this.#tenant !== undefined) {
      this.#tenant.count--;
      this.#relay.tell({ type: "closed", tenant: this.#tenant.name, session: this.#number, reason });
    }
    await this.#network?.close();
  }

  #refuse(code: number, reason: string): void {
    if (this.#isOver) return;
    this.#relay.tell({ type: "refused", from: this.#from, reason });
    void this.end(code, reason);
  }

  #message(bytes: Uint8Array | undefined): void {
    if (this.#isOver) return;
    if (this.#line !== undefined && bytes !== undefined) this.#safely(() => this.#frame(bytes));
    else if (this.#tenant !== undefined || bytes === undefined) void this.end(Close.PROTOCOL, "that makes no sense");
    else this.#hello(parseHello(bytes));
  }

  #frame(message: Uint8Array): void {
    if (!this.#line!.receive(message)) void this.end(Close.PROTOCOL, "that makes no sense");
  }

  #hello(hello: Hello | undefined): void {
    if (hello === undefined) {
      this.#refuse(Close.PROTOCOL, "it speaks another language, or another version of it");
      return;
    }
    const tenant = this.#relay.tenantOf(hello.token);
    if (tenant === undefined) this.#refuse(Close.REFUSED, "the token is not known");
    else if (tenant.count >= (tenant.sessions ?? 16)) this.#refuse(Close.LIMIT, "there are too many VMs already");
    else {
      clearTimeout(this.#timer);
      tenant.count++;
      this.#tenant = tenant;
      this.mac = new Uint8Array(hello.mac);
      this.mtu = Math.max(MIN_MTU, hello.mtu);
      void this.#open(tenant, hello);
    }
  }

  async #open(tenant: Tenant, hello: Hello): Promise<void> {
    try {
      const network = await tenant.network();
      this.#network = network;
      if (this.#isOver) {
        await network.close();
        return;
      }
      const now = Date.now();
      if (tenant.limits !== undefined)
        this.#rates = { up: new PortRate(tenant.limits, now), down: new PortRate(tenant.limits, now) };
      this.#line = new FrameLine(
        {
          post: (message) => this.#post(message),
          sink: this.#toNetwork(network),
          enter: (act) => queueMicrotask(act),
          onRoom: () => this.#safely(() => network.onRoom()),
        },
        OFFERS,
        hello.offers,
      );
      this.#post(welcomeMessage(OFFERS));
      network.connect(this, (act) => queueMicrotask(() => this.#safely(act)));
      this.#relay.tell({ type: "opened", tenant: tenant.name, session: this.#number, from: this.#from });
    } catch (error) {
      this.#failed(error);
    }
  }

  /** The network, behind the limits of the VM. */
  #toNetwork(network: NetworkBackend): Pick<NetworkBackend, "offers" | "send"> {
    return {
      offers: network.offers,
      send: (bytes, at, length, info) => {
        if (this.#rates !== undefined && !this.#rates.up.take(length, Date.now())) return true;
        try {
          return network.send(bytes, at, length, info);
        } catch (error) {
          this.#failed(error);
          return true;
        }
      },
    };
  }

  #post(message: Uint8Array): void {
    if (this.#isOver) return;
    if (this.#socket.bufferedAmount > MOST_BUFFERED) void this.end(Close.PROTOCOL, "it does not take what is sent");
    else this.#socket.send(message);
  }

  /** One VM's network must not stop the others. */
  #safely(act: () => void): void {
    if (this.#isOver) return;
    try {
      act();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#relay.tell({ type: "error", tenant: this.#tenant?.name ?? "", session: this.#number, error });
    void this.end(Close.GOING, "its network has failed");
  }
}
