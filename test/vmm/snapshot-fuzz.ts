/**
 * Snapshots whose blocks are whole and say what makes no sense: each is refused in a sentence, or makes a VM that runs, and nothing is left behind.
 * `npm run fuzz -- snapshot`.
 */

import { DEMO_GUEST, Host, WasmvisorError } from "../../src/index.ts";
import { Random } from "../../src/isa/random/values.ts";
import { decodeHeader } from "../../src/snapshot/bytes.ts";
import { BlockKind, HEADER_BYTES, PROLOGUE_BYTES } from "../../src/snapshot/format.ts";
import { type Block, storedBlock } from "../support/blocks.ts";
import { fuzzMany } from "../support/fuzz-many.ts";

interface Sound {
  readonly prologue: Uint8Array;
  readonly blocks: readonly Block[];
}

let host: Host | undefined;
let sound: readonly Sound[] | undefined;

const bytesOf = async (stream: ReadableStream<Uint8Array>): Promise<Uint8Array> =>
  new Uint8Array(await new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>).arrayBuffer());

/** Two VMs: a plain one, and one with every kind of device. */
async function makeSound(host: Host): Promise<Sound[]> {
  const usual = { memory: "4M", kernel: DEMO_GUEST, clock: "deterministic" } as const;
  const all = {
    drives: [{ source: new Uint8Array(20_000).fill(7), format: "raw", snapshot: true }],
    networks: [{}],
    virtioSerial: { console: true, ports: [{ name: "port" }] },
    rng: {},
    vsock: {},
    balloon: true,
  } as const;
  const made: Sound[] = [];
  for (const more of [{}, all]) {
    const vm = await host.createVm({ ...usual, ...more });
    vm.loop.advance(300_000);
    made.push(parse(await bytesOf(vm.snapshot({ compress: false, disks: "include" }))));
    vm.destroy();
  }
  return made;
}

function parse(file: Uint8Array): Sound {
  const blocks: Block[] = [];
  for (let at = PROLOGUE_BYTES; at < file.length;) {
    const { kind, stored } = decodeHeader(file.subarray(at, at + HEADER_BYTES), blocks.length);
    blocks.push({ kind, bytes: file.slice(at + HEADER_BYTES, at + HEADER_BYTES + stored) });
    at += HEADER_BYTES + stored;
  }
  return { prologue: file.slice(0, PROLOGUE_BYTES), blocks };
}

/** The file again, with sums, and with an end that fits. */
function write({ prologue, blocks }: Sound): Uint8Array {
  const pieces: Uint8Array[] = [prologue];
  let at = prologue.length;
  let index = { offset: 0, number: 0 };
  for (const [number, { kind, bytes }] of blocks.entries()) {
    if (kind === BlockKind.INDEX && index.offset === 0) index = { offset: at, number };
    if (kind === BlockKind.END && bytes.length === 16) {
      const view = new DataView(bytes.buffer);
      view.setBigUint64(0, BigInt(index.offset), true);
      view.setUint32(8, index.number, true);
      view.setUint32(12, blocks.length, true);
    }
    pieces.push(storedBlock({ kind, bytes }, number));
    at += HEADER_BYTES + bytes.length;
  }
  const file = new Uint8Array(at);
  let done = 0;
  for (const piece of pieces) {
    file.set(piece, done);
    done += piece.length;
  }
  return file;
}

const NUMBERS = [0, 1, 2, 255, 256, 4095, 4096, 65_535, 2 ** 20, 2 ** 31, 2 ** 32 - 1];

function damage(blocks: Block[], random: Random): void {
  const index = blocks.findIndex(({ kind }) => kind === BlockKind.INDEX);
  const which = index >= 0 && random.between(0, 3) === 0 ? index : random.between(0, blocks.length - 1);
  const block = blocks[which]!;
  const { bytes } = block;
  const at = random.between(0, Math.max(0, Math.min(bytes.length, 1 << random.between(3, 20)) - 1));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (random.between(0, 9)) {
    case 0:
      blocks.splice(which, 1);
      break;
    case 1:
      blocks.splice(which, 0, { kind: block.kind, bytes: bytes.slice() });
      break;
    case 2:
      blocks[which] = { kind: block.kind, bytes: bytes.slice(0, at) };
      break;
    case 3:
      block.kind = random.between(BlockKind.DESCRIPTION, BlockKind.END);
      break;
    case 4:
    case 5:
      if (at + 4 <= bytes.length) view.setUint32(at, NUMBERS[random.between(0, NUMBERS.length - 1)]!, true);
      break;
    case 6:
      if (at + 8 <= bytes.length) view.setBigUint64(at, BigInt.asUintN(64, random.bits64()), true);
      break;
    default:
      if (bytes.length > 0) bytes[at] = random.between(0, 255);
  }
}

/** A number or word of the description that is another one. */
function damageDescription(block: Block, random: Random): void {
  const text = new TextDecoder().decode(block.bytes);
  const values = [...text.matchAll(/:(-?\d+|"[^"]*"|true|false)/g)];
  if (values.length === 0) return;
  const value = values[random.between(0, values.length - 1)]!;
  const others = [
    "0",
    "-1",
    "1e300",
    "4294967296",
    "1048576",
    "3",
    '"x"',
    "null",
    "[]",
    "{}",
    "true",
    '"whole"',
    '"same"',
  ];
  const other = others[random.between(0, others.length - 1)]!;
  const changed = `${text.slice(0, value.index + 1)}${other}${text.slice(value.index + value[0].length)}`;
  block.bytes = new TextEncoder().encode(changed);
}

function expectSentence(error: unknown): void {
  if (!(error instanceof WasmvisorError)) throw error;
  if (!/^[A-Z"].*\.$/s.test(error.message) || /NaN|undefined|\[object/.test(error.message))
    throw new Error(`no sentence: ${error.message}`, { cause: error });
}

/** One input. Throws when it goes wrong. */
export async function fuzzSnapshot(seed: number): Promise<void> {
  host ??= await Host.create();
  sound ??= await makeSound(host);
  const random = new Random(seed);
  const { prologue, blocks: whole } = sound[random.between(0, sound.length - 1)]!;
  const blocks = whole.map(({ kind, bytes }) => ({ kind, bytes: bytes.slice() }));
  for (let count = random.between(1, 4); count > 0; count--) {
    if (blocks.length > 0 && blocks[0]!.kind === BlockKind.DESCRIPTION && random.between(0, 2) === 0)
      damageDescription(blocks[0]!, random);
    else if (blocks.length > 0) damage(blocks, random);
  }
  try {
    const engine = (["interpreter", "tiered", "translator"] as const)[random.between(0, 2)]!;
    const lazy = random.between(0, 1) === 1 && { background: false };
    const vm = await host.restore(write({ prologue, blocks }), { engine, memoryLimit: "8M", lazy });
    vm.loop.advance(20_000);
    await vm.lazyRestore?.fetchAll().catch(expectSentence);
  } catch (error) {
    expectSentence(error);
    if (host.vms.size > 0) throw new Error("half a VM is left", { cause: error });
  }
  for (const vm of [...host.vms]) await vm.close();
}

/** Runs many; prints the first that goes wrong. */
export const fuzzSnapshotMany = fuzzMany("snapshot", fuzzSnapshot, "snapshots: nothing but errors that say so");
