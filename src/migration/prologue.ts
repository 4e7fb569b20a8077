/** How both sides of a migration begin: who they are, and whether they have a key. */

import { crc32 } from "../machine/loader/crc32.ts";
import { Cipher, type SnapshotKey } from "../snapshot/cipher.ts";
import { Reader, Writer } from "../state/table.ts";
import { garbled, ID_BYTES, LINE_VERSION, LineFlag, lost, MAGIC, migrationError, PROLOGUE_BYTES } from "./format.ts";

/** What one side says of itself. */
export interface LinePrologue {
  readonly isEncrypted: boolean;
  readonly id: Uint8Array;
}

export function encodeLinePrologue({ isEncrypted, id }: LinePrologue): Uint8Array {
  const to = new Writer();
  to.bytes(MAGIC);
  to.u16(LINE_VERSION);
  to.u16(isEncrypted ? LineFlag.ENCRYPTED : 0);
  to.bytes(id);
  to.u32(crc32(to.finish()));
  return to.finish();
}

/** @throws WasmvisorError `migration-damaged`, `migration-version`, `migration-lost` */
export function decodeLinePrologue(bytes: Uint8Array): LinePrologue {
  if (!MAGIC.every((byte, index) => index >= bytes.length || bytes[index] === byte))
    throw garbled("it is no wasmvisor that migrates");
  if (bytes.length < PROLOGUE_BYTES) throw lost("it has ended");
  const from = new Reader(bytes.subarray(MAGIC.length));
  const version = from.u16();
  if (version !== LINE_VERSION) {
    const sentence = `The other side of the migration speaks version ${version}, and version ${LINE_VERSION} is known here; use the same wasmvisor on both sides.`;
    throw migrationError("migration-version", sentence, { version, known: LINE_VERSION });
  }
  const flags = from.u16();
  const id = from.bytes(ID_BYTES);
  if (from.u32() !== crc32(bytes.subarray(0, PROLOGUE_BYTES - 4)) || (flags & ~LineFlag.ENCRYPTED) !== 0)
    throw garbled("its beginning is not as it was sent");
  return { isEncrypted: (flags & LineFlag.ENCRYPTED) !== 0, id };
}

/** @throws WasmvisorError `migration-key` when one side has a key and the other has not */
export function expectSameKeys(own: boolean, theirs: boolean): void {
  if (own === theirs) return;
  const sentence = own
    ? "The other side of the migration has no key; give both sides the same one."
    : "The other side of the migration has a key; give both sides the same one.";
  throw migrationError("migration-key", sentence);
}

/** Who sends. */
export enum Direction {
  TO_DESTINATION = 1,
  TO_SOURCE = 2,
}

/**
 * Encrypts one direction: its key is made of the owner's, of both sides' ids and of the direction, so that nothing that was recorded can be
 * played again.
 * @throws WasmvisorError `migration-key` when it is no key
 */
export async function directionCipher(
  key: SnapshotKey,
  source: Uint8Array,
  destination: Uint8Array,
  direction: Direction,
): Promise<Cipher> {
  const salt = new Uint8Array(2 * ID_BYTES + 1);
  salt.set(source);
  salt.set(destination, ID_BYTES);
  salt[2 * ID_BYTES] = direction;
  try {
    return await Cipher.open(key, salt);
  } catch (cause) {
    const sentence = "A migration's key is a Uint8Array of 16 random bytes or more, the same on both sides.";
    throw migrationError("migration-key", sentence, {}, cause);
  }
}
