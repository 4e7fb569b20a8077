/** A memory balloon of a VM in a worker, as programs see it. */

import type { BalloonStatistics, VmBalloon } from "../vmm/balloon.ts";
import { Remote } from "./remote.ts";
import type { Seat } from "./seat.ts";

/** As `VmBalloon`, by promise. */
export class WorkerBalloon {
  readonly #balloon: Remote<VmBalloon>;

  /** @internal */
  constructor(seat: Seat) {
    this.#balloon = new Remote(seat, "balloon");
  }

  /** As `VmBalloon.target`. */
  get target(): Promise<number> {
    return this.#balloon.get("target");
  }

  /** As `VmBalloon.size`. */
  get size(): Promise<number> {
    return this.#balloon.get("size");
  }

  /** As `VmBalloon.latest`. */
  get latest(): Promise<BalloonStatistics> {
    return this.#balloon.get("latest");
  }

  /** As `VmBalloon.setTarget`. */
  setTarget(bytes: number): Promise<void> {
    return this.#balloon.call("setTarget", bytes);
  }

  /** As `VmBalloon.statistics`. */
  statistics(): Promise<BalloonStatistics> {
    return this.#balloon.call("statistics");
  }
}
