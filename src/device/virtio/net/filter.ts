/** Which frames the guest wants: by address and VLAN, as its driver says. (QEMU `hw/net/virtio-net.c` `receive_filter`) */

import { array, bytes, type Field, flag, list, record, where } from "../../../state/table.ts";
import { CtrlRx } from "./protocol.ts";

export const MAC_BYTES = 6;
/** Addresses that each of the tables keeps; a driver that has more is given all frames of the kind. */
export const TABLE_ENTRIES = 64;
const VLANS = 4096;

/** What is saved of a filter. */
export interface FilterState {
  /** By `CtrlRx`. */
  readonly modes: boolean[];
  readonly unicast: Uint8Array[];
  readonly multicast: Uint8Array[];
  readonly unicastFull: boolean;
  readonly multicastFull: boolean;
  readonly filtersVlans: boolean;
  /** A bit for each VLAN. */
  readonly vlans: Uint8Array;
}

/** Exactly `count` bytes. */
const exactly = (count: number): Field<Uint8Array> => where(bytes(count), ({ length }) => length === count);

export const FILTER: Field<FilterState> = record({
  modes: array(flag(), CtrlRx.NOBCAST + 1),
  unicast: list(exactly(MAC_BYTES), TABLE_ENTRIES),
  multicast: list(exactly(MAC_BYTES), TABLE_ENTRIES),
  unicastFull: flag(),
  multicastFull: flag(),
  filtersVlans: flag(),
  vlans: exactly(VLANS / 8),
});

/** An Ethernet address. */
export const MAC: Field<Uint8Array> = exactly(MAC_BYTES);

/** The filter of one device. */
export class ReceiveFilter {
  /** By `CtrlRx`. */
  readonly #modes = new Array<boolean>(CtrlRx.NOBCAST + 1).fill(false);
  #unicast: Uint8Array[] = [];
  #multicast: Uint8Array[] = [];
  #unicastFull = false;
  #multicastFull = false;
  #filtersVlans = false;
  readonly #vlans = new Uint8Array(VLANS / 8);

  constructor() {
    this.reset(false);
  }

  /** As a driver finds it, which has agreed on filtering VLANs, or not. Until the driver says otherwise it gets everything. */
  reset(filtersVlans: boolean): void {
    this.#modes.fill(false);
    this.#modes[CtrlRx.PROMISC] = true;
    this.#unicast = [];
    this.#multicast = [];
    this.#unicastFull = false;
    this.#multicastFull = false;
    this.#filtersVlans = filtersVlans;
    this.#vlans.fill(0);
  }

  /** Whether a frame, which has a whole Ethernet header, is for a guest with the address `mac`. */
  accepts(frame: Uint8Array, at: number, mac: Uint8Array): boolean {
    const modes = this.#modes;
    if (modes[CtrlRx.PROMISC]) return true;
    if (this.#filtersVlans && !this.#hasVlan(frame, at)) return false;
    if ((frame[at]! & 1) !== 0) {
      if (isBroadcast(frame, at)) return !modes[CtrlRx.NOBCAST];
      if (modes[CtrlRx.NOMULTI]) return false;
      return modes[CtrlRx.ALLMULTI]! || this.#multicastFull || isIn(this.#multicast, frame, at);
    }
    if (modes[CtrlRx.NOUNI]) return false;
    return modes[CtrlRx.ALLUNI]! || this.#unicastFull || isMac(mac, frame, at) || isIn(this.#unicast, frame, at);
  }

  setMode(mode: CtrlRx, on: boolean): void {
    this.#modes[mode] = on;
  }

  setVlan(id: number, on: boolean): void {
    const bit = 1 << (id & 7);
    if (on) this.#vlans[id >> 3]! |= bit;
    else this.#vlans[id >> 3]! &= ~bit;
  }

  /** Replaces both tables; what is longer than a table has the guest get all frames of the kind. */
  setTables(unicast: readonly Uint8Array[] | undefined, multicast: readonly Uint8Array[] | undefined): void {
    this.#unicast = [...(unicast ?? [])];
    this.#multicast = [...(multicast ?? [])];
    this.#unicastFull = unicast === undefined;
    this.#multicastFull = multicast === undefined;
  }

  save(): FilterState {
    return {
      modes: [...this.#modes],
      unicast: this.#unicast.map((mac) => mac.slice()),
      multicast: this.#multicast.map((mac) => mac.slice()),
      unicastFull: this.#unicastFull,
      multicastFull: this.#multicastFull,
      filtersVlans: this.#filtersVlans,
      vlans: this.#vlans.slice(),
    };
  }

  restore({ modes, unicast, multicast, unicastFull, multicastFull, filtersVlans, vlans }: FilterState): void {
    modes.forEach((on, mode) => (this.#modes[mode] = on));
    this.#unicast = unicast.map((mac) => mac.slice());
    this.#multicast = multicast.map((mac) => mac.slice());
    this.#unicastFull = unicastFull;
    this.#multicastFull = multicastFull;
    this.#filtersVlans = filtersVlans;
    this.#vlans.set(vlans);
  }

  #hasVlan(frame: Uint8Array, at: number): boolean {
    if (frame[at + 12] !== 0x81 || frame[at + 13] !== 0) return true;
    const id = ((frame[at + 14]! & 0xf) << 8) | frame[at + 15]!;
    return (this.#vlans[id >> 3]! & (1 << (id & 7))) !== 0;
  }
}

function isBroadcast(frame: Uint8Array, at: number): boolean {
  for (let i = 0; i < MAC_BYTES; i++) if (frame[at + i] !== 0xff) return false;
  return true;
}

function isMac(mac: Uint8Array, frame: Uint8Array, at: number): boolean {
  for (let i = 0; i < MAC_BYTES; i++) if (frame[at + i] !== mac[i]) return false;
  return true;
}

function isIn(table: readonly Uint8Array[], frame: Uint8Array, at: number): boolean {
  for (const mac of table) if (isMac(mac, frame, at)) return true;
  return false;
}
