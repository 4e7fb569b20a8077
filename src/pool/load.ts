/** What VMs want of their workers, by what they have used since they were last asked. */

import type { VmAccounting } from "../vmm/accounting.ts";
import type { WorkerVm } from "../worker/worker-vm.ts";
import type { VmLoad } from "./plan.ts";

/** A VM, and what it wants. */
export interface MeasuredVm extends VmLoad {
  readonly vm: WorkerVm;
}

interface Sample {
  readonly at: number;
  /** Milliseconds in which it ran, or wanted to. */
  readonly wanted: number;
  readonly load: number;
}

/** Milliseconds between two samples at least. */
const PERIOD = 100;

/** Milliseconds for which a new VM, of which nothing is known, counts as one that wants a thread. */
const NEW = 1000;

/** Milliseconds for which a VM stays where it has been moved to. */
const REST = 10_000;

/** Remembers how much VMs had used. */
export class Loads {
  readonly #samples = new WeakMap<WorkerVm, Sample>();
  readonly #movedAt = new WeakMap<WorkerVm, number>();

  /** What a VM wants now; one that cannot be asked wants nothing. */
  async measure(vm: WorkerVm): Promise<MeasuredVm> {
    const { size } = vm.memory;
    const accounting = await vm.accounting().catch(() => undefined);
    if (accounting === undefined) return { vm, load: 0, bytes: size, isMovable: false };
    const load = this.#load(vm, accounting, performance.now());
    const isRested = performance.now() - (this.#movedAt.get(vm) ?? -Infinity) >= REST;
    return { vm, load, bytes: size, isMovable: isRested && accounting.state === "running" };
  }

  /** It is elsewhere, where what it uses is counted from nothing, and wants what it wanted. */
  moved(vm: WorkerVm): void {
    const at = performance.now();
    const { load = 0 } = this.#samples.get(vm) ?? {};
    this.#movedAt.set(vm, at);
    this.#samples.set(vm, { at, wanted: 0, load });
  }

  #load(vm: WorkerVm, { cpu, milliseconds, settings, state }: VmAccounting, now: number): number {
    if (state === "exited" || state === "destroyed") return 0;
    const wanted = cpu.milliseconds + cpu.waitedMilliseconds;
    const before = this.#samples.get(vm) ?? { at: now - milliseconds, wanted: 0, load: 0 };
    if (now - before.at < PERIOD && this.#samples.has(vm)) return before.load;
    const measured = (wanted - before.wanted) / Math.max(1, now - before.at);
    // Who waits because of its cap does not want more than that.
    const least = milliseconds < NEW && !this.#movedAt.has(vm) ? 1 : 0;
    const load = Math.min(settings.cap, Math.max(least, Math.min(1, measured)));
    this.#samples.set(vm, { at: now, wanted, load });
    return load;
  }
}
