/** Commands of the network device's control queue. (Virtual I/O Device Specification, "Control Virtqueue") */

import type { GuestMemory } from "../../../memory/guest-memory.ts";
import type { Segments } from "../segments.ts";
import { MAC_BYTES, type ReceiveFilter, TABLE_ENTRIES } from "./filter.ts";
import { Ack, CtrlClass, CtrlMac, CtrlRx, CtrlVlan, MAX_PAIRS, NET } from "./protocol.ts";

/** Class and command. */
const COMMAND_BYTES = 2;

/** What commands change. */
export interface Controlled {
  readonly features: bigint;
  readonly filter: ReceiveFilter;
  setMac(mac: Uint8Array): void;
  /** Has `pairs` pairs of queues used; false when there are not so many. */
  setPairs(pairs: number): boolean;
  /** What frames for the guest may need; false when `offloads` has others than were agreed on. */
  setOffloads(offloads: bigint): boolean;
  /** The guest has told its neighbours where it is. */
  announced(): void;
}

/** Reads commands out of chains; made once. */
export class Commands {
  readonly #bytes = new Uint8Array(8);
  readonly #view = new DataView(this.#bytes.buffer);

  /** Does what the command in `readable` asks for. */
  run(memory: GuestMemory, readable: Segments, device: Controlled): Ack {
    if (!readable.copyOut(memory, 0, this.#bytes, 0, COMMAND_BYTES)) return Ack.ERR;
    const [kind, command] = [this.#bytes[0]!, this.#bytes[1]!];
    return this.#run(kind, command, memory, readable, device) ? Ack.OK : Ack.ERR;
  }

  #run(kind: CtrlClass, command: number, memory: GuestMemory, readable: Segments, device: Controlled): boolean {
    const has = (feature: bigint): boolean => (device.features & feature) !== 0n;
    switch (kind) {
      case CtrlClass.RX: {
        const feature = command <= CtrlRx.ALLMULTI ? NET.CTRL_RX : NET.CTRL_RX_EXTRA;
        if (command > CtrlRx.NOBCAST || !has(feature) || !this.#read(memory, readable, 1)) return false;
        device.filter.setMode(command, this.#bytes[0] !== 0);
        return true;
      }
      case CtrlClass.MAC:
        if (command === CtrlMac.TABLE_SET) return has(NET.CTRL_RX) && this.#setTables(memory, readable, device);
        if (command !== CtrlMac.ADDR_SET || !has(NET.CTRL_MAC_ADDR) || !this.#read(memory, readable, MAC_BYTES))
          return false;
        device.setMac(this.#bytes.subarray(0, MAC_BYTES));
        return true;
      case CtrlClass.VLAN: {
        if (command > CtrlVlan.DEL || !has(NET.CTRL_VLAN) || !this.#read(memory, readable, 2)) return false;
        const id = this.#view.getUint16(0, true);
        if (id > 4095) return false;
        device.filter.setVlan(id, command === CtrlVlan.ADD);
        return true;
      }
      case CtrlClass.ANNOUNCE:
        if (command !== 0 || !has(NET.GUEST_ANNOUNCE)) return false;
        device.announced();
        return true;
      case CtrlClass.MQ: {
        if (command !== 0 || !has(NET.MQ) || !this.#read(memory, readable, 2)) return false;
        const pairs = this.#view.getUint16(0, true);
        return pairs >= 1 && pairs <= MAX_PAIRS && device.setPairs(pairs);
      }
      case CtrlClass.GUEST_OFFLOADS:
        if (command !== 0 || !has(NET.CTRL_GUEST_OFFLOADS) || !this.#read(memory, readable, 8)) return false;
        return device.setOffloads(this.#view.getBigUint64(0, true));
      default:
        return false;
    }
  }

  /** Reads what belongs to a command: exactly `count` bytes. */
  #read(memory: GuestMemory, readable: Segments, count: number): boolean {
    return readable.bytes === COMMAND_BYTES + count && readable.copyOut(memory, COMMAND_BYTES, this.#bytes, 0, count);
  }

  #setTables(memory: GuestMemory, readable: Segments, { filter }: Controlled): boolean {
    const unicast = this.#table(memory, readable, COMMAND_BYTES);
    const multicast = unicast && this.#table(memory, readable, unicast.end);
    if (unicast === undefined || multicast === undefined || multicast.end !== readable.bytes) return false;
    filter.setTables(unicast.entries, multicast.entries);
    return true;
  }

  /** The table at `offset` (no entries when it has too many), and where it ends. */
  #table(
    memory: GuestMemory,
    readable: Segments,
    offset: number,
  ): { readonly entries: Uint8Array[] | undefined; readonly end: number } | undefined {
    if (!readable.copyOut(memory, offset, this.#bytes, 0, 4)) return undefined;
    const count = this.#view.getUint32(0, true);
    const end = offset + 4 + count * MAC_BYTES;
    if (end > readable.bytes) return undefined;
    if (count > TABLE_ENTRIES) return { entries: undefined, end };
    const entries: Uint8Array[] = [];
    for (let at = offset + 4; at < end; at += MAC_BYTES) {
      const mac = new Uint8Array(MAC_BYTES);
      if (!readable.copyOut(memory, at, mac, 0, MAC_BYTES)) return undefined;
      entries.push(mac);
    }
    return { entries, end };
  }
}
