/** The memory balloon of a VM as programs see it. */

import type { Balloon, BalloonFeatures } from "../device/virtio/balloon/balloon.ts";
import { BALLOON_PAGE_BYTES, type GuestMemoryStatistics } from "../device/virtio/balloon/protocol.ts";
import { WasmvisorError } from "../error.ts";
import type { Donor } from "../memory/paging/relief.ts";
import { known } from "./known.ts";

/** A memory balloon. */
export interface BalloonOptions extends BalloonFeatures {
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
}

/** What a balloon has done, in bytes. */
export interface BalloonStatistics {
  /** What it should hold. */
  readonly target: number;
  /** What it holds, as the guest's driver says. */
  readonly size: number;
  /** What the driver has put into it, and what it has reported as free, since the VM was made: each time that it was given back counts. */
  readonly inflatedBytes: number;
  readonly reportedBytes: number;
  /** What the driver says of the guest's memory; undefined when there is none, or it says nothing. */
  readonly guest: GuestMemoryStatistics | undefined;
}

const KEYS = Object.keys({
  deflateOnOom: 0,
  freePageReporting: 0,
  slot: 0,
} satisfies Record<keyof BalloonOptions, 0>);

/**
 * What is asked for, or undefined for no balloon. `true` asks for one with everything that it can do.
 * @throws WasmvisorError `option`
 */
export function checkBalloon(balloon: boolean | BalloonOptions | undefined): BalloonOptions | undefined {
  if (balloon === undefined || balloon === false) return undefined;
  if (balloon === true) return { deflateOnOom: true, freePageReporting: true };
  known({ code: "option", where: "balloon" }, balloon, KEYS);
  for (const key of ["deflateOnOom", "freePageReporting"] as const) {
    const value = balloon[key];
    if (value === undefined || typeof value === "boolean") continue;
    throw new WasmvisorError("option", `balloon.${key} is true or false.`, { key, value });
  }
  return balloon;
}

/** One of so many pages of RAM is not asked for: the guest works with it. */
const KEPT_PART = 16;

/** Milliseconds that the driver has to say what it knows. */
const ANSWER_PATIENCE = 2000;

/**
 * Takes pages from a guest that it can do without, by its own choice, and gives them back to the host. The guest needs a driver
 * (`virtio_balloon` in Linux).
 *
 * ```ts
 * vm.balloon.setTarget(64 * 2 ** 20);
 * ```
 */
export class VmBalloon {
  /** @internal */
  readonly model: Balloon;
  /** Calls back with the machine at rest. @internal */
  whenAtRest: (act: () => void) => void = (act) => act();
  readonly #ramBytes: number;
  readonly #waiting = new Set<() => void>();

  /** @internal */
  constructor(model: Balloon, ramBytes: number) {
    this.model = model;
    this.#ramBytes = ramBytes;
    model.onStatistics = () => this.#answered();
  }

  /** As the host sees it when memory is scarce. @internal */
  get donor(): Donor {
    const { model } = this;
    const ramPages = this.#ramBytes / BALLOON_PAGE_BYTES;
    return {
      get asked() {
        return model.asked;
      },
      get owed() {
        return Math.max(0, model.target + model.asked - model.actual);
      },
      get spare() {
        const available = (model.statistics?.availableBytes ?? 0) / BALLOON_PAGE_BYTES;
        return Math.max(0, Math.floor(available - ramPages / KEPT_PART));
      },
      ask: () => void model.askStatistics(),
      squeeze: (pages) => model.squeeze(pages),
    };
  }

  /** Bytes that its owner wants it to hold. While memory is scarce a host with `paging` has it hold more. */
  get target(): number {
    return this.model.target * BALLOON_PAGE_BYTES;
  }

  /** Bytes that it holds, as the guest's driver says. */
  get size(): number {
    return Math.min(this.model.actual * BALLOON_PAGE_BYTES, this.#ramBytes);
  }

  /**
   * Has the guest's driver bring the balloon to `bytes`, rounded down to pages: less makes it give pages back to the guest. It takes as
   * many as it can get, and its time.
   * @throws WasmvisorError `option` when that is no number from 0 to the bytes of RAM
   */
  setTarget(bytes: number): void {
    if (typeof bytes !== "number" || !(bytes >= 0) || bytes > this.#ramBytes) {
      const sentence = `A balloon's target is a number of bytes from 0 to ${this.#ramBytes}, not ${String(bytes)}.`;
      throw new WasmvisorError("option", sentence, { key: "target", value: bytes });
    }
    this.whenAtRest(() => this.model.setTarget(Math.floor(bytes / BALLOON_PAGE_BYTES)));
  }

  /** What it has done, and what the guest says of its memory: asks the driver, and waits for it for two seconds at most. */
  async statistics(): Promise<BalloonStatistics> {
    await new Promise<void>((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ANSWER_PATIENCE);
      this.#waiting.add(done);
      this.whenAtRest(() => {
        if (!this.model.askStatistics()) done();
      });
    });
    return this.latest;
  }

  /** The same without asking the driver. */
  get latest(): BalloonStatistics {
    const { inflated, reported, statistics } = this.model;
    return {
      target: this.target,
      size: this.size,
      inflatedBytes: inflated * BALLOON_PAGE_BYTES,
      reportedBytes: reported * BALLOON_PAGE_BYTES,
      guest: statistics,
    };
  }

  #answered(): void {
    for (const done of [...this.#waiting]) done();
  }
}
