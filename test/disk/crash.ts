/** Images after a crash: everything that was flushed is there, and the tables have leaks at most. */

import type { BlockBackend, Done } from "../../src/backend/block/block.ts";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { hostCodec } from "../../src/disk/codec.ts";
import { createQcow2, type Qcow2Layout } from "../../src/disk/qcow2/create.ts";
import { Qcow2 } from "../../src/disk/qcow2/qcow2.ts";

/** What happens to a file, and what the disk in it is told, in the order in which it happens. */
type Event =
  | { readonly kind: "write"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "resize"; readonly size: number }
  | { readonly kind: "barrier" }
  | { readonly kind: "block"; readonly block: number; readonly stamp: number }
  | { readonly kind: "flushed"; readonly events: number };

/** A file in memory that remembers what happened to it. */
class Recorder implements BlockBackend {
  readonly #inner: MemoryBlock;
  readonly events: Event[] = [];
  readonly readonly = false;
  readonly synchronous = true;

  constructor(inner: MemoryBlock) {
    this.#inner = inner;
  }
  get size(): number {
    return this.#inner.size;
  }
  get info() {
    return this.#inner.info;
  }
  read(at: number, into: Uint8Array): Done {
    return this.#inner.read(at, into);
  }
  write(at: number, from: Uint8Array): Done {
    this.events.push({ kind: "write", at, bytes: from.slice() });
    return this.#inner.write(at, from);
  }
  /** As a file's: it takes a while, and other writes come in between. */
  async flush(): Promise<void> {
    const { length } = this.events;
    await Promise.resolve();
    this.events.splice(length, 0, { kind: "barrier" });
  }
  flushNow(): void {
    this.events.push({ kind: "barrier" });
  }
  resize(size: number): Done {
    this.events.push({ kind: "resize", size });
    return this.#inner.resize(size);
  }
  close(): Promise<void> {
    return Promise.resolve();
  }
}

const BLOCK = 4096;

/** What a crash leaves: all until then (`kill`), or what came after the last barrier in part (`power`). */
export type CrashKind = "kill" | "power";

/** A generator of numbers below a bound, from a seed. */
export function random(seed: number): (below: number) => number {
  let state = (seed * 2_654_435_761) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const LAYOUTS: readonly Omit<Qcow2Layout, "size">[] = [
  {},
  { clusterBytes: 512 },
  { clusterBytes: 4096, refcountBits: 1 },
  { clusterBytes: 1024, version: 2 },
  { clusterBytes: 8192, refcountBits: 64 },
];

/**
 * Runs a random load on an image, and looks at what crashes at some moments of it leave.
 * @returns how many crashes it looked at
 * @throws Error that says what was wrong
 */
export async function crashes(seed: number, points: number): Promise<number> {
  const next = random(seed);
  const layout = LAYOUTS[next(LAYOUTS.length)]!;
  const size = 2 ** 20 * (1 + next(12));
  const backing = next(2) === 0 ? undefined : new Uint8Array(size).fill(0xee);
  const first = new MemoryBlock(0);
  await createQcow2(first, { ...layout, size });
  const start = new Uint8Array(first.size);
  first.read(0, start);
  const file = new Recorder(first);
  await load(file, size, backing, next);
  for (let point = 0; point < points; point++) {
    const kind: CrashKind = next(2) === 0 ? "kill" : "power";
    const end = next(file.events.length + 1);
    const left = leave(start, file.events, end, kind, next);
    await verify(
      left,
      file.events.slice(0, end),
      size,
      backing,
      `seed ${seed}, ${kind} after ${end} of ${file.events.length}`,
    );
  }
  return points;
}

const openIt = (file: BlockBackend, backing: Uint8Array | undefined, readonly = false) =>
  Qcow2.open(file, {
    codec: hostCodec,
    readonly,
    ...(backing === undefined ? {} : { backing: new MemoryBlock(backing, { readonly: true }) }),
  });

/** Writes, zeros, discards, grows, and flushes; some flushes are not waited for. */
async function load(
  file: Recorder,
  size: number,
  backing: Uint8Array | undefined,
  next: (below: number) => number,
): Promise<void> {
  const disk = await openIt(file, backing);
  const blocks = size / BLOCK;
  const flushing: Promise<void>[] = [];
  const { events } = file;
  for (let step = 1; step <= 150; step++) {
    const block = next(blocks);
    const count = Math.min(blocks - block, 1 + next(next(4) === 0 ? 40 : 3));
    const what = next(12);
    if (what < 7) {
      for (let index = 0; index < count; index++) {
        events.push({ kind: "block", block: block + index, stamp: step });
      }
      await disk.write(block * BLOCK, new Uint8Array(count * BLOCK).fill(step));
    } else if (what < 9) {
      for (let index = 0; index < count; index++) events.push({ kind: "block", block: block + index, stamp: 0 });
      await disk.writeZeroes(block * BLOCK, count * BLOCK, what === 7);
    } else if (what === 9) {
      // Bytes that are discarded may be either; what they are is known afterwards.
      for (let index = 0; index < count; index++) events.push({ kind: "block", block: block + index, stamp: 0 });
      await disk.discard(block * BLOCK, count * BLOCK);
      const byte = new Uint8Array(1);
      for (let index = 0; index < count; index++) {
        await disk.read((block + index) * BLOCK, byte);
        events.push({ kind: "block", block: block + index, stamp: byte[0]! });
      }
    } else {
      const until = events.length;
      const flushed = Promise.resolve(disk.flush()).then(() => void events.push({ kind: "flushed", events: until }));
      flushing.push(flushed);
      if (what === 10) await flushed;
    }
  }
  await Promise.all(flushing);
  await disk.close();
}

/** The file as it is found after a crash behind some of the events. */
function leave(
  start: Uint8Array,
  events: readonly Event[],
  end: number,
  kind: CrashKind,
  next: (below: number) => number,
): MemoryBlock {
  const file = new MemoryBlock(start);
  const barrier = kind === "kill" ? end : events.slice(0, end).findLastIndex((event) => event.kind === "barrier");
  for (const [index, event] of events.slice(0, end).entries()) {
    if (event.kind === "resize") file.resize(event.size);
    else if (event.kind === "write" && (index <= barrier || next(2) === 0)) file.write(event.at, event.bytes);
  }
  return file;
}

const blocks = new Map<number, Uint8Array>();

/** A block full of one byte. */
function filled(byte: number): Uint8Array {
  const block = blocks.get(byte) ?? new Uint8Array(BLOCK).fill(byte);
  blocks.set(byte, block);
  return block;
}

async function verify(
  file: MemoryBlock,
  events: readonly Event[],
  size: number,
  backing: Uint8Array | undefined,
  where: string,
): Promise<void> {
  const disk = await openIt(file, backing, true);
  const { corruptions, findings } = await disk.check();
  if (corruptions > 0)
    throw new Error(
      `${where}: ${findings
        .filter((finding) => finding.startsWith("ERROR"))
        .slice(0, 5)
        .join("; ")}`,
    );
  const lastFlush = events.findLast((event) => event.kind === "flushed");
  const safe = lastFlush === undefined ? 0 : lastFlush.events;
  const allowed = Array.from({ length: size / BLOCK }, () => [backing === undefined ? 0 : 0xee]);
  for (const [index, event] of events.entries()) {
    if (event.kind !== "block") continue;
    if (index < safe) allowed[event.block] = [event.stamp];
    else allowed[event.block]!.push(event.stamp);
  }
  const bytes = new Uint8Array(BLOCK);
  for (const [block, stamps] of allowed.entries()) {
    await disk.read(block * BLOCK, bytes);
    if (stamps.some((stamp) => Buffer.compare(bytes, filled(stamp)) === 0)) continue;
    // A block of several clusters may be written in part, after the last flush.
    const wrong = bytes.find((byte) => !stamps.includes(byte));
    if (wrong !== undefined) throw new Error(`${where}: block ${block} has ${wrong}, not ${stamps.join(" or ")}`);
  }
  await disk.close();
}
