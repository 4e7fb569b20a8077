/** Stand-ins for what the board stands on. */

import { createGuestMemory } from "../../src/memory/guest-memory.ts";
import type { GuestMemory } from "../../src/memory/guest-memory.ts";

export const RAM = 0x8000_0000;
export const MIB = 1 << 20;

/** RAM of `size` bytes at 0x80000000, backed page by page on first touch, so that gibibytes cost nothing. */
export function fakeMemory(size: number): GuestMemory {
  const memory = { buffer: new ArrayBuffer(64 * 4096) };
  const frames = new Map<number, number>();
  const translate = (pa: number): number => {
    const page = Math.floor(pa / 4096);
    let frame = frames.get(page);
    if (frame === undefined) {
      frame = frames.size;
      frames.set(page, frame);
      if ((frame + 1) * 4096 > memory.buffer.byteLength) memory.buffer = grown(memory.buffer);
    }
    return frame * 4096 + (pa % 4096);
  };
  return createGuestMemory({ ramPa: RAM, ramSize: size, memory, translate });
}

function grown(old: ArrayBuffer): ArrayBuffer {
  const buffer = new ArrayBuffer(old.byteLength * 2);
  new Uint8Array(buffer).set(new Uint8Array(old));
  return buffer;
}

/** Random bytes that are all 0x5a. */
export const fakeEntropy = { fill: (into: Uint8Array): void => void into.fill(0x5a) };

/** `count` bytes from guest memory. */
export function peek(memory: GuestMemory, pa: number, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  if (!memory.read(pa, bytes)) throw new Error(`0x${pa.toString(16)} is not RAM`);
  return bytes;
}
