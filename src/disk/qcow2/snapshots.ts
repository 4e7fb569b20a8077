/** The internal snapshots of an image, as a list (QEMU, docs/interop/qcow2.txt: "Snapshots"). */

import type { BlockBackend } from "../../backend/block/block.ts";
import { damaged } from "../error.ts";
import { type Steps, wait } from "../steps.ts";
import { type Header, viewOf } from "./header.ts";

/** One snapshot. */
export interface Snapshot {
  readonly id: string;
  readonly name: string;
  /** Bytes of a saved machine. */
  readonly vmStateBytes: number;
  /** Seconds since 1970, and nanoseconds. */
  readonly date: { readonly seconds: number; readonly nanoseconds: number };
  /** Nanoseconds that the machine had run. */
  readonly vmClock: bigint;
  /** Instructions that the machine had executed, when that was recorded. */
  readonly icount?: bigint;
  /** Bytes of the disk then. */
  readonly diskBytes: number;
  /** @internal */
  readonly l1Offset: number;
  /** Entries. @internal */
  readonly l1Size: number;
}

const FIXED = 40;
const MOST_TABLE_BYTES = 2 ** 26;
const MOST_EXTRA = 1024;
const MOST_L1_ENTRIES = 2 ** 22;

/** A list and the bytes of the file that it takes. */
export interface SnapshotTable {
  readonly snapshots: readonly Snapshot[];
  readonly bytes: number;
}

/**
 * Reads the list.
 * @throws WasmvisorError `image-damaged`
 */
export function* readSnapshots(file: BlockBackend, header: Header): Steps<SnapshotTable> {
  const snapshots: Snapshot[] = [];
  let at = header.snapshotsOffset;
  const read = function* (length: number): Steps<Uint8Array> {
    if (at + length > file.size || at + length - header.snapshotsOffset > MOST_TABLE_BYTES)
      throw damaged("its list of snapshots lies behind its end");
    const bytes = new Uint8Array(length);
    yield* wait(file.read(at, bytes));
    at += length;
    return bytes;
  };
  for (let index = 0; index < header.snapshotCount; index++) {
    at = header.snapshotsOffset + Math.ceil((at - header.snapshotsOffset) / 8) * 8;
    const fixed = viewOf(yield* read(FIXED));
    const [idLength, nameLength, extraLength] = [fixed.getUint16(12), fixed.getUint16(14), fixed.getUint32(36)];
    if (extraLength > MOST_EXTRA) throw damaged(`a snapshot has ${extraLength} bytes of extra data`);
    const extra = viewOf(yield* read(extraLength));
    const [id, name] = [textOf(yield* read(idLength)), textOf(yield* read(nameLength))];
    const l1Offset = fixed.getUint32(0) * 2 ** 32 + fixed.getUint32(4);
    const l1Size = fixed.getUint32(8);
    if (l1Size > MOST_L1_ENTRIES || l1Offset % 2 ** header.clusterBits !== 0 || l1Offset + l1Size * 8 > file.size)
      throw damaged("the L1 table of a snapshot lies behind its end", { snapshot: index });
    snapshots.push({
      id,
      name,
      vmStateBytes: extraLength >= 8 ? Number(extra.getBigUint64(0)) : fixed.getUint32(32),
      date: { seconds: fixed.getUint32(16), nanoseconds: fixed.getUint32(20) },
      vmClock: fixed.getBigUint64(24),
      ...(extraLength >= 24 && extra.getBigInt64(16) !== -1n ? { icount: extra.getBigUint64(16) } : {}),
      diskBytes: extraLength >= 16 ? Number(extra.getBigUint64(8)) : header.size,
      l1Offset,
      l1Size,
    });
  }
  return { snapshots, bytes: at - header.snapshotsOffset };
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
