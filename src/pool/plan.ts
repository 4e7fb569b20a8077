/** Which worker a VM is made in, and which VMs are better off in another one. */

/** What a VM takes of its worker. */
export interface VmLoad {
  /** The part of a thread that it wants, 0 to 1. */
  readonly load: number;
  /** Bytes of RAM that the guest sees. */
  readonly bytes: number;
  /** Whether it may be moved now. */
  readonly isMovable: boolean;
}

/** What a worker has to do, and has left. */
export interface HostLoad<Load extends VmLoad = VmLoad> {
  readonly vms: readonly Load[];
  /** Parts of a thread that are about to be wanted besides. */
  readonly expected: number;
  /** Bytes of its memory that no VM occupies. */
  readonly freeBytes: number;
}

/** A VM that is to be moved; workers by their place in the list. */
export interface PlannedMove<Load extends VmLoad = VmLoad> {
  readonly vm: Load;
  readonly from: number;
  readonly to: number;
}

/** A worker is as good as another one when it wants no more than this part of a thread more. */
const ALIKE = 0.05;

/** How much less the busiest worker must have to do, in parts of a thread, for a move to be worth its while. */
const WORTH = 0.2;

/** What a worker has to do: above 1, VMs wait for each other. */
export function loadOf({ vms, expected }: HostLoad): number {
  return vms.reduce((sum, { load }) => sum + load, expected);
}

/**
 * The worker for a VM of `bytes` of RAM: of those that have room, or of all if none has, the one with the least to do; of equals, the one with the
 * most memory. Its place in the list; undefined when that is empty.
 */
export function placeFor(bytes: number, hosts: readonly (HostLoad | undefined)[]): number | undefined {
  const there = hosts.flatMap((host, index) => (host === undefined ? [] : [{ index, host, load: loadOf(host) }]));
  const roomy = there.filter(({ host }) => host.freeBytes >= bytes);
  const free = (one: (typeof there)[number]): number => one.host.freeBytes;
  if (roomy.length === 0) return there.toSorted((a, b) => free(b) - free(a))[0]?.index;
  const least = Math.min(...roomy.map(({ load }) => load));
  const idle = roomy.filter(({ load }) => load <= least + ALIKE);
  return idle.toSorted((a, b) => free(b) - free(a))[0]!.index;
}

/**
 * VMs that are to be moved, `most` at most, so that fewer wait for each other: from the busiest worker to the one with the least to do, as long as that
 * is worth its while. Where nobody waits nothing is moved.
 */
export function planMoves<Load extends VmLoad>(
  hosts: readonly (HostLoad<Load> | undefined)[],
  most: number,
): PlannedMove<Load>[] {
  const state = hosts.flatMap((host, index) =>
    host === undefined ? [] : [{ index, load: loadOf(host), vms: [...host.vms], freeBytes: host.freeBytes }],
  );
  const moves: PlannedMove<Load>[] = [];
  while (moves.length < most) {
    state.sort((a, b) => a.load - b.load);
    const [to, from] = [state[0], state.at(-1)];
    if (to === undefined || from === undefined || from.load <= 1) break;
    const after = (vm: VmLoad): number => Math.max(from.load - vm.load, to.load + vm.load);
    const [vm] = from.vms
      .filter(({ isMovable, bytes }) => isMovable && bytes <= to.freeBytes)
      .toSorted((a, b) => after(a) - after(b));
    if (vm === undefined || from.load - after(vm) < WORTH) break;
    moves.push({ vm, from: from.index, to: to.index });
    from.vms.splice(from.vms.indexOf(vm), 1);
    from.load -= vm.load;
    to.load += vm.load;
    to.freeBytes -= vm.bytes;
    from.freeBytes += vm.bytes;
  }
  return moves;
}
