/**
 * Encryption of blocks: AES-GCM with a key of the file's own, which HKDF-SHA-256 makes of the owner's key and the file's id. The nonce is the
 * number of the block, so that none is used twice and blocks cannot change places.
 */

import { diskHost } from "#disk";
import type { Done } from "../backend/block/block.ts";
import type { Decrypt } from "../host/disk.ts";
import { snapshotError } from "./format.ts";

/** A key: 16 random bytes or more. A password is none; make a key of one by PBKDF2. */
export type SnapshotKey = Uint8Array;

type DerivedKey = Awaited<ReturnType<typeof crypto.subtle.deriveKey>>;

const LEAST_BYTES = 16;
const INFO = new TextEncoder().encode("wasmvisor snapshot 1");

/** Encrypts and decrypts the blocks of one file. */
export class Cipher {
  readonly #key: DerivedKey;
  /** Decrypts at once, where the host can. */
  readonly #now: Decrypt | undefined;

  private constructor(key: DerivedKey, now: Decrypt | undefined) {
    this.#key = key;
    this.#now = now;
  }

  /** @throws WasmvisorError `snapshot-key` when it is no key */
  static async open(key: SnapshotKey, id: Uint8Array<ArrayBuffer>): Promise<Cipher> {
    try {
      const base = await imported(key);
      const how = { name: "HKDF", hash: "SHA-256", salt: id, info: INFO };
      const use = { name: "AES-GCM", length: 256 };
      const derived = await crypto.subtle.deriveKey(how, base, use, false, ["encrypt", "decrypt"]);
      return new Cipher(derived, diskHost.decryption?.(key, id, INFO));
    } catch (cause) {
      const sentence = `A snapshot's key is a Uint8Array of ${LEAST_BYTES} random bytes or more; make one with crypto.getRandomValues.`;
      throw snapshotError("snapshot-key", sentence, {}, cause);
    }
  }

  async encrypt(bytes: Uint8Array<ArrayBuffer>, number: number, bound: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
    const sealed = await crypto.subtle.encrypt(how(number, bound), this.#key, bytes);
    return new Uint8Array(sealed);
  }

  /** @throws WasmvisorError `snapshot-key` when it has been encrypted with another key, or changed */
  decrypt(bytes: Uint8Array<ArrayBuffer>, number: number, bound: Uint8Array<ArrayBuffer>): Done<Uint8Array> {
    const { iv, additionalData } = how(number, bound);
    if (this.#now === undefined) return this.#decryptLater(bytes, number, bound);
    try {
      return this.#now(bytes, iv, additionalData);
    } catch (cause) {
      throw undecipherable(cause);
    }
  }

  async #decryptLater(
    bytes: Uint8Array<ArrayBuffer>,
    number: number,
    bound: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array> {
    try {
      return new Uint8Array(await crypto.subtle.decrypt(how(number, bound), this.#key, bytes));
    } catch (cause) {
      throw undecipherable(cause);
    }
  }
}

function undecipherable(cause: unknown): Error {
  const sentence =
    "The snapshot was encrypted with another key, or somebody has changed it; give the key that it was made with.";
  return snapshotError("snapshot-key", sentence, {}, cause);
}

/** Bytes that a cipher adds. */
export const TAG_BYTES = 16;

function how(number: number, bound: Uint8Array<ArrayBuffer>) {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setUint32(8, number, true);
  return { name: "AES-GCM", iv, additionalData: bound };
}

async function imported(key: Uint8Array): Promise<DerivedKey> {
  if (!(key instanceof Uint8Array) || key.length < LEAST_BYTES) throw new RangeError("too short");
  return crypto.subtle.importKey("raw", key as Uint8Array<ArrayBuffer>, "HKDF", false, ["deriveKey"]);
}
