/** A network device with a driver's hands on it, and the test at the far end of its cable. */

import { plainInfo } from "../../../src/backend/network/segment.ts";
import type { FrameInfo } from "../../../src/backend/network/network.ts";
import type { VirtioLayout } from "../../../src/device/virtio/mmio.ts";
import { Net } from "../../../src/device/virtio/net/net.ts";
import { NetworkCounters, type NetworkLimits } from "../../../src/device/virtio/net/nic.ts";
import { FakeNetwork } from "../../support/cable.ts";
import { RAM_PA, Rig } from "./driver.ts";

export const RX = 0;
export const TX = 1;

export const OWN = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
export const OTHER = Uint8Array.of(2, 0, 0, 0, 0, 9);

/** Where the driver keeps what it sends, commands, and buffers for what it is sent. */
export const SEND_PA = RAM_PA + 0x6_0000;
const COMMAND_PA = RAM_PA + 0x9_0000;
const BUFFER_PA = RAM_PA + 0xa_0000;
const TABLE_PA = RAM_PA + 0x5_8000;

export interface NicOptions {
  readonly layout?: VirtioLayout;
  readonly pairs?: number;
  readonly mtu?: number;
  readonly link?: boolean;
  readonly limits?: NetworkLimits;
}

/** A frame from somebody to somebody, filled with what `seed` says. */
export function frame(length: number, { to = OTHER, from = OWN, seed = 1, type = 0x88b5 } = {}): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * seed + (i >> 8)) & 0xff);
  bytes.set(to);
  bytes.set(from, 6);
  bytes[12] = type >> 8;
  bytes[13] = type & 0xff;
  return bytes;
}

/** The header that goes before a frame. */
export interface FrameHeader {
  readonly flags?: number;
  readonly gso?: number;
  readonly headerBytes?: number;
  readonly segmentBytes?: number;
  readonly start?: number;
  readonly offset?: number;
}

/** The device and its driver. */
export class Nic extends Rig {
  readonly network: FakeNetwork;
  readonly model: Net;
  readonly counters: NetworkCounters;
  readonly errors: unknown[];
  headerBytes = 12;
  #buffers = 0;

  constructor({ layout = "modern", pairs = 1, mtu = 1500, link = true, limits }: NicOptions = {}) {
    const network = new FakeNetwork();
    const counters = new NetworkCounters();
    const errors: unknown[] = [];
    const onError = (error: unknown): void => void errors.push(error);
    const model = new Net({ backend: network, mac: OWN, mtu, pairs, link, limits, counters, onError });
    super(model, layout);
    this.model = model;
    this.network = network;
    this.counters = counters;
    this.errors = errors;
    model.connect((act) => this.arrivals.expect(Promise.resolve(), act));
  }

  /** Resets the device and sets it up, with all its queues. */
  begin(without: readonly number[] = [], queues = this.model.queueSizes.length): this {
    this.start({ queues, without });
    const isShort = this.layout === "legacy" && without.includes(15);
    this.headerBytes = isShort ? 10 : 12;
    this.#buffers = 0;
    return this;
  }

  /** Gives the device a buffer for what is sent to the driver. */
  lend(length: number, { pieces = 1, table = false, queue = RX } = {}): void {
    const index = this.#buffers++;
    const pa = BUFFER_PA + ((index * 0x1000) % 0x5_0000);
    const part = Math.floor(length / pieces);
    const list = Array.from({ length: pieces }, (_, i) => ({
      pa: pa + i * part,
      length: i === pieces - 1 ? length - i * part : part,
      write: true,
    }));
    this.put(list, table ? TABLE_PA + (index % 64) * 0x100 : undefined, queue);
    this.#lent.push({ pa, length });
  }

  readonly #lent: { pa: number; length: number }[] = [];

  /** What has come in the buffers that have been given back: the header, and the frame. */
  received(): { readonly header: DataView; readonly frame: Uint8Array; readonly buffers: number } | undefined {
    const parts: Uint8Array[] = [];
    let count = 1;
    for (let i = 0; i < count; i++) {
      const used = this.take(RX);
      if (used === undefined) return undefined;
      const { pa } = this.#lent.shift()!;
      const bytes = new Uint8Array(used.length);
      this.memory.read(pa, bytes);
      if (i === 0 && this.headerBytes === 12 && bytes.length >= 12)
        count = new DataView(bytes.buffer).getUint16(10, true);
      parts.push(bytes);
    }
    const all = Uint8Array.from(parts.flatMap((part) => [...part]));
    const header = new DataView(all.buffer, 0, Math.min(all.length, this.headerBytes));
    return { header, frame: all.slice(this.headerBytes), buffers: count };
  }

  /** Has the driver send a frame, which lies in `pieces` pieces. */
  transmit(
    bytes: Uint8Array,
    {
      flags = 0,
      gso = 0,
      headerBytes = 0,
      segmentBytes = 0,
      start = 0,
      offset = 0,
      pieces = 1,
      table = false,
    }: FrameHeader & { readonly pieces?: number; readonly table?: boolean } = {},
    queue = TX,
  ): void {
    const all = new Uint8Array(this.headerBytes + bytes.length);
    const view = new DataView(all.buffer);
    view.setUint8(0, flags);
    view.setUint8(1, gso);
    view.setUint16(2, headerBytes, true);
    view.setUint16(4, segmentBytes, true);
    view.setUint16(6, start, true);
    view.setUint16(8, offset, true);
    all.set(bytes, this.headerBytes);
    this.sendRaw(all, pieces, table, queue);
  }

  sendRaw(all: Uint8Array, pieces = 1, table = false, queue = TX): void {
    this.memory.write(SEND_PA, all);
    const part = Math.floor(all.length / pieces);
    const list = Array.from({ length: pieces }, (_, i) => ({
      pa: SEND_PA + i * part,
      length: i === pieces - 1 ? all.length - i * part : part,
    }));
    this.put(list, table ? TABLE_PA : undefined, queue);
    this.notify(queue);
  }

  /** Has the driver send a command; the answer. */
  command(kind: number, command: number, data: readonly number[], queue = 2): number | undefined {
    this.memory.write(COMMAND_PA, Uint8Array.of(kind, command, ...data));
    this.memory.store8(COMMAND_PA + 0x1000, 0xee);
    this.put(
      [
        { pa: COMMAND_PA, length: 2 },
        ...(data.length > 0 ? [{ pa: COMMAND_PA + 2, length: data.length }] : []),
        { pa: COMMAND_PA + 0x1000, length: 1, write: true },
      ],
      undefined,
      queue,
    );
    this.notify(queue);
    return this.take(queue) === undefined ? undefined : this.memory.load8(COMMAND_PA + 0x1000);
  }

  /** Has the network send the driver a frame. */
  deliver(bytes: Uint8Array, info: Partial<FrameInfo> = {}): boolean {
    return this.model.send(bytes, 0, bytes.length, { ...plainInfo(), ...info });
  }

  /** Whether a frame comes through to a driver that has room. */
  hears(bytes: Uint8Array): boolean {
    const before = this.counters.framesReceived;
    this.lend(2048);
    this.deliver(bytes);
    return this.counters.framesReceived > before;
  }
}
