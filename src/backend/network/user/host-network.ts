/** What the user network needs of the system it runs on: sockets, names, perhaps pings. */

/** Why a connection did not come about, or ended. */
export type StreamFailure = "refused" | "unreachable" | "timeout" | "reset";

/** What a stream tells its user. */
export interface StreamEvents {
  /** The connection is there; once, before all else, unless `close` comes first. Not for streams that were accepted. */
  connected(): void;
  /** Bytes have come; they are the user's from now on. */
  data(bytes: Uint8Array): void;
  /** The other end sends no more. */
  end(): void;
  /** There is room again after `write` had given false. */
  drain(): void;
  /** It is all over: the last event. With a reason when it broke off, or did not come about. */
  close(why?: StreamFailure): void;
}

/** A connection of the host's. */
export interface HostStream {
  /** Bytes that were written and have not left yet. */
  readonly pending: number;
  /** Takes bytes, which are the stream's from now on. False: they are many, `drain` says when to go on. */
  write(bytes: Uint8Array): boolean;
  /** Nothing more will be written. */
  end(): void;
  /** Breaks the connection off: the other end sees a reset where that can be had. */
  reset(): void;
  /** Stops `data`. Some may still come. */
  pause(): void;
  resume(): void;
}

/** Somebody who waits for connections. */
export interface HostListener {
  /** The port that was taken. */
  readonly port: number;
  close(): void;
}

/** A connection that somebody made to a listener. It is paused until it is resumed. */
export interface AcceptedStream {
  readonly address: string;
  readonly port: number;
  /** Hands the stream out; called once, at once. */
  take(events: StreamEvents): HostStream;
}

/** What a UDP socket tells its user. */
export interface DatagramEvents {
  data(bytes: Uint8Array, address: string, port: number): void;
  /** It is of no use any more: the last event. */
  close(): void;
}

/** A UDP socket. */
export interface HostDatagrams {
  /** The port it has, once known. */
  readonly port: number;
  /** Bytes that were given to `send` and have not left yet. */
  readonly pending: number;
  /** Sends a datagram, whose bytes are the socket's from now on. What cannot be sent is lost. */
  send(bytes: Uint8Array, address: string, port: number): void;
  close(): void;
}

/** Kinds of DNS records that are answered. */
export type DnsRecordType = "A" | "AAAA" | "CNAME" | "MX" | "NS" | "PTR" | "SOA" | "SRV" | "TXT";

/** A DNS record, as the resolver gives it. Names have no dot at the end. */
export type DnsRecord =
  | { readonly type: "A" | "AAAA"; readonly address: string; readonly ttl?: number }
  | { readonly type: "CNAME" | "NS" | "PTR"; readonly name: string; readonly ttl?: number }
  | { readonly type: "MX"; readonly preference: number; readonly name: string; readonly ttl?: number }
  | { readonly type: "TXT"; readonly texts: readonly string[]; readonly ttl?: number }
  | {
      readonly type: "SRV";
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly name: string;
      readonly ttl?: number;
    }
  | {
      readonly type: "SOA";
      readonly primary: string;
      readonly admin: string;
      readonly serial: number;
      readonly refresh: number;
      readonly retry: number;
      readonly expire: number;
      readonly minimum: number;
      readonly ttl?: number;
    };

/** What the resolver says: records (none: the name exists, without such), or that there is no such name, or that it cannot tell. */
export type DnsResult = readonly DnsRecord[] | "no-name" | "failed";

/** The sockets of a host. Addresses are written as people write them, without a zone. Nothing throws or rejects, unless it says so. */
export interface HostNetwork {
  /** Makes a TCP connection; its events come later. */
  connect(address: string, port: number, events: StreamEvents): HostStream;
  /**
   * Waits for TCP connections; port 0 takes any.
   * @throws WasmvisorError `network-port` when the port cannot be had
   */
  listen(address: string, port: number, accept: (connection: AcceptedStream) => void): Promise<HostListener>;
  /**
   * Opens a UDP socket, at an address and port when they are given.
   * @throws WasmvisorError `network-port` when the port cannot be had
   */
  bind(family: 4 | 6, events: DatagramEvents, address?: string, port?: number): Promise<HostDatagrams>;
  /**
   * Whether an address, which `resolve` has given, stands for a name, and for no host of its own. It counts as public, whatever it is: where
   * the name leads is decided elsewhere. Default: none does.
   */
  standsForName?(address: string): boolean;
  /** The name that an address stands for, for people. Default: not known. */
  nameOf?(address: string): string | undefined;
  /** Asks the host's resolver. */
  resolve(name: string, type: DnsRecordType): Promise<DnsResult>;
  /** Sends one ICMP echo request; true when it was answered. Without it, nobody but the gateway answers pings. */
  ping?(address: string): Promise<boolean>;
}
