/** What a host in a worker and its owner say to each other. Both come from one package; what does not is refused. */

import type { Compilation } from "../host/load.ts";
import type { ImageSource } from "../vmm/image-source.ts";
import type { LoadProgress, VmConfig } from "../vmm/config.ts";
import type { RestoreOptions } from "../vmm/snapshot/restore.ts";
import type { SharingOptions } from "../vmm/sharing.ts";
import type { PagingOptions } from "../vmm/paging/options.ts";
import type { CloneOptions } from "../vmm/snapshot/template.ts";
import type { MigrateOptions, MigrationProgress } from "../vmm/migrate/options.ts";
import type { ByteStreams } from "../migration/line.ts";
import type { Watchdog } from "../vmm/cure/watchdog.ts";
import type { VmEvents, VmState } from "../vmm/vm-types.ts";

/** Which object is meant; `vm` is 0 for the host itself. */
export interface Address {
  readonly vm: number;
  readonly part:
    | "host"
    | "vm"
    | "console"
    | "memory"
    | "hart"
    | "port"
    | "agent"
    | "drive"
    | "network"
    | "balloon"
    | "lazyRestore"
    | "postCopy";
  /** The number of the hart, port, drive or network. */
  readonly index: number;
}

/** What to do with a member of that object. */
export interface Access {
  readonly op: "call" | "get" | "set";
  readonly member: string;
  readonly args: readonly unknown[];
}

/** An image on its way: a path, URL or request in words, anything else as it is. */
export type WireImage =
  | Exclude<ImageSource, URL | Request | string>
  | { readonly kind: "string" | "url"; readonly location: string }
  | { readonly kind: "request"; readonly location: string; readonly init: RequestInit };

/** A configuration without what cannot be sent. */
export interface WireConfig {
  readonly plain: Omit<VmConfig, ImageName | "signal" | "onProgress">;
  readonly images: Readonly<Partial<Record<ImageName, WireImage>>>;
}

/** The images of a configuration. */
export type ImageName = LoadProgress["image"];

/** The names, for loops. */
export const IMAGE_NAMES: readonly ImageName[] = ["kernel", "initrd", "bios", "dtb"];

/** How a snapshot is restored, without what cannot be sent. */
export interface WireRestore {
  readonly source: WireImage;
  readonly parents: readonly WireImage[];
  readonly plain: Omit<RestoreOptions, ImageName | "parents" | "signal" | "onProgress">;
  readonly images: WireConfig["images"];
}

/** An error in words. */
export interface WireError {
  /** Of a WasmvisorError; undefined for others. */
  readonly code: string | undefined;
  readonly name: string;
  readonly message: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Options of the host that take effect in the worker. */
export interface WorkerHostSettings {
  readonly maxMemory?: number;
  readonly compilation?: Compilation;
  readonly sharing?: boolean | SharingOptions;
  readonly paging?: boolean | PagingOptions;
}

/** To the worker; each but `abort` is answered. */
export type ToWorker = { readonly id: number } & (
  | { readonly type: "open"; readonly module: WebAssembly.Module; readonly options: WorkerHostSettings }
  | { readonly type: "create"; readonly config: WireConfig }
  | { readonly type: "restore"; readonly wire: WireRestore }
  | { readonly type: "clone"; readonly vm: number; readonly count: number; readonly options: CloneOptions }
  /** `wire` is as if it were restored from what comes. */
  | { readonly type: "receive"; readonly wire: WireRestore; readonly writable: WritableStream<Uint8Array> }
  | {
      readonly type: "migrate";
      readonly vm: number;
      readonly streams: ByteStreams;
      readonly options: Omit<MigrateOptions, "signal" | "onProgress">;
    }
  | { readonly type: "reset"; readonly vm: number }
  | ({ readonly type: "access" } & Address & Access)
  /** Destroys all VMs, and is answered when their disks are closed. */
  | { readonly type: "close" }
  | { readonly type: "abort" }
);

/** A line on its way to the worker. */
export interface SentStreams {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A port on its way from the worker. */
export interface SentPort {
  readonly name: string;
  readonly output: ReadableStream<Uint8Array>;
}

/** A network device on its way from the worker. */
export interface SentNetwork {
  readonly slot: number;
  readonly mac: string;
  readonly mtu: number;
}

/** A new VM. */
export interface CreatedVm {
  readonly vm: number;
  /** A VM that has come from elsewhere may run already. */
  readonly state: VmState;
  readonly harts: number;
  readonly memory: { readonly start: number; readonly size: number };
  /** The virtio slot of each drive. */
  readonly drives: readonly number[];
  readonly networks: readonly SentNetwork[];
  /** What it prints. */
  readonly output: ReadableStream<Uint8Array>;
  readonly ports: readonly SentPort[];
  /** The agent's port. */
  readonly agent: SentPort | undefined;
  /** Which of its pages are still to come: of a snapshot, or from its source. */
  readonly late: "lazyRestore" | "postCopy" | undefined;
  /** By what its owner sees a hang. */
  readonly watchdog: Watchdog | undefined;
}

/** Events that travel as messages; output has a stream. */
export type EventName = Exclude<keyof VmEvents, "output">;

/** From the worker. */
export type FromWorker =
  /** `printed`: bytes that the VM in question has printed by then. */
  | { readonly type: "done"; readonly id: number; readonly value: unknown; readonly printed: number }
  | { readonly type: "failed"; readonly id: number; readonly error: WireError }
  | { readonly type: "progress"; readonly id: number; readonly progress: LoadProgress | MigrationProgress }
  | {
      readonly type: "event";
      readonly vm: number;
      readonly name: EventName;
      readonly detail: unknown;
      readonly printed: number;
    };
