/** What a VM knows of the snapshots that were taken of it. */

import type { LoadedImage } from "../../machine/loader/loaded-image.ts";
import { WasmvisorError } from "../../error.ts";
import { known } from "../known.ts";
import { snapshotError } from "../../snapshot/format.ts";
import type { SnapshotDescription } from "./description.ts";
import type { SnapshotOptions } from "./take.ts";

/** Parts of a state that are files of the firmware configuration device. */
export const FILE_PREFIX = "fw-cfg/";

/** How many a VM remembers. */
const REMEMBERED = 64;

/** The epochs of a VM's snapshots. */
export class Snapshots {
  readonly #epochs = new Map<string, number>();
  #latest: string | undefined;

  /** The id of the latest. */
  get latest(): string | undefined {
    return this.#latest;
  }

  /** One more; `epoch` is 0 when stores are not tracked. */
  note(id: string, epoch: number): void {
    this.#latest = id;
    if (epoch === 0) return;
    this.#epochs.set(id, epoch);
    for (const oldest of this.#epochs.keys()) {
      if (this.#epochs.size <= REMEMBERED) break;
      this.#epochs.delete(oldest);
    }
  }

  /** @throws WasmvisorError `snapshot-parent` */
  epochOf(id: string): number {
    const epoch = this.#epochs.get(id);
    if (epoch !== undefined) return epoch;
    const sentence = `There is no snapshot "${id}" of this VM since which stores have been tracked; take a full one with track: true first.`;
    throw snapshotError("snapshot-parent", sentence, { id });
  }
}

const KEYS = Object.keys({ disks: 0, track: 0, parent: 0, compress: 0, key: 0, name: 0 } satisfies Record<
  keyof SnapshotOptions,
  0
>);

/** @throws WasmvisorError `option` */
export function checkSnapshot(options: SnapshotOptions): void {
  known({ code: "option", where: "snapshot" }, options, KEYS);
  const { disks = "reference", name = "", parent = "" } = options;
  if (disks !== "reference" && disks !== "include")
    throw new WasmvisorError("option", `disks is reference or include, not "${String(disks)}".`, { disks });
  if (typeof name !== "string" || name.length > 256 || typeof parent !== "string")
    throw new WasmvisorError("option", "A snapshot's name is text of up to 256 characters.", { name });
}

const KEPT = new Set(["tohost", "fromhost", "begin_signature", "end_signature"]);

/** The symbols that wasmvisor itself uses. */
export function keptSymbols(symbols: LoadedImage["symbols"]): SnapshotDescription["symbols"] {
  const seen = new Set<string>();
  return symbols.flatMap(({ name, address }) => {
    if (!KEPT.has(name) || seen.has(name)) return [];
    seen.add(name);
    return [{ name, address: `0x${address.toString(16)}` }];
  });
}
