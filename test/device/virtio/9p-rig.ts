/** A shared folder with a driver's hands on it. */

import type { Share } from "../../../src/backend/share/share.ts";
import { Virtio9p } from "../../../src/device/virtio/9p/9p.ts";
import { Message, NO_FID, VERSION_9P2000_L } from "../../../src/device/virtio/9p/protocol.ts";
import { RAM_PA, Rig } from "./driver.ts";

const REQUEST_PA = RAM_PA + 0x4_0000;
const ANSWER_PA = RAM_PA + 0x8_0000;
export const ANSWER_BYTES = 0x1_0000;

/** An integer of so many bytes, text with its length, or bytes as they are. */
export type Part = readonly [value: number | bigint, bytes: 1 | 2 | 4 | 8] | string | Uint8Array;

/** What is answered: its type, and what follows the header. */
export interface Answer {
  readonly type: number;
  readonly body: DataView;
}

/** The bytes of a message. */
export function message(type: number, ...parts: readonly Part[]): Uint8Array {
  const bytes: number[] = [0, 0, 0, 0, type, 1, 0];
  for (const part of parts) {
    if (part instanceof Uint8Array) bytes.push(...part);
    else if (typeof part === "string") {
      const text = new TextEncoder().encode(part);
      bytes.push(text.length & 0xff, text.length >> 8, ...text);
    } else for (let i = 0; i < part[1]; i++) bytes.push(Number((BigInt(part[0]) >> BigInt(8 * i)) & 0xffn));
  }
  const all = Uint8Array.from(bytes);
  new DataView(all.buffer).setUint32(0, all.length, true);
  return all;
}

/** A driver that sends one message after another. */
export class ShareRig extends Rig {
  readonly device: Virtio9p;

  static make(share: Share, readonly = false): ShareRig {
    return new ShareRig(new Virtio9p(share, "tag", readonly));
  }

  constructor(device: Virtio9p) {
    super(device);
    this.device = device;
    this.start();
  }

  /** The answer to bytes as they are; undefined when there is none. */
  send(request: Uint8Array, answerBytes = ANSWER_BYTES): Answer | undefined {
    this.memory.write(REQUEST_PA, request);
    this.put([
      { pa: REQUEST_PA, length: request.length },
      { pa: ANSWER_PA, length: answerBytes, write: true },
    ]);
    this.notify();
    const used = this.take();
    if (used === undefined || used.length === 0) return undefined;
    const bytes = this.ram.slice(ANSWER_PA - RAM_PA, ANSWER_PA - RAM_PA + used.length);
    return { type: bytes[4]!, body: new DataView(bytes.buffer, bytes.byteOffset + 7, bytes.length - 7) };
  }

  ask(type: Message, ...parts: readonly Part[]): Answer {
    return this.send(message(type, ...parts))!;
  }

  /** Like `ask`; the number of the error, 0 for none. */
  error(type: Message, ...parts: readonly Part[]): number {
    const { type: answer, body } = this.ask(type, ...parts);
    return answer === Message.RLERROR ? body.getUint32(0, true) : 0;
  }

  /** Begins a session, whose root is fid 0. */
  attach(): void {
    this.ask(Message.VERSION, [8192, 4], VERSION_9P2000_L);
    this.ask(Message.ATTACH, [0, 4], [NO_FID, 4], "root", "", [0, 4]);
  }

  /** Walks from the root; the number of the error. */
  walk(fid: number, ...names: readonly string[]): number {
    const { type, body } = this.ask(Message.WALK, [0, 4], [fid, 4], [names.length, 2], ...names);
    if (type === Message.RLERROR) return body.getUint32(0, true);
    return body.getUint16(0, true) === names.length ? 0 : 2;
  }

  /** What is in a file that has been walked to. */
  contents(fid: number): string {
    this.ask(Message.LOPEN, [fid, 4], [0, 4]);
    const { body } = this.ask(Message.READ, [fid, 4], [0, 8], [8000, 4]);
    return new TextDecoder().decode(new Uint8Array(body.buffer, body.byteOffset + 4, body.getUint32(0, true)));
  }
}
