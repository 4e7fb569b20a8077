/** What a pool of hosts is made from, and what it tells. */

import { WasmvisorError } from "../error.ts";
import type { WorkerChoice } from "../host/thread.ts";
import { known } from "../vmm/known.ts";
import { HOST_KEYS, type HostOptions } from "../vmm/host.ts";
import type { MigrationStatistics } from "../vmm/migrate/options.ts";
import type { VmState } from "../vmm/vm-types.ts";
import type { WorkerVm } from "../worker/worker-vm.ts";

/** What a pool is made from. Memory, sharing, paging and compilation are those of each host; `paging.file` is followed by `-` and its number. */
export interface HostPoolOptions extends Omit<HostOptions, "worker"> {
  /** How many workers, 1 to 64. Default: one less than there are processors, 1 to 8; 3 where that is not known (node 20). */
  readonly hosts?: number;
  /** Where a worker comes from, as for `Host.create`; a function makes each one, also one that replaces another. Default `true`. */
  readonly worker?: true | URL | (() => WorkerChoice);
  /** Milliseconds after which it looks again and again whether VMs should be elsewhere (`balance`), 100 to 1,000,000. Default: never by itself. */
  readonly balanceEvery?: number;
}

/** A VM that `balance` has moved, or could not move. */
export interface PoolMove {
  readonly vm: WorkerVm;
  /** The numbers of the hosts. */
  readonly from: number;
  readonly to: number;
  readonly statistics?: MigrationStatistics | undefined;
  /** Why it has not been moved; it runs on where it was. */
  readonly error?: unknown;
}

/** What a pool has done. */
export interface HostPoolStatistics {
  readonly hosts: readonly PoolHostStatistics[];
  /** VMs that have been moved to another host. */
  readonly moves: number;
  /** VMs that could not be moved and have stayed where they were. */
  readonly failedMoves: number;
}

/** What a host of a pool does. */
export interface PoolHostStatistics {
  /** Whether it is there; one whose worker has died is made again. */
  readonly isThere: boolean;
  /** How many of its workers have died, or could not be started. */
  readonly failures: number;
  /** Parts of a thread that its VMs want: above 1 they wait for each other. */
  readonly load: number;
  /** Bytes of its memory that VMs occupy, and that they may. */
  readonly allocatedBytes: number;
  readonly maxMemory: number;
  readonly vms: readonly PoolVmStatistics[];
}

/** What a VM of a pool takes. */
export interface PoolVmStatistics {
  readonly vm: WorkerVm;
  readonly state: VmState;
  /** The part of a thread that it has lately wanted, 0 to 1. */
  readonly load: number;
  /** Bytes of RAM that the guest sees. */
  readonly bytes: number;
}

/** What is checked of the options. */
export interface PoolChoice {
  readonly hosts: number;
  readonly worker: () => WorkerChoice;
  readonly balanceEvery: number | undefined;
  readonly host: Omit<HostOptions, "worker">;
}

const HOSTS_MOST = 64;
const HOSTS_USUAL = 8;
/** Where the platform does not tell. */
const PROCESSORS_USUAL = 4;
/** Address space of one Wasm memory. */
export const MEMORY_MOST = 2 ** 32;

const OWN_KEYS = Object.keys({
  hosts: 0,
  balanceEvery: 0,
} satisfies Record<Exclude<keyof HostPoolOptions, keyof HostOptions>, 0>);

/** @throws WasmvisorError `option` */
export function checkPool(options: HostPoolOptions): PoolChoice {
  known({ code: "option", where: "HostPool.create" }, options, [...OWN_KEYS, ...HOST_KEYS]);
  const { hosts = usualHosts(), worker = true, balanceEvery, ...host } = options;
  if (!Number.isInteger(hosts) || hosts < 1 || hosts > HOSTS_MOST)
    throw fault(`A pool has 1 to ${HOSTS_MOST} hosts, not ${String(hosts)}.`, "hosts", hosts);
  if (balanceEvery !== undefined && !(balanceEvery >= 100 && balanceEvery <= 1e6))
    throw fault(
      `balanceEvery is a number of milliseconds from 100 to 1,000,000, not ${String(balanceEvery)}.`,
      "balanceEvery",
      balanceEvery,
    );
  if (worker !== true && !(worker instanceof URL) && typeof worker !== "function")
    throw fault(
      "A pool's worker is true, a URL of wasmvisor/worker, or a function that makes one: each host needs its own.",
      "worker",
      worker,
    );
  return { hosts, worker: typeof worker === "function" ? worker : () => worker, balanceEvery, host };
}

function usualHosts(): number {
  const { navigator } = globalThis as { readonly navigator?: { readonly hardwareConcurrency?: number } };
  return Math.min(HOSTS_USUAL, Math.max(1, (navigator?.hardwareConcurrency ?? PROCESSORS_USUAL) - 1));
}

function fault(sentence: string, key: string, value: unknown): WasmvisorError {
  return new WasmvisorError("option", sentence, { key, value });
}
