/** What is in the virtio slots of a VM. */

import type { Console } from "../device/virtio/console/console.ts";
import type { PortBackend } from "../backend/port/port.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import { type BalloonOptions, VmBalloon } from "./balloon.ts";
import { AGENT_PORT } from "./agent/port-name.ts";
import type { CheckedConfig, VmConfig } from "./config.ts";
import { type Drive, openDrives } from "./drives.ts";
import type { NetworkOptions, VmNetwork } from "./networks.ts";
import { type SerialOptions, VmPort } from "./ports.ts";
import { type OpenedShare, openShares } from "./shares.ts";
import { CID_LEAST } from "../device/virtio/vsock/protocol.ts";
import { agentHasPort } from "./vsock-options.ts";
import type { VsockLine } from "./agent/vsock-line.ts";
import type { Vsock } from "../device/virtio/vsock/vsock.ts";
import type { Vsockets, VsockOptions } from "./vsock.ts";
import { virtioSlots } from "./virtio-slots.ts";

/** A console device before it has its console, which is the VM's. */
export interface SerialDevice {
  readonly slot: number;
  readonly hasConsole: boolean;
  make(console: PortBackend | undefined): Console;
}

/** The devices of one VM. */
export interface VirtioDevices {
  readonly drives: readonly Drive[];
  readonly networks: readonly VmNetwork[];
  readonly shares: readonly OpenedShare[];
  readonly vsock: Vsockets | undefined;
  readonly balloon: VmBalloon | undefined;
  readonly ports: readonly VmPort[];
  /** The agent's, which is none of the others. */
  readonly agentPort: VmPort | undefined;
  /** What has ports, and its slot. */
  readonly serial: SerialDevice | undefined;
  /** The others, by slot. */
  readonly models: ReadonlyMap<number, VirtioModel>;
}

/**
 * Makes them, by code that only VMs with such devices need, and opens the disks. Where nobody asks for a slot, disks get the highest ones,
 * then networks and shares, and then the others.
 * @throws WasmvisorError `virtio-slot`, and what `openDrives`, `openNetworks` and `openShares` throw
 */
export async function openVirtioDevices(
  config: VmConfig,
  { rng, agent, vsock, balloon: wantedBalloon, ramBytes }: CheckedConfig,
): Promise<VirtioDevices> {
  const { drives: disks = [], networks: cables = [], shares: folders = [] } = config;
  const hasAgentPort = agentHasPort({ agent, vsock });
  const virtioSerial = serialOf(config, hasAgentPort);
  const wanted = [...disks, ...cables, ...folders, rng, vsock, wantedBalloon, virtioSerial];
  const slots = virtioSlots(wanted.flatMap((device) => (device ? [device.slot] : [])));
  const ports = (virtioSerial?.ports ?? []).map((port) => new VmPort(port));
  const agentPort = agent ? new VmPort({ name: AGENT_PORT }) : undefined;
  const all = agentPort !== undefined && hasAgentPort ? [...ports, agentPort] : ports;
  const serial = virtioSerial && (await serialDevice(virtioSerial, slots.at(-1)!, all));
  const entropy = rng && new (await import("../device/virtio/rng/rng.ts")).Rng(rng);
  const opened: Opened = { drives: [], networks: [], shares: [] };
  try {
    opened.drives = await openDrives(disks, slots);
    opened.networks = await openCables(cables, slots.slice(disks.length));
    opened.shares = folders.length === 0 ? [] : await openShares(folders, slots.slice(disks.length + cables.length));
  } catch (error) {
    await abandonVirtioDevices(opened);
    throw error;
  }
  const { drives, networks, shares } = opened;
  const models = new Map<number, VirtioModel>(
    [...drives, ...networks, ...shares].map(({ slot, model }) => [slot, model]),
  );
  if (entropy !== undefined) models.set(slots[models.size]!, entropy);
  const sockets = vsock && (await socketDevice(vsock, agentPort));
  if (sockets !== undefined) models.set(slots[models.size]!, sockets.device!);
  const balloon = wantedBalloon && (await balloonDevice(wantedBalloon, ramBytes));
  if (balloon !== undefined) models.set(slots[models.size]!, balloon.model);
  return { drives, networks, shares, vsock: sockets, balloon, ports, agentPort, models, serial };
}

/** What must be closed. */
interface Opened {
  drives: readonly Drive[];
  networks: readonly VmNetwork[];
  shares: readonly OpenedShare[];
}

async function openCables(wanted: readonly NetworkOptions[], slots: readonly number[]): Promise<readonly VmNetwork[]> {
  if (wanted.length === 0) return [];
  const { openNetworks } = await import("./networks.ts");
  return openNetworks(wanted, slots);
}

/**
 * Closes disks and networks; shares are closed when the machine is released.
 * @throws WasmvisorError as the disks do
 */
export async function closeVirtioDevices({ drives, networks }: Readonly<Opened>): Promise<void> {
  await Promise.all([...drives, ...networks].map((device) => device.close()));
}

/** Closes all of them, when there will be no machine. */
export async function abandonVirtioDevices(opened: Readonly<Opened>): Promise<void> {
  for (const { share } of opened.shares) share.close();
  await Promise.allSettled([closeVirtioDevices(opened)]);
}

async function balloonDevice(options: BalloonOptions, ramBytes: number): Promise<VmBalloon> {
  const { Balloon } = await import("../device/virtio/balloon/balloon.ts");
  return new VmBalloon(new Balloon(options), ramBytes);
}

/** What has ports: the agent's needs one. */
export function serialOf({ virtioSerial }: VmConfig, hasAgent: boolean): SerialOptions | undefined {
  return virtioSerial ?? (hasAgent ? {} : undefined);
}

async function socketDevice(
  { cid = CID_LEAST, agent = false }: VsockOptions,
  agentPort: VmPort | undefined,
): Promise<Vsockets> {
  const [{ Vsock: Device }, { Vsockets }] = await Promise.all([
    import("../device/virtio/vsock/vsock.ts"),
    import("./vsock.ts"),
  ]);
  const sockets = new Vsockets();
  const line = agent && agentPort !== undefined ? await agentLine(agentPort, () => device) : undefined;
  const device: Vsock = new Device(cid, (port, from) =>
    port === line?.port ? line.accept(from) : sockets.accept(port, from),
  );
  device.onAccepted = (connection) => {
    if (line?.accepted(connection) !== true) sockets.accepted(connection);
  };
  sockets.device = device;
  return sockets;
}

async function agentLine(port: VmPort, device: () => Vsock): Promise<VsockLine> {
  const { VsockLine } = await import("./agent/vsock-line.ts");
  return new VsockLine({ backend: port.backend, whenAtRest: (act) => port.whenAtRest(act), device });
}

async function serialDevice(
  { console: hasConsole = false }: SerialOptions,
  slot: number,
  ports: readonly VmPort[],
): Promise<SerialDevice> {
  const { Console } = await import("../device/virtio/console/console.ts");
  return { slot, hasConsole, make: (console) => new Console(ports, console) };
}
