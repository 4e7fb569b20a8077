/** What a VM is made from, by a machine's description. */

import { defined } from "../../defined.ts";
import { WasmvisorError } from "../../error.ts";
import { createDisk } from "../../disk/index.ts";
import { exists, resolvePath } from "../../host/state-folder.ts";
import {
  type DriveOptions,
  type NetworkOptions,
  parseMemorySize,
  type RestoreOptions,
  Switch,
  type VmConfig,
} from "../../index.ts";
import {
  type DriveDescription,
  failureActionOf,
  forwardOf,
  hasAgent,
  type MachineDescription,
  type NetworkDescription,
  sizeOf,
  takesForwards,
} from "../../lifecycle/machine-file.ts";
import type { NetworkWords } from "../net-options.ts";
import { openNetworks } from "../networks.ts";
import type { MachineFolder } from "./project.ts";

/** Where a machine is made. */
export interface Place {
  readonly name: string;
  /** The project's folder, from which the description's paths are. */
  readonly folder: string;
  readonly files: MachineFolder;
  /** Switches by name, which machines share. */
  readonly lans: Map<string, Switch>;
  /** Whether ports of this computer may lead to it: not to a clone, whose parent has them. */
  readonly hasForwards: boolean;
}

/** Whether a drive's changes are in the machine's folder. */
export function isOwn({ size, overlay }: DriveDescription): boolean {
  return size !== undefined || overlay === true;
}

/** Whether what the guest changes is in a file that the machine does not own. */
export function isForeign(drive: DriveDescription): boolean {
  return !isOwn(drive) && drive.readonly !== true && drive.forget !== true;
}

/** The description's path or address, from anywhere. */
function located(folder: string, name: string): string {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(name) ? name : resolvePath(folder, name);
}

/** @throws WasmvisorError as `createDisk` does */
async function driveOf(drive: DriveDescription, index: number, { folder, files }: Place): Promise<DriveOptions> {
  const { file, size, format, overlay, readonly, forget, serial } = drive;
  const own = files.disk(index);
  if (size !== undefined && !exists(own)) await createDisk(own, { size: sizeOf(size) });
  return {
    source: file === undefined ? own : located(folder, file),
    ...defined({ format: file === undefined ? ("qcow2" as const) : format, readonly, snapshot: forget, serial }),
    ...(overlay === true ? { overlay: own } : {}),
  };
}

/** The networks of a machine: those that it names, or one where ports lead to it. */
function networksOf({ networks, forwards = [] }: MachineDescription): readonly NetworkDescription[] {
  return networks ?? (forwards.length > 0 ? [{ type: "user" }] : []);
}

/** What `openNetworks` makes of them; a `lan` has its far end later. */
function networkWords(machine: MachineDescription, place: Place): NetworkWords[] {
  const networks = networksOf(machine);
  const first = networks.findIndex(takesForwards);
  const hostfwd = place.hasForwards ? (machine.forwards ?? []).map((words) => forwardOf(words)!) : [];
  return networks.map((network, index) => {
    const { type, mac = macOf(place.name, index), mtu, restrict, vni, peers = [], port, url, wisp, fetch } = network;
    const device = defined({ mac, mtu });
    if (type === "user") {
      const user = { ...defined({ restrict }), ...(index === first ? { hostfwd } : {}) };
      const sockets = fetch === true ? ("fetch" as const) : wisp === undefined ? undefined : { wisp: { url: wisp } };
      return { device, user, ...defined({ sockets }) };
    }
    if (type === "vxlan")
      return { device, vxlan: { vni: vni!, peers: peers.map((address) => ({ address })), ...defined({ port }) } };
    return type === "relay" ? { device, relay: { url: url! } } : { device };
  });
}

/** Its own for each machine and device of a project, and the same each time: locally administered, in QEMU's range. */
function macOf(name: string, index: number): string {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(`${name}/${index}`)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  const bytes = [0x52, 0x54, 0, hash & 0xff, (hash >> 8) & 0xff, (hash >> 16) & 0xff];
  return bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":");
}

/**
 * The network devices, opened.
 * @throws WasmvisorError as `openNetworks` does
 */
async function openedNetworks(machine: MachineDescription, place: Place): Promise<NetworkOptions[]> {
  const opened = await openNetworks(networkWords(machine, place));
  return opened.map((options, index) => {
    const { type, name = "lan" } = networksOf(machine)[index]!;
    // A clone has its parent's address.
    if (type !== "lan" || !place.hasForwards) return options;
    const lan = place.lans.get(name) ?? new Switch();
    place.lans.set(name, lan);
    return { ...options, backend: lan.port() };
  });
}

/** Closes networks that no VM has. */
export async function closeNetworks(networks: readonly Pick<NetworkOptions, "backend">[] = []): Promise<void> {
  for (const { backend } of networks) if (typeof backend === "object") await backend.close();
}

/** What boots, and what there is beside it. */
type Images = Pick<VmConfig, "kernel" | "initrd" | "append" | "bios">;

async function imagesOf(
  machine: MachineDescription,
  { folder }: Place,
  vm: VmConfig,
  signal: AbortSignal,
): Promise<Images> {
  const { linux, kernel, initrd, bios, append } = machine;
  if (linux !== undefined) {
    const { debianImages } = await import("../linux.ts");
    return debianImages(
      { vm: { ...vm, ...defined({ append }) }, networks: networksOf(machine).map(() => ({ device: {} })) },
      signal,
    );
  }
  const firmware = bios === undefined || bios === "builtin" || bios === "none" ? bios : located(folder, bios);
  return defined({
    kernel: kernel === undefined ? undefined : located(folder, kernel),
    initrd: initrd === undefined ? undefined : located(folder, initrd),
    append,
    bios: firmware,
  });
}

function sharesOf({ shares = [] }: MachineDescription, { folder }: Place): Pick<VmConfig, "shares"> {
  if (shares.length === 0) return {};
  return {
    shares: shares.map(({ tag, folder: source, readonly }) => ({
      tag,
      source: resolvePath(folder, source),
      ...defined({ readonly }),
    })),
  };
}

/**
 * What `Host.createVm` makes the machine from. Its networks are open; who does not make a VM of it closes them.
 * @throws WasmvisorError as the parts' makers do; the signal's reason
 */
export async function configOf(machine: MachineDescription, place: Place, signal: AbortSignal): Promise<VmConfig> {
  const { memory, harts, cpu, engine, balloon, watchdog, checkpoints, watchdogTimer, generationId } = machine;
  const { memoryReservation, memoryShares } = machine;
  for (const size of [memory, memoryReservation]) if (size !== undefined) parseMemorySize(size);
  const drives: DriveOptions[] = [];
  for (const [index, drive] of (machine.drives ?? []).entries()) drives.push(await driveOf(drive, index, place));
  const vm: VmConfig = {
    ...defined({ memory, memoryReservation, memoryShares, harts, engine, watchdogTimer, generationId }),
    ...(cpu === undefined ? {} : { cpu: defined(cpu) }),
    ...(balloon === true ? { balloon: true } : {}),
    ...(watchdog === undefined ? {} : { watchdog: typeof watchdog === "boolean" ? watchdog : defined(watchdog) }),
    ...(checkpoints === undefined ? {} : { checkpoints: { every: checkpoints.every } }),
    onFailure: failureActionOf(machine),
    ...(drives.length > 0 ? { drives } : {}),
    ...sharesOf(machine, place),
    agent: hasAgent(machine),
    signal,
  };
  const images = await imagesOf(machine, place, vm, signal);
  return { ...vm, ...images, networks: await openedNetworks(machine, place) };
}

/**
 * What `Host.restore` needs beside the machine's state.
 * @throws WasmvisorError as `configOf` does
 */
export async function restoreOptionsOf(
  machine: MachineDescription,
  place: Place,
  signal: AbortSignal,
): Promise<RestoreOptions> {
  for (const [index, drive] of (machine.drives ?? []).entries()) {
    if (!isOwn(drive) || exists(place.files.disk(index))) continue;
    const sentence = `The disk ${place.files.disk(index)} of the machine ${place.name} is gone; start it without its state with wasmvisor up --cold.`;
    throw new WasmvisorError("machine", sentence);
  }
  const {
    kernel,
    initrd,
    append,
    bios,
    engine,
    cpu,
    shares,
    onFailure,
    watchdog,
    checkpoints,
    memoryReservation,
    memoryShares,
    drives = [],
    networks = [],
  } = await configOf(machine, place, signal);
  const firmware = bios === "builtin" || bios === "none" ? undefined : bios;
  return {
    ...defined({ kernel, initrd, append, bios: firmware, engine, cpu, shares, onFailure, watchdog, checkpoints }),
    ...defined({ memoryReservation, memoryShares }),
    drives: drives.map(({ source, format, overlay, readonly, snapshot }) => ({
      source,
      ...defined({ format, overlay, readonly, snapshot }),
    })),
    networks: networks.map(({ backend }) => defined({ backend })),
    signal,
  };
}
