/** A switch with the test at each of its ports. */

import type { FrameInfo, FrameOffers, NetworkPort } from "../../../src/backend/network/network.ts";
import { plainInfo } from "../../../src/backend/network/segment.ts";
import type { SwitchPort, SwitchPortOptions } from "../../../src/net/switch/port.ts";
import { Switch, type SwitchEvent, type SwitchOptions } from "../../../src/net/switch/switch.ts";
import { EVERYTHING, type Sent } from "../../support/cable.ts";

/** A device at a port. */
export class FakeDevice implements NetworkPort {
  offers: FrameOffers = { ...EVERYTHING, udp: false };
  readonly mac: Uint8Array;
  readonly mtu = 1500;
  readonly port: SwitchPort;
  readonly got: Sent[] = [];
  room = Infinity;
  rooms = 0;

  constructor(port: SwitchPort, number: number, enter: (act: () => void) => void) {
    this.port = port;
    this.mac = macOf(number);
    port.connect(this, enter);
  }

  send(bytes: Uint8Array, at: number, length: number, info: FrameInfo): boolean {
    if (this.room <= 0) return false;
    this.room--;
    this.got.push({ bytes: bytes.slice(at, at + length), info: { ...info } });
    return true;
  }

  onRoom(): void {
    this.rooms++;
  }

  setLink(): void {}

  /** Sends a frame; whether it was taken. */
  says(bytes: Uint8Array, info: Partial<FrameInfo> = {}): boolean {
    return this.port.send(bytes, 0, bytes.length, { ...plainInfo(), ...info });
  }
}

export const macOf = (number: number): Uint8Array => Uint8Array.of(2, 0, 0, 0, number >> 8, number & 0xff);
export const BROADCAST = new Uint8Array(6).fill(255);

/** A frame from one device to another (or to a group), perhaps with a tag. */
export function frameOf(
  from: number,
  to: number | Uint8Array,
  { vlan = 0, length = 60, type = 0x88b5, fill = 1 } = {},
): Uint8Array {
  const bytes = new Uint8Array(length).fill(fill);
  bytes.set(typeof to === "number" ? macOf(to) : to);
  bytes.set(macOf(from), 6);
  const at = vlan === 0 ? 12 : 16;
  if (vlan !== 0) bytes.set([0x81, 0, vlan >> 8, vlan & 0xff], 12);
  bytes.set([type >> 8, type & 0xff], at);
  return bytes;
}

/** A switch whose clock stands still, and to whose devices frames come by `settle`. */
export class SwitchRig {
  now = 1000;
  readonly events: SwitchEvent[] = [];
  readonly network: Switch;
  readonly #acts: (() => void)[] = [];
  #count = 0;

  constructor(options: SwitchOptions = {}) {
    this.network = new Switch({ now: () => this.now, ...options });
    this.network.onEvent = (event) => this.events.push(event);
  }

  plug(options: SwitchPortOptions = {}): FakeDevice {
    return new FakeDevice(this.network.port(options), ++this.#count, (act) => this.#acts.push(act));
  }

  settle(): void {
    for (const act of this.#acts.splice(0)) act();
  }

  /** Which of `devices` a frame of `from` comes to. */
  reach(from: FakeDevice, bytes: Uint8Array, ...devices: FakeDevice[]): boolean[] {
    const before = devices.map(({ got }) => got.length);
    from.says(bytes);
    this.settle();
    return devices.map(({ got }, i) => got.length > before[i]!);
  }
}
