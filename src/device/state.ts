/** Checks for what `restore` is given: a snapshot is data from outside. */

import { WasmvisorError } from "../error.ts";

/** A reader over one untrusted object; every getter throws `device-state` when the entry is not what it must be. */
export class StateReader {
  private readonly device: string;
  private readonly state: Readonly<Record<string, unknown>>;

  constructor(device: string, state: unknown) {
    this.device = device;
    if (typeof state !== "object" || state === null || Array.isArray(state)) {
      throw new WasmvisorError("device-state", `The saved state of ${device} is not an object; take a new snapshot.`, {
        device,
      });
    }
    this.state = state as Record<string, unknown>;
  }

  /** An integer from 0 to `max`. */
  integer(key: string, max: number): number {
    return this.checkInteger(key, this.state[key], max);
  }

  flag(key: string): boolean {
    const value = this.state[key];
    if (typeof value !== "boolean") throw this.wrong(key);
    return value;
  }

  /** Exactly `length` integers from 0 to `max`. */
  integers(key: string, length: number, max: number): number[] {
    return this.array(key, length, length).map((value) => this.checkInteger(key, value, max));
  }

  /** Bytes, at most `limit` of them. */
  bytes(key: string, limit: number): number[] {
    return this.array(key, 0, limit).map((value) => this.checkInteger(key, value, 255));
  }

  /** An unsigned 64-bit value as a decimal string. */
  word(key: string): bigint {
    return this.checkWord(key, this.state[key]);
  }

  /** Exactly `length` unsigned 64-bit values. */
  words(key: string, length: number): bigint[] {
    return this.array(key, length, length).map((value) => this.checkWord(key, value));
  }

  private array(key: string, least: number, most: number): unknown[] {
    const value = this.state[key];
    if (!Array.isArray(value) || value.length < least || value.length > most) throw this.wrong(key);
    return value as unknown[];
  }

  private checkInteger(key: string, value: unknown, max: number): number {
    if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > max) throw this.wrong(key);
    return value;
  }

  private checkWord(key: string, value: unknown): bigint {
    if (typeof value !== "string" || !/^(0|[1-9][0-9]{0,19})$/.test(value)) throw this.wrong(key);
    const word = BigInt(value);
    if (word > MAX_U64) throw this.wrong(key);
    return word;
  }

  private wrong(key: string): WasmvisorError {
    return new WasmvisorError(
      "device-state",
      `The saved state of ${this.device} has a wrong "${key}"; the snapshot is damaged or of another version.`,
      { device: this.device, key },
    );
  }
}

const MAX_U64 = 0xffff_ffff_ffff_ffffn;
