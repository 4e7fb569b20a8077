/** A socket device with a driver's hands on it: packets in, packets out. */

import type { VirtioHost } from "../../../src/device/virtio/model.ts";
import { Queue, type Chain, type QueuePosition } from "../../../src/device/virtio/queue.ts";
import type { VsockConnection, VsockEnd } from "../../../src/device/virtio/vsock/connection.ts";
import { Header, HEADER_BYTES, HOST_CID, type VsockOp } from "../../../src/device/virtio/vsock/protocol.ts";
import { Vsock } from "../../../src/device/virtio/vsock/vsock.ts";
import { RAM_PA, Rig } from "./driver.ts";

export const GUEST_CID = 3;
const TX_PA = RAM_PA + 0x4_0000;
const RX_PA = RAM_PA + 0x8_0000;
const EVENT_PA = RAM_PA + 0xf_0000;
const RX_BYTES = 0x1000;

/** A queue in the test's hands: chains are put in and taken out without rings. */
class FakeQueue extends Queue {
  readonly waiting: { readonly pa: number; readonly length: number; readonly write: boolean }[] = [];
  readonly used: { readonly pa: number; readonly written: number }[] = [];
  position: QueuePosition = { next: 0, nextWrap: true, used: 0, usedWrap: true, told: 0, isTold: false, inFlight: [] };
  readonly #pas = new Map<number, number>();
  #next = 0;

  mustInterrupt(): boolean {
    return false;
  }
  askNotification(): void {}
  protected get areas(): readonly [] {
    return [];
  }
  protected isAvailable(): boolean {
    return this.waiting.length > 0;
  }
  protected readNext(chain: Chain): boolean {
    const { pa, length, write } = this.waiting.shift()!;
    chain.position = this.#next++ % this.setup.size;
    this.#pas.set(chain.position, pa);
    (write ? chain.writable : chain.readable).add(pa, length);
    return true;
  }
  protected unread(): void {}
  protected readAt(): boolean {
    return false;
  }
  protected give(chain: Chain, written: number): void {
    this.used.push({ pa: this.#pas.get(chain.position)!, written });
  }
}

export interface Packet {
  readonly op: VsockOp;
  readonly hostPort: number;
  readonly guestPort: number;
  readonly flags: number;
  readonly alloc: number;
  readonly forwarded: number;
  readonly data: string;
}

/** A host's end that remembers what it was told. */
export class FakeEnd implements VsockEnd {
  readonly log: string[] = [];
  opened(): void {
    this.log.push("opened");
  }
  data(bytes: Uint8Array): void {
    this.log.push(`data ${new TextDecoder().decode(bytes)}`);
  }
  ended(): void {
    this.log.push("ended");
  }
  room(): void {}
  closed(): void {
    this.log.push("closed");
  }
}

export class VsockRig {
  readonly rig: Rig;
  readonly device: Vsock;
  /** What listens, by port. */
  readonly ends = new Map<number, VsockEnd>();
  /** What is asked for an end, by port. */
  readonly accepts = new Map<number, () => VsockEnd | undefined>();
  readonly accepted: VsockConnection[] = [];
  readonly #rx: FakeQueue;
  readonly #tx: FakeQueue;
  readonly event: FakeQueue;
  #slot = 0;

  constructor() {
    this.device = new Vsock(GUEST_CID, (port) => this.accepts.get(port)?.() ?? this.ends.get(port));
    this.device.onAccepted = (connection) => this.accepted.push(connection);
    this.rig = new Rig(this.device);
    const setup = { size: 128, desc: RAM_PA, driver: RAM_PA, device: RAM_PA, indirect: false, eventIndex: false };
    const queue = (): FakeQueue => new FakeQueue(this.rig.memory, setup);
    [this.#rx, this.#tx, this.event] = [queue(), queue(), queue()];
    const host: VirtioHost = {
      ...{ memory: this.rig.memory, clock: this.rig.clock, entropy: this.rig.entropy, arrivals: this.rig.arrivals },
      ...{ interrupt: () => undefined, configChanged: () => undefined, needsReset: () => undefined },
      isLate: () => false,
    };
    this.device.begin(host, 1n, [this.#rx, this.#tx, this.event]);
  }

  /** Buffers for packets to the guest. */
  offer(count = 16): void {
    for (let i = 0; i < count; i++) {
      this.#rx.waiting.push({ pa: RX_PA + (this.#slot++ % 64) * RX_BYTES, length: RX_BYTES, write: true });
    }
    this.device.notify(0);
  }

  offerEvent(): void {
    this.event.waiting.push({ pa: EVENT_PA, length: 4, write: true });
    this.device.notify(2);
  }

  /** Sends a packet of the guest's. */
  send(
    op: VsockOp,
    hostPort: number,
    guestPort: number,
    more: Partial<Record<"flags" | "alloc" | "forwarded" | "type" | "length" | "cid", number>> & { data?: string } = {},
  ): void {
    const data = new TextEncoder().encode(more.data ?? "");
    const bytes = new Uint8Array(HEADER_BYTES + data.length);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(Header.SRC_CID, BigInt(more.cid ?? GUEST_CID), true);
    view.setBigUint64(Header.DST_CID, BigInt(HOST_CID), true);
    view.setUint32(Header.SRC_PORT, guestPort, true);
    view.setUint32(Header.DST_PORT, hostPort, true);
    view.setUint32(Header.LEN, more.length ?? data.length, true);
    view.setUint16(Header.TYPE, more.type ?? 1, true);
    view.setUint16(Header.OP, op, true);
    view.setUint32(Header.FLAGS, more.flags ?? 0, true);
    view.setUint32(Header.BUF_ALLOC, more.alloc ?? 65_536, true);
    view.setUint32(Header.FWD_CNT, more.forwarded ?? 0, true);
    bytes.set(data, HEADER_BYTES);
    this.raw(bytes);
  }

  raw(bytes: Uint8Array): void {
    this.rig.memory.write(TX_PA, bytes);
    this.#tx.waiting.push({ pa: TX_PA, length: bytes.length, write: false });
    this.device.notify(1);
  }

  /** Packets that the guest has got since the last call. */
  got(): Packet[] {
    return this.#rx.used.splice(0).map(({ pa, written }) => {
      const bytes = this.rig.ram.slice(pa - RAM_PA, pa - RAM_PA + written);
      const view = new DataView(bytes.buffer);
      return {
        op: view.getUint16(Header.OP, true),
        hostPort: view.getUint32(Header.SRC_PORT, true),
        guestPort: view.getUint32(Header.DST_PORT, true),
        flags: view.getUint32(Header.FLAGS, true),
        alloc: view.getUint32(Header.BUF_ALLOC, true),
        forwarded: view.getUint32(Header.FWD_CNT, true),
        data: new TextDecoder().decode(bytes.subarray(HEADER_BYTES)),
      };
    });
  }
}
