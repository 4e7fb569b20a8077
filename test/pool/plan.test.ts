import { expect, test } from "vitest";
import { type HostLoad, loadOf, placeFor, planMoves, type VmLoad } from "../../src/pool/plan.ts";

const MIB = 2 ** 20;

/** A worker whose VMs want these parts of a thread, of 64 MiB each. */
function host(loads: readonly number[], freeBytes = 1024 * MIB): HostLoad {
  return { vms: loads.map((load) => ({ load, bytes: 64 * MIB, isMovable: true })), expected: 0, freeBytes };
}

const loadsOf = (moves: readonly { readonly vm: VmLoad; readonly from: number; readonly to: number }[]) =>
  moves.map(({ vm, from, to }) => [vm.load, from, to]);

test("a VM is made where there is least to do, of equals where most memory is left, and only where it has room", () => {
  expect(placeFor(MIB, [host([1]), host([0.2]), host([0.5])])).toBe(1);
  expect(placeFor(MIB, [host([0.2], 10 * MIB), host([0.21], 20 * MIB), host([0.5])])).toBe(1);
  expect(placeFor(100 * MIB, [host([0.2], 64 * MIB), undefined, host([1])])).toBe(2);
  expect(placeFor(100 * MIB, [host([0.2], 64 * MIB), host([1], 80 * MIB)])).toBe(1);
  expect(placeFor(100 * MIB, [undefined])).toBeUndefined();
  const expecting = { ...host([]), expected: 2 };
  expect(placeFor(MIB, [expecting, host([1])])).toBe(1);
});

test("VMs that wait for each other are spread over the workers, the best ones first", () => {
  expect(loadsOf(planMoves([host([1, 1, 1, 1]), host([])], 10))).toEqual([
    [1, 0, 1],
    [1, 0, 1],
  ]);
  expect(loadsOf(planMoves([host([1, 1, 1]), host([]), host([0.1])], 10))).toEqual([
    [1, 0, 1],
    [1, 0, 2],
  ]);
  expect(loadsOf(planMoves([host([0.9, 0.5, 0.1]), host([0.2])], 10))).toEqual([[0.5, 0, 1]]);
  expect(planMoves([host([1, 1, 1, 1]), host([])], 1)).toHaveLength(1);
});

test("nothing is moved where nobody waits, where it is not worth its while, where there is no room, or what may not be moved", () => {
  expect(planMoves([host([0.5, 0.4]), host([])], 10)).toEqual([]);
  expect(planMoves([host([1, 0.1]), host([1])], 10)).toEqual([]);
  expect(planMoves([host([1, 1, 1]), host([], 63 * MIB)], 10)).toEqual([]);
  const fixed = { ...host([]), vms: [1, 1, 1].map((load) => ({ load, bytes: MIB, isMovable: false })) };
  expect(planMoves([fixed, host([])], 10)).toEqual([]);
  expect(planMoves([host([1, 1, 1]), undefined], 10)).toEqual([]);
});

test("after the moves no worker has more to do than before, whatever the loads are", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48_271) % 0x7fff_ffff) / 0x7fff_ffff;
  for (let round = 0; round < 500; round++) {
    const hosts = Array.from({ length: 1 + Math.floor(random() * 5) }, () =>
      host(
        Array.from({ length: Math.floor(random() * 8) }, () => random()),
        Math.floor(random() * 512) * MIB,
      ),
    );
    const loads = hosts.map(loadOf);
    const before = Math.max(...loads);
    for (const { vm, from, to } of planMoves(hosts, 20)) {
      loads[from]! -= vm.load;
      loads[to]! += vm.load;
    }
    expect(Math.max(...loads)).toBeLessThanOrEqual(before + 1e-9);
  }
});
