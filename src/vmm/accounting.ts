/** What a VM has used of its host. */

import type { SharingStatistics } from "../memory/scanner.ts";
import type { PagingStatistics } from "../memory/paging/pager.ts";
import type { PoolStatistics } from "../memory/pool.ts";
import type { CpuUse } from "./scheduler/scheduler.ts";
import type { VmCpuChoice } from "./scheduler/settings.ts";
import type { VmState } from "./vm-types.ts";

/** Bytes and requests of a VM's disks, and frames of its networks, since it was made. */
export interface IoUse {
  readonly diskRequests: number;
  readonly diskBytesRead: number;
  readonly diskBytesWritten: number;
  readonly networkFramesReceived: number;
  readonly networkFramesSent: number;
  readonly networkBytesReceived: number;
  readonly networkBytesSent: number;
}

/** What a VM's RAM takes. */
export interface MemoryUse {
  /** Bytes of RAM that the guest sees. */
  readonly ramBytes: number;
  /** In pages that have a frame; the others take nothing. */
  readonly touchedBytes: number;
  /** Of these, in pages whose frame backs others too. */
  readonly sharedBytes: number;
  /** In pages that are in the host's page store. */
  readonly pagedBytes: number;
  /** What the guest has used lately of both, estimated by sampling; there with `Host.create({ paging })`. */
  readonly workingSetBytes?: number;
}

/** What a VM has used since it was made; instructions since it was last reset. */
export interface VmAccounting {
  /** The number of the VM in its host, from 1 on in the order of making. */
  readonly number: number;
  readonly state: VmState;
  /** Milliseconds since it was made. */
  readonly milliseconds: number;
  /** What it may have of the thread. */
  readonly settings: VmCpuChoice;
  readonly cpu: CpuUse;
  readonly instructions: number;
  readonly memory: MemoryUse;
  readonly io: IoUse;
}

/** What the VMs of a host have used. */
export interface HostAccounting {
  /** Milliseconds since the host was made; `cpu.milliseconds` of its VMs are parts of them. */
  readonly milliseconds: number;
  /** Those that have not been destroyed, in the order of making. */
  readonly vms: readonly VmAccounting[];
  /** Bytes of machine memory that VMs occupy, as `Host.allocatedBytes`. */
  readonly allocatedBytes: number;
  /** What the search for equal pages has done, and what sharing saves now; there with `Host.create({ sharing })`. */
  readonly sharing?: SharingStatistics & { readonly savedBytes: number };
  /** What paging has done; there with `Host.create({ paging })`. */
  readonly paging?: PagingStatistics;
  /** What backs their RAM. */
  readonly pool: PoolStatistics;
}

/** Counters of disks. */
interface DiskUse {
  readonly reads: number;
  readonly writes: number;
  readonly flushes: number;
  readonly discards: number;
  readonly bytesRead: number;
  readonly bytesWritten: number;
}

/** Counters of networks. */
interface NetworkUse {
  readonly framesReceived: number;
  readonly framesSent: number;
  readonly bytesReceived: number;
  readonly bytesSent: number;
}

/** The sums over a VM's devices. */
export function ioUse(disks: readonly DiskUse[], networks: readonly NetworkUse[]): IoUse {
  const sum = <Use>(uses: readonly Use[], of: (use: Use) => number): number =>
    uses.reduce((total, use) => total + of(use), 0);
  return {
    diskRequests: sum(disks, ({ reads, writes, flushes, discards }) => reads + writes + flushes + discards),
    diskBytesRead: sum(disks, ({ bytesRead }) => bytesRead),
    diskBytesWritten: sum(disks, ({ bytesWritten }) => bytesWritten),
    networkFramesReceived: sum(networks, ({ framesReceived }) => framesReceived),
    networkFramesSent: sum(networks, ({ framesSent }) => framesSent),
    networkBytesReceived: sum(networks, ({ bytesReceived }) => bytesReceived),
    networkBytesSent: sum(networks, ({ bytesSent }) => bytesSent),
  };
}
