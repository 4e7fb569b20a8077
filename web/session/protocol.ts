/** What the page and the worker that holds the machine say to each other. */

import type {
  AccessName,
  DiskMap,
  DriveOperation,
  DriveStatistics,
  EngineName,
  LoadProgress,
  MemoryUse,
  RegionExplanation,
  RegionInfo,
  SwitchPortCounters,
  TrapStorm,
  UserConnection,
  VmCounters,
  VmExit,
  VmState,
} from "../../src/index.ts";
import type { Line, PageWalk } from "../../src/debug/index.ts";
import type { NetworkChoice } from "../network/choice.ts";

/** An image: a file of the user's, an absolute address, or the guest that comes with wasmvisor. */
export type GuestImage = Blob | string | typeof DEMO;

/** Stands for the bundled guest. */
export const DEMO = { demo: true } as const;

/** A disk for the machine: one of the browser's storage by its name, one on a server by its address, or a file whose changes are forgotten. */
export interface DriveSpec {
  readonly name: string;
  readonly source: Blob | string;
  /** The disk of the browser's storage that takes what changes of a server's. */
  readonly overlay?: string;
}

/** A disk of the machine. */
export interface DriveView {
  readonly name: string;
  readonly slot: number;
  readonly description: string;
  readonly size: number;
  readonly readonly: boolean;
  readonly statistics: DriveStatistics;
  readonly map?: DiskMap;
}

/** What to boot. */
export interface GuestSpec {
  /** For people: "Demo guest", "Image + initrd.cpio". */
  readonly name: string;
  readonly kernel?: GuestImage;
  readonly initrd?: GuestImage;
  /** Firmware; "none" starts the kernel in M mode. */
  readonly bios?: GuestImage | "none";
  readonly append?: string;
  readonly memory: string;
  readonly harts: number;
  readonly drives?: readonly DriveSpec[];
  readonly network?: NetworkChoice;
}

/** A machine of the page, and what it takes. */
export interface MachineView {
  readonly number: number;
  readonly name: string;
  readonly state: VmState;
  readonly isInFront: boolean;
  readonly isKept: boolean;
  readonly memory: MemoryUse;
}

/** A port of the switch that the machine is plugged into. */
export interface PortView {
  readonly number: number;
  /** What is at it: a machine, or a way out. */
  readonly kind: "machine" | "tabs" | "fetch" | "relay" | "wisp" | "addresses";
  /** Of a machine: its number and name, and the address of its device. */
  readonly machine?: { readonly number: number; readonly name: string; readonly mac: string };
  readonly isBlocked: boolean;
  readonly counters: Readonly<SwitchPortCounters>;
}

/** A flow of the switch, in words. */
export interface FlowView {
  readonly id: number;
  readonly priority: number;
  readonly match: string;
  readonly actions: string;
  readonly packets: number;
  readonly bytes: number;
}

/** The network that the machine is on. */
export interface NetworkView {
  readonly choice: NetworkChoice;
  /** The number of this tab among those that are joined. */
  readonly tab: number;
  readonly ports: readonly PortView[];
  readonly addresses: readonly { readonly mac: string; readonly port: number; readonly age: number }[];
  readonly flows: readonly FlowView[];
  /** Those of the NAT that were used last, and how many there are. */
  readonly connections: readonly UserConnection[];
  readonly connectionCount: number;
}

/** What the page wants to see of the machine; each part is looked up only when it is asked for. */
export interface Query {
  readonly hart?: { readonly index: number; readonly at?: string };
  readonly pages?: boolean;
  readonly page?: number;
  readonly walk?: { readonly hart: number; readonly address: string; readonly access: AccessName };
  /** The hottest regions, so many of them. */
  readonly regions?: number;
  /** The disks; their maps take longer. */
  readonly drives?: { readonly maps: boolean };
  readonly explain?: { readonly pc: bigint; readonly mode: RegionInfo["mode"] };
  readonly machines?: boolean;
  readonly network?: boolean;
}

/** A region of translated code. */
export interface HotRegion extends RegionInfo {
  /** How much of the time its code is executed, 0 to 1, as far as has been seen. */
  readonly share: number;
  /** Where it is, when the guest has symbols. */
  readonly name: string | undefined;
}

/** Registers of a hart, and what it is about to do. */
export interface HartView {
  readonly index: number;
  readonly pc: bigint;
  readonly mode: "U" | "S" | "M";
  readonly waiting: boolean;
  readonly x: readonly bigint[];
  readonly csrs: readonly (readonly [name: string, value: bigint])[];
  readonly listing: readonly Line[];
}

/** What kind of entry each of a page table's 512 is: see `EntryKind`. */
export type TableView = Uint8Array;

export enum EntryKind {
  NOTHING = 0,
  TABLE = 1,
  PAGE = 2,
  USER_PAGE = 3,
}

/** A walk, with each table that it goes through as a whole. */
export interface WalkView extends PageWalk {
  readonly tables: readonly (TableView | undefined)[];
}

/** The machine at one moment. */
export interface View {
  /** Milliseconds, from an arbitrary origin. */
  readonly time: number;
  readonly state: VmState;
  readonly counters: VmCounters;
  readonly pc: bigint;
  readonly mode: "U" | "S" | "M";
  readonly harts: number;
  readonly hart?: HartView;
  /** `PageFlag` bits for each page of RAM. */
  readonly pages?: { readonly start: number; readonly flags: Uint8Array };
  readonly page?: { readonly pa: number; readonly bytes: Uint8Array };
  readonly walk?: WalkView | { readonly problem: string };
  readonly regions?: readonly HotRegion[];
  readonly drives?: readonly DriveView[];
  readonly explained?: RegionExplanation | { readonly problem: string };
  readonly machines?: readonly MachineView[];
  /** Undefined for a machine without a network, too. */
  readonly network?: NetworkView;
}

/** What the page can ask for; every answer comes by a promise. */
export interface Calls {
  /** Reads the images and makes the machine; it replaces the present one only when that works. */
  boot(spec: GuestSpec, engine: EngineName): void;
  start(): void;
  pause(): void;
  reset(): void;
  step(hart: number, instructions: number): void;
  /** Keeps what the machine is now, in memory. */
  keep(): void;
  /** Has it be what was kept. */
  goBack(): void;
  /** The machine as a file. */
  save(): Blob;
  /** Makes a machine of such a file, which comes to the front. */
  restore(file: Blob, name: string): void;
  /** Makes a copy of the machine, which shares its memory and comes to the front. */
  clone(): void;
  /** Has the machine with this number come to the front. */
  select(number: number): void;
  /** Gives up the machine with this number. */
  discard(number: number): void;
  setEngine(engine: EngineName): void;
  type(text: string): void;
  /** The terminal has shown so many more bytes. */
  shown(bytes: number): void;
  look(query: Query): View;
  /** Makes an empty qcow2 image of so many bytes, or one over another image, in the browser's storage. */
  createDisk(name: string, what: { readonly size: number } | { readonly base: string }): void;
  /** Has all that was written to a disk be in its file, which then stays as it is until the machine runs. */
  settleDisk(name: string): void;
}

/** What the worker says unasked. */
export interface Events {
  ready: { readonly engines: readonly EngineName[] };
  output: Uint8Array;
  state: { readonly state: VmState; readonly engine: EngineName };
  booted: { readonly name: string; readonly engine: EngineName };
  exit: Pick<VmExit, "code" | "reason"> & { readonly problem?: string };
  reset: { readonly by: "guest" | "host" };
  progress: LoadProgress;
  "trap-storm": TrapStorm;
  /** A disk could not do what the guest asked for, or could not be closed. */
  "drive-error": { readonly name: string; readonly operation: DriveOperation | "close"; readonly message: string };
  /** The relay has been lost, or does not let the page in; undefined: it is connected. */
  relay: { readonly problem: string | undefined };
}

/** A visitor's mistake that only this page knows: the sentence says what to do. */
export class PageError extends Error {
  override readonly name = "PageError";

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** An error on its way through a message. */
export interface Problem {
  readonly code: string;
  readonly message: string;
}

export type Request = {
  [Name in keyof Calls]: { readonly id: number; readonly call: Name; readonly args: Parameters<Calls[Name]> };
}[keyof Calls];

export type Message =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly problem: Problem }
  | { [Name in keyof Events]: { readonly event: Name; readonly detail: Events[Name] } }[keyof Events];
