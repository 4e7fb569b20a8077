/** The header of a qcow2 image, as bytes and as fields (QEMU, docs/interop/qcow2.txt: "Header", "Header extensions"). */

import { MOST_BYTES } from "../../backend/block/range.ts";
import { damaged, imageError, lacking } from "../error.ts";

export const MAGIC = 0x51_46_49_fb;

/** Where fields lie that are changed in place. */
export const HeaderOffset = {
  BACKING_FILE: 8,
  BACKING_FILE_END: 20,
  SIZE: 24,
  L1_SIZE: 36,
  REFCOUNT_TABLE: 48,
  INCOMPATIBLE: 72,
  AUTOCLEAR: 88,
} as const;

export const Incompatible = { DIRTY: 1, CORRUPT: 2, EXTERNAL_DATA: 4, COMPRESSION: 8, EXTENDED_L2: 16 } as const;
export const Compatible = { LAZY_REFCOUNTS: 1 } as const;

/** How compressed clusters are compressed. */
export type Compression = "zlib" | "zstd";

/** A part of the header that a reader may not know. */
export interface Extension {
  readonly type: number;
  readonly bytes: Uint8Array;
}

export const ExtensionType = {
  END: 0,
  BACKING_FORMAT: 0xe2_79_2a_ca,
  FEATURE_NAMES: 0x68_03_f8_57,
  BITMAPS: 0x23_85_28_75,
  ENCRYPTION: 0x05_37_be_77,
  EXTERNAL_DATA: 0x44_41_54_41,
} as const;

/** The fields. Offsets and sizes are bytes. */
export interface Header {
  readonly version: 2 | 3;
  readonly clusterBits: number;
  readonly size: number;
  /** Entries. */
  readonly l1Size: number;
  readonly l1Offset: number;
  readonly refcountTableOffset: number;
  readonly refcountTableClusters: number;
  readonly snapshotCount: number;
  readonly snapshotsOffset: number;
  /** Low 32 bits; the high ones are refused. */
  readonly incompatible: number;
  readonly compatible: number;
  readonly autoclear: number;
  /** The logarithm of the bits of a reference count. */
  readonly refcountOrder: number;
  readonly headerLength: number;
  readonly compression: Compression;
  readonly backingFile?: string;
  readonly backingFormat?: string;
  readonly extensions: readonly Extension[];
}

const V2_LENGTH = 72;
const V3_LENGTH = 104;
const MOST_L1_BYTES = 2 ** 25;
const MOST_REFCOUNT_TABLE_BYTES = 2 ** 23;
const MOST_SNAPSHOTS = 65_536;
const MOST_NAME = 1023;

/** As many bytes as the header can have. */
export const MOST_HEADER_BYTES = 2 ** 21;

/** Names of the features, for readers that do not know them. */
const FEATURES: readonly (readonly [kind: number, bit: number, name: string])[] = [
  [0, 0, "dirty bit"],
  [0, 1, "corrupt bit"],
  [0, 2, "external data file"],
  [0, 3, "compression type"],
  [0, 4, "extended L2 entries"],
  [1, 0, "lazy refcounts"],
  [2, 0, "bitmaps"],
  [2, 1, "raw external data"],
];

/** Whether bytes begin as a qcow2 image does. */
export function isQcow2(bytes: Uint8Array): boolean {
  return bytes.length >= 8 && viewOf(bytes).getUint32(0) === MAGIC;
}

/** A DataView of the same bytes. */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A field of 64 bits that is an offset or a size. */
function large(view: DataView, at: number, what: string): number {
  const value = view.getUint32(at) * 2 ** 32 + view.getUint32(at + 4);
  if (value > MOST_BYTES) throw damaged(`${what} is ${value}`);
  return value;
}

/**
 * Understands the first bytes of an image, as many as there are up to `MOST_HEADER_BYTES`.
 * @throws WasmvisorError `image-format`, `image-damaged`, `image-feature`
 */
export function parseHeader(bytes: Uint8Array): Header {
  if (!isQcow2(bytes)) throw imageError("image-format", "The disk image is no qcow2 image; name its format.");
  const view = viewOf(bytes);
  const version = view.getUint32(4);
  if (version !== 2 && version !== 3)
    throw imageError("image-format", `The disk image is qcow2 of version ${version}; convert it to version 2 or 3.`, {
      version,
    });
  if (bytes.length < (version === 2 ? V2_LENGTH : V3_LENGTH)) throw damaged("it ends within its header");
  const clusterBits = view.getUint32(20);
  if (clusterBits < 9 || clusterBits > 21) throw damaged(`its clusters have 2^${clusterBits} bytes`);
  const clusterBytes = 2 ** clusterBits;
  const isNew = version === 3;
  const headerLength = isNew ? view.getUint32(100) : V2_LENGTH;
  if (headerLength < (isNew ? V3_LENGTH : V2_LENGTH) || headerLength > clusterBytes || headerLength > bytes.length)
    throw damaged(`its header has ${headerLength} bytes`);
  const incompatible = isNew ? view.getUint32(HeaderOffset.INCOMPATIBLE + 4) : 0;
  const backingOffset = large(view, HeaderOffset.BACKING_FILE, "the place of the backing file's name");
  const extensions = parseExtensions(bytes, headerLength, backingOffset === 0 ? clusterBytes : backingOffset);
  expectFeatures(incompatible, isNew ? view.getUint32(HeaderOffset.INCOMPATIBLE) : 0, view.getUint32(32), extensions);
  const backingFormat = extensions.find(({ type }) => type === ExtensionType.BACKING_FORMAT);
  const header: Header = {
    version,
    clusterBits,
    size: large(view, HeaderOffset.SIZE, "its size"),
    l1Size: view.getUint32(HeaderOffset.L1_SIZE),
    l1Offset: large(view, 40, "the place of the L1 table"),
    refcountTableOffset: large(view, HeaderOffset.REFCOUNT_TABLE, "the place of the refcount table"),
    refcountTableClusters: view.getUint32(56),
    snapshotCount: view.getUint32(60),
    snapshotsOffset: large(view, 64, "the place of the snapshots"),
    incompatible,
    compatible: isNew ? view.getUint32(84) : 0,
    autoclear: isNew ? view.getUint32(HeaderOffset.AUTOCLEAR) * 2 ** 32 + view.getUint32(92) : 0,
    refcountOrder: isNew ? view.getUint32(96) : 4,
    headerLength,
    compression: compressionOf(bytes, headerLength, incompatible),
    ...backingName(bytes, backingOffset, view.getUint32(16), clusterBytes),
    ...(backingFormat === undefined ? {} : { backingFormat: textOf(backingFormat.bytes) }),
    extensions,
  };
  expectLayout(header);
  return header;
}

function parseExtensions(bytes: Uint8Array, from: number, to: number): Extension[] {
  const view = viewOf(bytes);
  const extensions: Extension[] = [];
  const end = Math.min(to, bytes.length);
  for (let at = from; at + 8 <= end;) {
    const type = view.getUint32(at);
    const length = view.getUint32(at + 4);
    if (type === ExtensionType.END) break;
    if (length > end - at - 8) throw damaged(`the extension ${type.toString(16)} of its header has ${length} bytes`);
    extensions.push({ type, bytes: bytes.slice(at + 8, at + 8 + length) });
    at += 8 + Math.ceil(length / 8) * 8;
  }
  return extensions;
}

function expectFeatures(low: number, high: number, encryption: number, extensions: readonly Extension[]): void {
  if (encryption !== 0) throw lacking("encryption", "decrypt it with qemu-img convert");
  if (low & Incompatible.EXTERNAL_DATA) throw lacking("an external data file", "take it in with qemu-img convert");
  if (low & Incompatible.EXTENDED_L2)
    throw lacking("extended L2 entries", "convert it with qemu-img convert -o extended_l2=off");
  const known = Incompatible.DIRTY | Incompatible.CORRUPT | Incompatible.COMPRESSION;
  for (let bit = 0; bit < 64; bit++) {
    const word = bit < 32 ? low & ~known : high;
    if (((word >>> (bit % 32)) & 1) === 0) continue;
    throw lacking(featureName(extensions, bit), "convert it with the program that made it");
  }
}

/** The name that an image gives to one of its incompatible features. */
function featureName(extensions: readonly Extension[], bit: number): string {
  const names = extensions.find(({ type }) => type === ExtensionType.FEATURE_NAMES)?.bytes ?? new Uint8Array();
  for (let at = 0; at + 48 <= names.length; at += 48) {
    if (names[at] === 0 && names[at + 1] === bit) return `"${printable(textOf(names.subarray(at + 2, at + 48)))}"`;
  }
  return `the feature of bit ${bit}`;
}

/** Text of an image, for an error message. */
export function printable(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 200);
}

function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
}

function compressionOf(bytes: Uint8Array, headerLength: number, incompatible: number): Compression {
  const type = headerLength > V3_LENGTH ? bytes[V3_LENGTH]! : 0;
  if (type > 1) throw lacking(`compression of type ${type}`, "convert it with the program that made it");
  if ((type !== 0) !== ((incompatible & Incompatible.COMPRESSION) !== 0))
    throw damaged("its fields contradict each other about compression");
  return type === 0 ? "zlib" : "zstd";
}

function backingName(bytes: Uint8Array, at: number, length: number, clusterBytes: number): { backingFile?: string } {
  if (at === 0 || length === 0) return {};
  if (length > MOST_NAME || at + length > clusterBytes || at + length > bytes.length)
    throw damaged("the name of its backing file is not within its header");
  return { backingFile: new TextDecoder().decode(bytes.subarray(at, at + length)) };
}

/** How many entries of the L1 table an image of `size` bytes needs. */
export function l1EntriesFor(size: number, clusterBits: number): number {
  return Math.ceil(size / 2 ** (clusterBits + clusterBits - 3));
}

function expectLayout(header: Header): void {
  const clusterBytes = 2 ** header.clusterBits;
  if (header.refcountOrder > 6) throw damaged(`its reference counts have 2^${header.refcountOrder} bits`);
  if (header.l1Size * 8 > MOST_L1_BYTES) throw damaged(`its L1 table has ${header.l1Size} entries`);
  if (header.l1Size < l1EntriesFor(header.size, header.clusterBits))
    throw damaged("its L1 table is too small for its size");
  if (header.refcountTableClusters === 0 || header.refcountTableClusters * clusterBytes > MOST_REFCOUNT_TABLE_BYTES)
    throw damaged(`its refcount table has ${header.refcountTableClusters} clusters`);
  if (header.snapshotCount > MOST_SNAPSHOTS) throw damaged(`it has ${header.snapshotCount} snapshots`);
  const places = [
    header.l1Size && header.l1Offset,
    header.refcountTableOffset,
    header.snapshotCount && header.snapshotsOffset,
  ];
  if (places.some((place) => place % clusterBytes !== 0)) throw damaged("a table does not begin where a cluster does");
  if (header.refcountTableOffset === 0 || (header.l1Size > 0 && header.l1Offset === 0))
    throw damaged("a table lies in its header");
}

/** The largest size that an image with clusters of that size can have, in bytes. */
export function mostBytes(clusterBits: number): number {
  return Math.min(MOST_BYTES, (MOST_L1_BYTES / 8) * 2 ** (clusterBits + clusterBits - 3));
}

/**
 * The first bytes of an image: header, extensions and the backing file's name; at most one cluster.
 * @throws WasmvisorError `option` when the name of the backing file is too long
 */
export function encodeHeader(header: Header): Uint8Array {
  const bytes = new Uint8Array(2 ** header.clusterBits);
  const view = viewOf(bytes);
  view.setUint32(0, MAGIC);
  view.setUint32(4, header.version);
  view.setUint32(20, header.clusterBits);
  setLarge(view, HeaderOffset.SIZE, header.size);
  view.setUint32(HeaderOffset.L1_SIZE, header.l1Size);
  setLarge(view, 40, header.l1Offset);
  setLarge(view, HeaderOffset.REFCOUNT_TABLE, header.refcountTableOffset);
  view.setUint32(56, header.refcountTableClusters);
  view.setUint32(60, header.snapshotCount);
  setLarge(view, 64, header.snapshotsOffset);
  if (header.version === 3) {
    view.setUint32(HeaderOffset.INCOMPATIBLE + 4, header.incompatible);
    view.setUint32(84, header.compatible);
    setLarge(view, HeaderOffset.AUTOCLEAR, header.autoclear);
    view.setUint32(96, header.refcountOrder);
    view.setUint32(100, header.headerLength);
    if (header.headerLength > V3_LENGTH) bytes[V3_LENGTH] = header.compression === "zstd" ? 1 : 0;
  }
  let at = header.headerLength;
  const put = (type: number, content: Uint8Array) => {
    if (at + 16 + content.length > bytes.length) throw tooLong(header);
    view.setUint32(at, type);
    view.setUint32(at + 4, content.length);
    bytes.set(content, at + 8);
    at += 8 + Math.ceil(content.length / 8) * 8;
  };
  if (header.backingFile !== undefined && header.backingFormat !== undefined)
    put(ExtensionType.BACKING_FORMAT, new TextEncoder().encode(header.backingFormat));
  for (const { type, bytes: content } of header.extensions)
    if (type !== ExtensionType.BACKING_FORMAT) put(type, content);
  put(ExtensionType.END, new Uint8Array());
  if (header.backingFile === undefined) return bytes;
  const name = new TextEncoder().encode(header.backingFile);
  if (name.length > MOST_NAME || at + name.length > bytes.length) throw tooLong(header);
  setLarge(view, HeaderOffset.BACKING_FILE, at);
  view.setUint32(16, name.length);
  bytes.set(name, at);
  return bytes;
}

function tooLong(header: Header) {
  return imageError(
    "option",
    "The name of the backing file does not fit into the image; use a shorter one, or larger clusters.",
    {
      backingFile: header.backingFile,
    },
  );
}

/** Writes a number as 64 bits. */
export function setLarge(view: DataView, at: number, value: number): void {
  view.setUint32(at, Math.floor(value / 2 ** 32));
  view.setUint32(at + 4, value % 2 ** 32);
}

/** The extension that names features. Clusters of 512 bytes have no room for it. */
export function featureNames(): Extension {
  const bytes = new Uint8Array(FEATURES.length * 48);
  for (const [index, [kind, bit, name]] of FEATURES.entries()) {
    bytes.set([kind, bit], index * 48);
    bytes.set(new TextEncoder().encode(name), index * 48 + 2);
  }
  return { type: ExtensionType.FEATURE_NAMES, bytes };
}
