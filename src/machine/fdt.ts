/**
 * The tree of a device tree blob, and writing it out. (Devicetree Specification, "Flattened Devicetree (DTB) Format")
 *
 * ```
 *  header (40 bytes, big-endian words) | memory reservation block | structure block | strings block
 * ```
 */

import type { FdtNode } from "../device/device.ts";

/** Words of the format. */
export enum Fdt {
  MAGIC = 0xd00dfeed,
  VERSION = 17,
  LAST_COMPATIBLE = 16,
  HEADER_BYTES = 40,
  BEGIN_NODE = 1,
  END_NODE = 2,
  PROP = 3,
  NOP = 4,
  END = 9,
}

/** A range of memory that the kernel must leave alone. */
export interface Reservation {
  readonly pa: bigint;
  readonly size: bigint;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** One node: properties in order, then children in order. */
export class FdtTree implements FdtNode {
  readonly name: string;
  readonly properties = new Map<string, Uint8Array>();
  readonly children: FdtTree[] = [];

  constructor(name = "") {
    this.name = name;
  }

  node(name: string): FdtTree {
    const child = new FdtTree(name);
    this.children.push(child);
    return child;
  }

  cells(name: string, ...values: number[]): this {
    const bytes = new Uint8Array(values.length * 4);
    const view = new DataView(bytes.buffer);
    values.forEach((value, index) => view.setUint32(index * 4, value));
    return this.bytes(name, bytes);
  }

  cells64(name: string, ...values: (number | bigint)[]): this {
    const bytes = new Uint8Array(values.length * 8);
    const view = new DataView(bytes.buffer);
    values.forEach((value, index) => view.setBigUint64(index * 8, BigInt(value)));
    return this.bytes(name, bytes);
  }

  strings(name: string, ...values: string[]): this {
    return this.bytes(name, encoder.encode(values.map((value) => `${value}\0`).join("")));
  }

  flag(name: string): this {
    return this.bytes(name, new Uint8Array(0));
  }

  bytes(name: string, value: Uint8Array): this {
    this.properties.set(name, value);
    return this;
  }

  /** The child of that name, with or without its unit address. */
  child(name: string): FdtTree | undefined {
    return this.children.find((child) => child.name === name || child.name.split("@")[0] === name);
  }

  /** The node at a path such as `/soc/serial@10000000`. */
  find(path: string): FdtTree | undefined {
    const names = path.split("/").filter((name) => name !== "");
    return names.reduce<FdtTree | undefined>((node, name) => node?.child(name), this);
  }

  /** The 32-bit cells of a property, or undefined when it is missing or not made of whole cells. */
  getCells(name: string): number[] | undefined {
    const bytes = this.properties.get(name);
    if (bytes === undefined || bytes.length % 4 !== 0) return undefined;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    return Array.from({ length: bytes.length / 4 }, (_, index) => view.getUint32(index * 4));
  }

  /** The strings of a property, or undefined when it is missing. */
  getStrings(name: string): string[] | undefined {
    const bytes = this.properties.get(name);
    return bytes === undefined ? undefined : decoder.decode(bytes).replace(/\0$/, "").split("\0");
  }
}

/** A whole blob. */
export interface FdtDocument {
  readonly root: FdtTree;
  readonly reservations: readonly Reservation[];
  readonly bootHart: number;
}

/** Writes version 17. `room` bytes behind the strings belong to the blob, too, and are free. */
export function encodeFdt(document: FdtDocument, room = 0): Uint8Array {
  const strings = new StringTable();
  const structure = new Words();
  encodeNode(document.root, structure, strings);
  structure.word(Fdt.END);
  const reserved = encodeReservations(document.reservations);
  const structureAt = Fdt.HEADER_BYTES + reserved.length;
  const stringsAt = structureAt + structure.length;
  const header = new Words();
  const total = stringsAt + strings.length + room;
  for (const word of [Fdt.MAGIC, total, structureAt, stringsAt, Fdt.HEADER_BYTES, Fdt.VERSION]) header.word(word);
  for (const word of [Fdt.LAST_COMPATIBLE, document.bootHart, strings.length, structure.length]) header.word(word);
  const blob = new Uint8Array(total);
  blob.set(header.take());
  blob.set(reserved, Fdt.HEADER_BYTES);
  blob.set(structure.take(), structureAt);
  blob.set(strings.take(), stringsAt);
  return blob;
}

function encodeNode(node: FdtTree, out: Words, strings: StringTable): void {
  out.word(Fdt.BEGIN_NODE);
  out.padded(encoder.encode(`${node.name}\0`));
  for (const [name, value] of node.properties) {
    out.word(Fdt.PROP);
    out.word(value.length);
    out.word(strings.offset(name));
    out.padded(value);
  }
  for (const child of node.children) encodeNode(child, out, strings);
  out.word(Fdt.END_NODE);
}

function encodeReservations(reservations: readonly Reservation[]): Uint8Array {
  const bytes = new Uint8Array((reservations.length + 1) * 16);
  const view = new DataView(bytes.buffer);
  reservations.forEach(({ pa, size }, index) => {
    view.setBigUint64(index * 16, pa);
    view.setBigUint64(index * 16 + 8, size);
  });
  return bytes;
}

/** A growing run of big-endian words. */
class Words {
  length = 0;
  private bytes = new Uint8Array(1024);

  word(value: number): void {
    this.reserve(4);
    new DataView(this.bytes.buffer).setUint32(this.length, value);
    this.length += 4;
  }

  /** Bytes, then zeros up to a multiple of four. */
  padded(value: Uint8Array): void {
    const room = (value.length + 3) & ~3;
    this.reserve(room);
    this.bytes.set(value, this.length);
    this.length += room;
  }

  take(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  private reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const bytes = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    bytes.set(this.bytes);
    this.bytes = bytes;
  }
}

/** Property names, each stored once. */
class StringTable {
  length = 0;
  private readonly offsets = new Map<string, number>();

  offset(name: string): number {
    const known = this.offsets.get(name);
    if (known !== undefined) return known;
    const offset = this.length;
    this.offsets.set(name, offset);
    this.length += encoder.encode(name).length + 1;
    return offset;
  }

  take(): Uint8Array {
    return encoder.encode([...this.offsets.keys()].map((name) => `${name}\0`).join(""));
  }
}
