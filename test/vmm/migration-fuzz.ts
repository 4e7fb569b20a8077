/**
 * Sources and destinations of migrations that talk nonsense in whole blocks, or leave: none does more than to be refused, a VM is there once, and
 * nothing is left behind. `npm run fuzz -- migration`.
 */

import { DEMO_GUEST, Host, type Vm, WasmvisorError } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { decodeHeader } from "../../src/snapshot/bytes.ts";
import { BlockKind, Codec, HEADER_BYTES } from "../../src/snapshot/format.ts";
import { type Block, storedBlock } from "../support/blocks.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { connection } from "../support/line.ts";

/** What one side has said. */
interface Said {
  readonly prologue: Uint8Array;
  readonly blocks: readonly Block[];
}

/** A migration that goes well. */
interface Sound {
  readonly mode: "pre" | "post";
  readonly down: Said;
  readonly up: Said;
}

const PROLOGUE_BYTES = 32;

let host: Host | undefined;
let other: Host | undefined;
let sound: readonly Sound[] | undefined;

const ALL = {
  drives: [{ source: new Uint8Array(20_000).fill(7), format: "raw" }],
  networks: [{}],
  virtioSerial: { console: true, ports: [{ name: "port" }] },
  rng: {},
  vsock: {},
  balloon: true,
} as const;

async function vmOf(host: Host, isPlain: boolean): Promise<Vm> {
  const usual = { memory: "4M", kernel: DEMO_GUEST, clock: "deterministic" } as const;
  const vm = await host.createVm(isPlain ? usual : { ...usual, ...ALL });
  vm.loop.advance(100_000);
  return vm;
}

async function makeSound(host: Host): Promise<Sound[]> {
  const made: Sound[] = [];
  for (const [isPlain, mode] of [
    [true, "pre"],
    [false, "pre"],
    [true, "post"],
    [false, "post"],
  ] as const) {
    const vm = await vmOf(host, isPlain);
    const { source, destination, down, up } = connection();
    const heard = { down: [] as Uint8Array[], up: [] as Uint8Array[] };
    down.change = (chunk) => (heard.down.push(chunk.slice()), chunk);
    up.change = (chunk) => (heard.up.push(chunk.slice()), chunk);
    const options = { compress: false, disks: "include", mode } as const;
    await Promise.all([other!.receive(destination), vm.migrateTo(source, options)]);
    made.push({ mode, down: parse(heard.down), up: parse(heard.up) });
    for (const one of [host, other!]) for (const left of [...one.vms]) await left.close();
  }
  return made;
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(pieces));
}

function parse(pieces: readonly Uint8Array[]): Said {
  const all = joined(pieces);
  const blocks: Block[] = [];
  for (let at = PROLOGUE_BYTES; at < all.length;) {
    const header = decodeHeader(all.subarray(at, at + HEADER_BYTES), blocks.length, BlockKind.LATER);
    if (header.codec !== Codec.STORED) throw new Error("the sound ones are not compressed");
    at += HEADER_BYTES;
    blocks.push({ kind: header.kind, bytes: all.slice(at, at + header.stored) });
    at += header.stored;
  }
  return { prologue: all.slice(0, PROLOGUE_BYTES), blocks };
}

const NUMBERS = [0, 1, 2, 255, 4096, 65_535, 2 ** 20, 2 ** 31, 2 ** 32 - 1];
const WORDS = [
  "hello",
  "offer",
  "accept",
  "sent",
  "still",
  "got",
  "state",
  "ready",
  "go",
  "running",
  "want",
  "no",
  "x",
];

function pick<Value>(random: Random, of: readonly Value[]): Value {
  return of[random.between(0, of.length - 1)]!;
}

function damage(blocks: Block[], random: Random): void {
  const which = random.between(0, blocks.length - 1);
  const block = blocks[which]!;
  const { bytes } = block;
  const at = random.between(0, Math.max(0, Math.min(bytes.length, 1 << random.between(3, 18)) - 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random.between(0, 8)) {
    case 0:
      blocks.splice(which, 1);
      break;
    case 1:
      blocks.splice(which, 0, { kind: block.kind, bytes: bytes.slice() });
      break;
    case 2:
      blocks.splice(which, 0, note(pick(random, WORDS), random));
      break;
    case 3:
      block.kind = random.between(BlockKind.DESCRIPTION, BlockKind.LATER);
      break;
    case 4:
      blocks[which] = { kind: block.kind, bytes: bytes.slice(0, at) };
      break;
    case 5:
      if (at + 4 <= bytes.length) view.setUint32(at, pick(random, NUMBERS), true);
      break;
    case 6: {
      const another = random.between(0, blocks.length - 1);
      [blocks[which], blocks[another]] = [blocks[another]!, block];
      break;
    }
    default:
      if (bytes.length > 0) bytes[at] = random.between(0, 255);
  }
}

function note(is: string, random: Random): Block {
  const more = pick(random, [
    {},
    { running: true },
    { page: pick(random, NUMBERS) },
    { round: 1 },
    { why: "\x1b[2J\0".repeat(3), code: "<x>" },
    { x: 1 },
  ]);
  return { kind: BlockKind.NOTE, bytes: new TextEncoder().encode(JSON.stringify({ is, ...more })) };
}

/** Says all that it has to say, whatever it is told. */
async function say(
  { readable, writable }: { readable: ReadableStream<Uint8Array>; writable: WritableStream<Uint8Array> },
  { prologue, blocks }: Said,
  random: Random,
): Promise<void> {
  void readable.pipeTo(new WritableStream()).catch(() => undefined);
  const writer = writable.getWriter();
  try {
    await writer.write(prologue);
    for (const [number, block] of blocks.entries()) await writer.write(storedBlock(block, number));
    await (random.between(0, 1) === 0 ? writer.close() : writer.abort());
  } catch {
    // The other side has heard enough.
  }
}

function expectSentence(error: unknown): void {
  if (!(error instanceof WasmvisorError)) throw error;
  if (
    !/^[A-Za-z"].*[.?]$/s.test(error.message) ||
    /NaN|undefined|\[object/.test(error.message) ||
    error.message.includes("\x1b")
  )
    throw new Error(`no sentence: ${error.message}`, { cause: error });
}

/** A destination that hears a source that talks nonsense. */
async function hostileSource(said: Said, random: Random): Promise<void> {
  const { source, destination } = connection();
  const talk = say(source, said, random);
  try {
    const engine = pick(random, ["interpreter", "tiered", "translator"] as const);
    const vm = await other!.receive(destination, { engine, memoryLimit: "8M", patience: 5000 });
    await vm.postCopy?.done.catch(expectSentence);
    if (vm.state === "exited") return;
    if (vm.state === "running") vm.pause();
    vm.loop.advance(20_000);
  } catch (error) {
    expectSentence(error);
    if (other!.vms.size > 0) throw new Error("half a VM is left", { cause: error });
  }
  await talk;
}

/** A source that hears a destination that talks nonsense. */
async function hostileDestination(said: Said, mode: Sound["mode"], random: Random): Promise<void> {
  const vm = await vmOf(host!, random.between(0, 1) === 0);
  vm.start();
  const { source, destination } = connection();
  const talk = say(destination, said, random);
  try {
    await vm.migrateTo(source, { patience: 5000, mode });
    if (vm.state !== "exited") throw new Error("it has been moved and is here");
  } catch (error) {
    expectSentence(error);
    const isUnknown = (error as WasmvisorError).code === "migration-unknown";
    if (vm.state !== (isUnknown ? "paused" : "running")) throw new Error(`it is ${vm.state}`, { cause: error });
    if (isUnknown) await vm.reclaim();
    if (vm.state !== "running") throw new Error("it does not run on", { cause: error });
  }
  await talk;
}

/** One input. Throws when it goes wrong. */
export async function fuzzMigration(seed: number): Promise<void> {
  host ??= await Host.create();
  other ??= await Host.create();
  sound ??= await makeSound(host);
  const random = new Random(seed);
  const { mode, down, up } = pick(random, sound);
  const isSource = random.between(0, 2) > 0;
  const { prologue, blocks: whole } = isSource ? down : up;
  const blocks = whole.map(({ kind, bytes }) => ({ kind, bytes: bytes.slice() }));
  for (let count = random.between(1, 3); count > 0 && blocks.length > 0; count--) damage(blocks, random);
  const own = prologue.slice();
  if (random.between(0, 15) === 0) own[random.between(0, own.length - 1)]! ^= 1 << random.between(0, 7);
  const said = { prologue: own, blocks };
  await (isSource ? hostileSource(said, random) : hostileDestination(said, mode, random));
  for (const one of [host, other]) for (const vm of [...one.vms]) await vm.close();
}

/** Runs many; prints the first that goes wrong. */
export const fuzzMigrationMany = fuzzMany("migration", fuzzMigration, "migrations: nothing but errors that say so");
