/** What a VM can do on the calling thread it can do in a worker. */

import { expect, expectTypeOf, test } from "vitest";
import {
  Drive,
  Hart,
  Vm,
  VmBalloon,
  VmPort,
  WorkerBalloon,
  WorkerDrive,
  WorkerHart,
  WorkerMemory,
  WorkerNetwork,
  WorkerPort,
  WorkerVm,
} from "../../src/index.ts";
import type { PhysicalMemory } from "../../src/index.ts";
import { PostCopy } from "../../src/vmm/migrate/follow.ts";
import { LazyRestore } from "../../src/vmm/snapshot/lazy.ts";
import { WorkerLazyRestore, WorkerPostCopy } from "../../src/worker/worker-late.ts";
import { VmNetwork } from "../../src/vmm/networks.ts";
import { PhysicalMemory as PhysicalMemoryClass } from "../../src/vmm/physical-memory.ts";

/** Public names of a class, as far as they are methods and accessors. */
function members(type: { readonly prototype: object }, ...left: string[]): string[] {
  const names = Object.getOwnPropertyNames(type.prototype);
  return names.filter((name) => name !== "constructor" && !left.includes(name)).sort();
}

test("every method and accessor has its counterpart", () => {
  const missing = (of: string[], type: { readonly prototype: object }) =>
    of.filter((name) => !Object.hasOwn(type.prototype, name));
  // A profile is made by looking at the harts between two instructions, on their own thread.
  expect(
    missing(
      members(
        ...([Vm, "loop", "restarting", "sample", "symbols", "saveState", "restoreState", "vsock"] as const),
        ...(["restoreSections", "restoredFrom", "hold", "shape", "number", "template", "arrived", "isAway"] as const),
        ...(["restoreLazily", "fetchFor", "hasFor", "expectPages", "watchedElsewhere", "flashReadonly"] as const),
      ),
      WorkerVm,
    ),
  ).toEqual([]);
  expect(missing(members(Hart), WorkerHart)).toEqual([]);
  expect(missing(members(LazyRestore, "ready", "expectSound"), WorkerLazyRestore)).toEqual([]);
  expect(missing(members(PostCopy, "isOver", "open", "take", "fail"), WorkerPostCopy)).toEqual([]);
  expect(missing(members(VmBalloon, "donor"), WorkerBalloon)).toEqual([]);
  expect(missing(members(VmPort, "saved", "close"), WorkerPort)).toEqual([]);
  expect(
    missing(
      members(Drive, "model", "backend", "close", "put", "letGo", "takeBack", "arrive", "replace", "wrap"),
      WorkerDrive,
    ),
  ).toEqual([]);
  expect(missing(members(VmNetwork, "model", "watch", "close"), WorkerNetwork)).toEqual([]);
  expect(missing(members(PhysicalMemoryClass, "start", "size"), WorkerMemory)).toEqual([]);
});

test("counterparts take the same and promise the same", () => {
  type Promised<Method> = Method extends (...args: infer Args) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
  expectTypeOf<WorkerVm["counters"]>().toEqualTypeOf<Promised<Vm["counters"]>>();
  expectTypeOf<WorkerVm["reset"]>().toEqualTypeOf<Promised<Vm["reset"]>>();
  expectTypeOf<WorkerVm["regions"]>().toEqualTypeOf<Promised<Vm["regions"]>>();
  expectTypeOf<WorkerVm["explainRegion"]>().toEqualTypeOf<Promised<Vm["explainRegion"]>>();
  expectTypeOf<WorkerVm["snapshot"]>().toEqualTypeOf<Promised<Vm["snapshot"]>>();
  expectTypeOf<WorkerVm["step"]>().toEqualTypeOf<Promised<Vm["step"]>>();
  expectTypeOf<WorkerVm["console"]>().toEqualTypeOf<Vm["console"]>();
  expectTypeOf<WorkerVm["on"]>().toEqualTypeOf<Vm["on"]>();
  expectTypeOf<WorkerHart["csr"]>().toEqualTypeOf<Promised<Hart["csr"]>>();
  expectTypeOf<WorkerHart["translate"]>().toEqualTypeOf<Promised<Hart["translate"]>>();
  expectTypeOf<WorkerDrive["statistics"]>().toEqualTypeOf<Promised<Drive["statistics"]>>();
  expectTypeOf<WorkerDrive["map"]>().toEqualTypeOf<Promised<Drive["map"]>>();
  expectTypeOf<WorkerMemory["read"]>().toEqualTypeOf<Promised<PhysicalMemory["read"]>>();
});
