/** How a VM is moved, as programs ask for it, and what they are told. */

import { WasmvisorError } from "../../error.ts";
import type { ByteStreams } from "../../migration/line.ts";
import type { SnapshotKey } from "../../snapshot/cipher.ts";
import { known } from "../known.ts";
import type { DiskChoice } from "../snapshot/disks.ts";

/** See `MigrateOptions.mode`. */
export type MigrationMode = "pre" | "post" | "auto";

/** How a VM is moved. */
export interface MigrateOptions {
  /**
   * When it goes: `"pre"`: when nearly all of its pages are there. `"post"`: at once, and its pages follow: each is sent once, and it waits for those
   * that it uses before they have come; when the line breaks meanwhile, it has ended there. `"auto"`: as `"pre"`, and when it stores so fast that
   * the rest does not become less, it goes, and the rest follows; it is not slowed down then. Default `"pre"`.
   */
  readonly mode?: MigrationMode;
  /** Milliseconds for which it may stand still, as far as that can be foreseen: 0 to 1,000,000. Default 300. */
  readonly downtime?: number;
  /** Bytes a second at most, 65,536 or more. Default: as fast as the streams are. */
  readonly bandwidth?: number;
  /** Rounds of pages that are sent while it runs, 1 to 900: then it stands still, however much is left. Default 30. */
  readonly rounds?: number;
  /** Whether it gets less of its thread, again and again, when it stores faster than can be sent. Default true. */
  readonly throttle?: boolean;
  /**
   * What becomes of disks that it writes to: `"reference"` and `"include"`: see `SnapshotOptions.disks`; `"mirror"`: their contents are sent while it runs,
   * and what it writes meanwhile is sent again; the destination's `drives` name files that are made for them, or backends of the same size. The
   * disks here stay as they were when it went. Default `"reference"`.
   */
  readonly disks?: DiskChoice | "mirror";
  /** Whether pages are compressed. Default true. */
  readonly compress?: boolean;
  /** Encrypts the line, and has both sides prove that they have it: 16 random bytes or more. */
  readonly key?: SnapshotKey;
  /** Milliseconds of silence after which the other side counts as gone, 100 to 1,000,000. Default 60,000. */
  readonly patience?: number;
  /** Gives up, until the destination has been told to run it: the VM runs on here, and the call rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Told how far it is. */
  readonly onProgress?: (progress: MigrationProgress) => void;
}

/** How far a migration is. */
export interface MigrationProgress {
  /**
   * `"disks"`: it runs, and what its disks hold is sent; `"pages"`: it runs, and its pages are sent; `"stopped"`: it stands still, and the rest is sent; `"handover"`: the destination is to run it;
   * `"follow"`: it runs there, and its last pages are sent.
   */
  readonly phase: "disks" | "pages" | "stopped" | "handover" | "follow";
  /** From 1. */
  readonly round: number;
  /** Pages that have been sent, in all rounds. */
  readonly pages: number;
  /** Pages that are left to be sent in this round, at most. */
  readonly left: number;
  /** Bytes that have been sent. */
  readonly bytes: number;
  /** What it may have of its thread now: 1, unless it stores too fast. */
  readonly cap: number;
}

/** What a migration has done. */
export interface MigrationStatistics {
  /** Rounds of pages, the one in which it stood still among them. */
  readonly rounds: number;
  /** Pages that have been sent, some of them again. */
  readonly pages: number;
  /** Of these, pages that were sent when it ran there already. */
  readonly followed: number;
  /** Bytes that have been sent. */
  readonly bytes: number;
  /** Bytes of disks that were sent by `disks: "mirror"`, some of them again; before they were compressed. */
  readonly diskBytes: number;
  /** Milliseconds from when it stood still here until the destination said that it runs. */
  readonly downtime: number;
  /** Milliseconds in all. */
  readonly milliseconds: number;
  /** The least that it was given of its thread. */
  readonly cap: number;
}

/** All of them. */
export type MigrateChoice = Required<Omit<MigrateOptions, "key" | "signal" | "onProgress">> &
  Pick<MigrateOptions, "key" | "signal" | "onProgress">;

const KEYS = Object.keys({
  mode: 0,
  downtime: 0,
  bandwidth: 0,
  rounds: 0,
  throttle: 0,
  disks: 0,
  compress: 0,
  key: 0,
  patience: 0,
  signal: 0,
  onProgress: 0,
} satisfies Record<keyof MigrateOptions, 0>);

export const PATIENCE = 60_000;

/**
 * @param hasForeign - whether the VM has devices of its owner's: which pages these use is not known, so that all must be there before it goes
 * @throws WasmvisorError `option`
 */
export function checkMigrate(options: MigrateOptions, hasForeign = false): MigrateChoice {
  known({ code: "option", where: "migrateTo" }, options, KEYS);
  const { downtime = 300, bandwidth = Infinity, rounds = 30, throttle = true, compress = true } = options;
  const { mode = "pre", disks = "reference", patience = PATIENCE, key, signal, onProgress } = options;
  between("downtime", downtime, 0, 1e6);
  between("bandwidth", bandwidth, 65_536, Infinity);
  between("rounds", rounds, 1, 900);
  checkPatience(patience);
  if (!["pre", "post", "auto"].includes(mode))
    throw new WasmvisorError("option", `mode of a migration is pre, post or auto, not "${mode as string}".`, { mode });
  if (mode === "post" && hasForeign) {
    const sentence = "A VM with devices of its owner's cannot go before its pages; leave mode out.";
    throw new WasmvisorError("option", sentence, { mode });
  }
  if (!["reference", "include", "mirror"].includes(disks))
    throw new WasmvisorError("option", `disks is reference, include or mirror, not "${disks}".`, { disks });
  return {
    ...{
      downtime,
      bandwidth,
      rounds: Math.floor(rounds),
      throttle,
      compress,
      disks,
      patience,
      mode: hasForeign ? "pre" : mode,
    },
    ...(key === undefined ? {} : { key }),
    ...(signal === undefined ? {} : { signal }),
    ...(onProgress === undefined ? {} : { onProgress }),
  };
}

/** @throws WasmvisorError `option` */
export function checkPatience(patience: number): number {
  between("patience", patience, 100, 1e6);
  return patience;
}

function between(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  const sentence = `${name} of a migration is a number from ${least} to ${most}, not ${String(value)}.`;
  throw new WasmvisorError("option", sentence, { key: name, value });
}

/** @throws WasmvisorError `option` when it is no pair of streams that nobody reads or writes */
export function checkStreams(streams: ByteStreams): void {
  const { readable, writable } = (streams ?? {}) as Partial<ByteStreams>;
  const isFree =
    readable instanceof ReadableStream && writable instanceof WritableStream && !readable.locked && !writable.locked;
  if (isFree) return;
  const sentence =
    "A VM is moved over { readable, writable }, two web streams of bytes that nobody else reads or writes.";
  throw new WasmvisorError("option", sentence);
}
