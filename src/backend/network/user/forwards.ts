/** Ways into the guest's network from the host, and out of it to the program. */

import { WasmvisorError } from "../../../error.ts";
import { Ip } from "../address.ts";
import type { HostNetwork, HostStream } from "./host-network.ts";
import type { Link } from "./link.ts";
import { ProgramStream } from "./local-stream.ts";
import {
  type Addresses,
  checkForward,
  forwardText,
  type GuestForward,
  type HostForward,
  type UserOptions,
  wrong,
} from "./options.ts";
import type { Connection } from "./tcp/connection.ts";
import type { Tcp } from "./tcp/tcp.ts";
import type { Udp } from "./udp.ts";

const LOOPBACK = "127.0.0.1";

interface Open {
  readonly forward: Required<HostForward>;
  readonly close: () => void;
}

interface ToProgram {
  readonly ip: Ip;
  readonly forward: GuestForward;
}

export class Forwards {
  readonly #addresses: Addresses;
  readonly #sockets: HostNetwork;
  readonly #open: Open[] = [];
  readonly #toProgram: readonly ToProgram[];
  #isClosed = false;

  /** @throws WasmvisorError `network-option` when an address of `guestfwd` lies outside */
  constructor(options: UserOptions, addresses: Addresses, sockets: HostNetwork) {
    this.#addresses = addresses;
    this.#sockets = sockets;
    this.#toProgram = (options.guestfwd ?? []).map((forward) => {
      const ip = Ip.parse(forward.address);
      const { net, net6, broadcast, gateway } = addresses;
      const isInside = ip !== undefined && (net.has(ip) || net6.has(ip));
      if (!isInside || ip.equals(broadcast) || ip.equals(net.address) || ip.equals(gateway))
        throw wrong(
          "guestfwd",
          forward.address,
          `an address in ${net.toString()} or ${net6.toString()} that is not the gateway's`,
        );
      if (!(Number.isInteger(forward.port) && forward.port > 0 && forward.port < 65_536))
        throw wrong("guestfwd", String(forward.port), "a port from 1 to 65535");
      return { ip, forward };
    });
  }

  get list(): readonly HostForward[] {
    return this.#open.map(({ forward }) => forward);
  }

  /** Whether an address leads to the program. */
  hasGuestAddress(ip: Ip): boolean {
    return this.#toProgram.some((entry) => entry.ip.equals(ip));
  }

  /** The stream to what a connection of the guest's leads to, if it is one of these. */
  toProgram(connection: Connection): HostStream | undefined {
    const { remote, remotePort, neighbor, guestPort } = connection;
    const found = this.#toProgram.find(({ ip, forward }) => forward.port === remotePort && ip.equals(remote));
    if (found === undefined) return undefined;
    const { to } = found.forward;
    if (typeof to !== "function") return this.#sockets.connect(to.address, to.port, connection);
    const stream = new ProgramStream(connection);
    queueMicrotask(() => {
      connection.connected();
      try {
        const { readable, writable } = stream;
        to({ readable, writable, guestAddress: String(neighbor.ip), guestPort });
      } catch {
        connection.close("reset");
      }
    });
    return stream;
  }

  async add(forward: HostForward, tcp: Tcp, udp: Udp, link: Link, shown: (address: Ip) => Ip): Promise<HostForward> {
    checkForward(forward);
    const { net, net6, dhcpStart } = this.#addresses;
    const guest = forward.guestAddress === undefined ? dhcpStart : Ip.parse(forward.guestAddress)!;
    if (!net.has(guest) && !net6.has(guest))
      throw wrong("hostfwd", forwardText(forward), `a guest's address in ${net.toString()}`);
    const { protocol = "tcp", hostAddress = LOOPBACK, hostPort, guestPort } = forward;
    let port: number;
    let close: () => void;
    if (protocol === "udp") {
      const socket = await udp.forward(link.neighbor(guest), guestPort, hostAddress, hostPort);
      port = socket.port;
      close = () => socket.close();
    } else {
      const listener = await this.#sockets.listen(hostAddress, hostPort, (accepted) => {
        // Somebody of the other family is the gateway for the guest.
        const from = Ip.parse(accepted.address) ?? Ip.parse(LOOPBACK)!;
        const seen = shown(from);
        const remote = seen.isV4 === guest.isV4 ? seen : shown(Ip.parse(guest.isV4 ? LOOPBACK : "::1")!);
        tcp.accept(link.neighbor(guest), remote, guestPort, accepted);
      });
      port = listener.port;
      close = () => listener.close();
    }
    if (this.#isClosed) {
      close();
      throw new WasmvisorError("network-closed", "The network is closed; add forwards before the VM is destroyed.");
    }
    const whole = { protocol, hostAddress, hostPort: port, guestAddress: String(guest), guestPort };
    this.#open.push({ forward: whole, close });
    return whole;
  }

  remove({
    protocol = "tcp",
    hostAddress = LOOPBACK,
    hostPort,
  }: Pick<HostForward, "protocol" | "hostAddress" | "hostPort">): boolean {
    const index = this.#open.findIndex(
      ({ forward }) =>
        forward.protocol === protocol && forward.hostAddress === hostAddress && forward.hostPort === hostPort,
    );
    if (index < 0) return false;
    this.#open[index]!.close();
    this.#open.splice(index, 1);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    for (const { close } of this.#open.splice(0)) close();
  }
}
