/** Reading a device tree blob that somebody hands in: nothing in it is believed. */

import { type ErrorCode, WasmvisorError } from "../error.ts";
import { Fdt, FdtTree } from "./fdt.ts";
import type { FdtDocument, Reservation } from "./fdt.ts";

/** Deepest nesting accepted. */
const MAX_DEPTH = 64;
/** Largest blob accepted; Linux maps no more. */
export const MAX_FDT_BYTES = 2 << 20;
const MAX_RESERVATIONS = 1024;
/** Longest name of a node or a property; the specification allows 31 characters, and more behind a node's "@". */
const MAX_NAME = 255;

/**
 * The tree of a blob.
 * @throws WasmvisorError `fdt-magic`, `fdt-version`, `fdt-truncated` or `fdt-structure`.
 */
export function parseFdt(blob: Uint8Array): FdtDocument {
  const header = parseHeader(blob);
  const root = new StructureParser(header).parse();
  return { root, reservations: parseReservations(header), bootHart: header.bootHart };
}

interface Header {
  readonly view: DataView;
  readonly bytes: Uint8Array;
  readonly reservationsAt: number;
  readonly structureAt: number;
  readonly structureEnd: number;
  readonly stringsAt: number;
  readonly stringsEnd: number;
  readonly bootHart: number;
}

function parseHeader(blob: Uint8Array): Header {
  if (blob.length < Fdt.HEADER_BYTES) throw malformed("fdt-truncated", "is shorter than its header", 0);
  const outer = new DataView(blob.buffer, blob.byteOffset, blob.length);
  if (outer.getUint32(0) !== Fdt.MAGIC) throw malformed("fdt-magic", "does not begin with the magic 0xd00dfeed", 0);
  const total = outer.getUint32(4);
  if (total > MAX_FDT_BYTES) {
    throw malformed("fdt-truncated", `says it has ${total} bytes, but no kernel takes more than ${MAX_FDT_BYTES}`, 4);
  }
  if (total > blob.length || total < Fdt.HEADER_BYTES) {
    throw malformed("fdt-truncated", `says it has ${total} bytes, but there are ${blob.length}`, 4);
  }
  const version = outer.getUint32(20);
  if (version < Fdt.VERSION || outer.getUint32(24) > Fdt.VERSION) {
    throw malformed("fdt-version", `has version ${version}; only version 17 is understood`, 20);
  }
  const [structureAt, stringsAt, reservationsAt] = [outer.getUint32(8), outer.getUint32(12), outer.getUint32(16)];
  const structureEnd = structureAt + outer.getUint32(36);
  const stringsEnd = stringsAt + outer.getUint32(32);
  if (structureEnd > total || stringsEnd > total || reservationsAt > total) {
    throw malformed("fdt-truncated", "has a block that reaches beyond its end", 8);
  }
  if (structureAt % 4 !== 0 || reservationsAt % 8 !== 0) {
    throw malformed("fdt-structure", "has a block that is not aligned", 8);
  }
  const bytes = blob.subarray(0, total);
  const view = new DataView(blob.buffer, blob.byteOffset, total);
  const bootHart = outer.getUint32(28);
  return { view, bytes, reservationsAt, structureAt, structureEnd, stringsAt, stringsEnd, bootHart };
}

function parseReservations({ view, reservationsAt }: Header): Reservation[] {
  const reservations: Reservation[] = [];
  for (let at = reservationsAt; at + 16 <= view.byteLength; at += 16) {
    const [pa, size] = [view.getBigUint64(at), view.getBigUint64(at + 8)];
    if (pa === 0n && size === 0n) return reservations;
    reservations.push({ pa, size });
    if (reservations.length > MAX_RESERVATIONS) break;
  }
  throw malformed("fdt-structure", "has no end to its memory reservations", reservationsAt);
}

/**
 * Walks the structure block token by token, with a stack instead of recursion. Names may overlap in the strings block, so
 * that a small blob can have many long ones: what is kept of them altogether is no more than a blob may have.
 */
class StructureParser {
  private readonly header: Header;
  private at: number;
  private readonly names = new Map<number, string>();
  private nameBytes = 0;
  private readonly stack: FdtTree[] = [];
  private root: FdtTree | undefined;

  constructor(header: Header) {
    this.header = header;
    this.at = header.structureAt;
  }

  parse(): FdtTree {
    while (this.token()) continue;
    if (this.root === undefined || this.stack.length > 0) throw this.wrong("ends inside a node");
    return this.root;
  }

  /** One token; false after the last. */
  private token(): boolean {
    switch (this.word()) {
      case Fdt.BEGIN_NODE:
        this.begin();
        return true;
      case Fdt.END_NODE:
        if (this.stack.pop() === undefined) throw this.wrong("ends a node that never began");
        return true;
      case Fdt.PROP:
        this.property();
        return true;
      case Fdt.NOP:
        return true;
      case Fdt.END:
        return false;
      default:
        throw this.wrong("has an unknown token");
    }
  }

  private begin(): void {
    const name = this.string(this.at, this.header.structureEnd);
    this.skip(name.length + 1);
    const parent = this.stack.at(-1);
    if (parent === undefined && this.root !== undefined) throw this.wrong("has a second root");
    if (this.stack.length >= MAX_DEPTH) throw this.wrong(`is nested deeper than ${MAX_DEPTH} nodes`);
    const node = parent === undefined ? (this.root = new FdtTree(name)) : parent.node(name);
    this.stack.push(node);
  }

  private property(): void {
    const length = this.word();
    const nameAt = this.header.stringsAt + this.word();
    const node = this.stack.at(-1);
    if (node === undefined) throw this.wrong("has a property outside any node");
    if (length > this.header.structureEnd - this.at) throw this.wrong("has a property that reaches beyond its end");
    if (nameAt >= this.header.stringsEnd) throw this.wrong("has a property without a name");
    node.bytes(this.propertyName(nameAt), this.header.bytes.slice(this.at, this.at + length));
    this.skip(length);
  }

  private propertyName(at: number): string {
    const known = this.names.get(at);
    if (known !== undefined) return known;
    const name = this.string(at, this.header.stringsEnd);
    this.nameBytes += name.length;
    if (this.nameBytes > MAX_FDT_BYTES) throw this.wrong("has more names than any device tree needs");
    this.names.set(at, name);
    return name;
  }

  private word(): number {
    if (this.at + 4 > this.header.structureEnd) throw this.wrong("stops in the middle");
    const word = this.header.view.getUint32(this.at);
    this.at += 4;
    return word;
  }

  /** Moves on by `count` bytes and up to a multiple of four. */
  private skip(count: number): void {
    this.at += (count + 3) & ~3;
  }

  /** A NUL-terminated name that must end before `end`; one character for each byte. */
  private string(from: number, end: number): string {
    const window = this.header.bytes.subarray(from, Math.min(end, from + MAX_NAME + 1));
    const length = window.indexOf(0);
    if (length >= 0) return String.fromCharCode(...window.subarray(0, length));
    throw this.wrong(
      window.length > MAX_NAME ? `has a name of more than ${MAX_NAME} bytes` : "has a name without an end",
    );
  }

  private wrong(what: string): WasmvisorError {
    return malformed("fdt-structure", what, this.at);
  }
}

function malformed(code: ErrorCode, what: string, offset: number): WasmvisorError {
  return new WasmvisorError(code, `The device tree blob ${what}; check it with "dtc -I dtb -O dts".`, { offset });
}
