/** `--device`, in QEMU's words: which kinds there are, and what each asks for. */

import type { BalloonOptions, SerialOptions, VmConfig, VsockOptions } from "../index.ts";
import { onOff, type Properties, propertiesOf, slotOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** What `--device` adds to a VM. */
export interface DeviceOptions {
  /** Those that are disks, as they were given. */
  readonly disks: readonly string[];
  /** Those that are network devices. */
  readonly nets: readonly string[];
  /** Those that are shared folders, as they were given. */
  readonly shares: readonly string[];
  readonly rng?: NonNullable<VmConfig["rng"]>;
  readonly virtioSerial?: SerialOptions;
  /** Named serial ports, and the ids of their far ends. */
  readonly ports: readonly { readonly name: string; readonly chardev: string | undefined }[];
  readonly vsock?: VsockOptions;
  readonly balloon?: BalloonOptions;
  readonly generationId?: boolean | string;
  readonly watchdogTimer?: boolean;
}

type Building = { -readonly [Key in keyof DeviceOptions]: DeviceOptions[Key] } & {
  disks: string[];
  nets: string[];
  shares: string[];
  ports: { name: string; chardev: string | undefined }[];
};

/** What becomes of each kind. */
const KINDS: Readonly<Record<string, (building: Building, properties: Properties, text: string) => void>> = {
  "virtio-blk-device": (building, _properties, text) => void building.disks.push(text),
  "virtio-net-device": (building, _properties, text) => void building.nets.push(text),
  "virtio-9p-device": (building, _properties, text) => void building.shares.push(text),
  "virtio-rng-device": addRng,
  "virtio-serial-device": addSerial,
  virtconsole: addConsole,
  virtserialport: addPort,
  "vhost-vsock-device": addVsock,
  "virtio-balloon-device": (building, properties) => addBalloon(building, properties, {}),
  // With all that it can do.
  "virtio-balloon": (building, properties) =>
    addBalloon(building, properties, { deflateOnOom: true, freePageReporting: true }),
  vmgenid: addGeneration,
  "sunxi-wdt": addWatchdogTimer,
};

/**
 * What the values of `--device` ask for.
 * @throws WasmvisorError `usage`
 */
export function deviceOptions(devices: readonly string[]): DeviceOptions {
  const building: Building = { disks: [], nets: [], shares: [], ports: [] };
  for (const text of devices) {
    const [, kind = "", rest = ""] = /^([^,]*),?(.*)$/s.exec(text) ?? [];
    const add = Object.hasOwn(KINDS, kind) ? KINDS[kind] : undefined;
    if (add === undefined) throw noKind(kind);
    add(building, rest === "" ? new Map() : propertiesOf("device", rest), text);
  }
  return building;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

function noKind(kind: string): Error {
  const meant = kind.replace(/-pci$/, "-device");
  const advice = Object.hasOwn(KINDS, meant) ? `use ${meant}` : `there are ${Object.keys(KINDS).join(", ")}`;
  return usage(`There is no device "${kind}" to add; ${advice}.`);
}

/** Calls what knows each property. */
function readEach(
  kind: string,
  properties: Properties,
  known: Readonly<Record<string, (value: string, name: string) => void>>,
): void {
  for (const [name, value] of properties) {
    const read = Object.hasOwn(known, name) ? known[name] : undefined;
    if (read === undefined)
      throw usage(`The device ${kind} has no property "${name}"; it has ${Object.keys(known).join(", ")}.`);
    read(value, name);
  }
}

function addRng(building: Building, properties: Properties): void {
  if (building.rng !== undefined) throw usage("A VM has one virtio-rng-device; leave the others out.");
  const rng: { maxBytes?: number; period?: number; slot?: number } = {};
  const count = (value: string, name: string): number => {
    if (/^[1-9]\d{0,14}$/.test(value)) return Number(value);
    throw usage(`The ${name} of virtio-rng-device is a whole number from 1 up, not "${value}".`);
  };
  readEach("virtio-rng-device", properties, {
    "max-bytes": (value, name) => (rng.maxBytes = count(value, name)),
    period: (value, name) => (rng.period = count(value, name)),
    bus: (bus) => (rng.slot = slotOf(bus)),
    id: () => undefined,
    // Where the bytes come from; there is one source.
    rng: () => undefined,
  });
  building.rng = rng;
}

/** Sockets. Nobody outside the program can reach them yet: the words are QEMU's. */
function addVsock(building: Building, properties: Properties): void {
  if (building.vsock !== undefined) throw usage("A VM has one vhost-vsock-device; leave the others out.");
  const vsock: { cid?: number; slot?: number } = {};
  readEach("vhost-vsock-device", properties, {
    "guest-cid": (cid) => {
      if (!/^\d{1,10}$/.test(cid))
        throw usage(`The guest-cid of vhost-vsock-device is a whole number from 3 up, not "${cid}".`);
      vsock.cid = Number(cid);
    },
    bus: (bus) => (vsock.slot = slotOf(bus)),
    id: () => undefined,
  });
  building.vsock = vsock;
}

function addBalloon(building: Building, properties: Properties, usual: BalloonOptions): void {
  if (building.balloon !== undefined) throw usage("A VM has one virtio-balloon-device; leave the others out.");
  const balloon: { deflateOnOom?: boolean; freePageReporting?: boolean; slot?: number } = { ...usual };
  const isOn = (value: string, name: string): boolean => onOff(`The ${name} of virtio-balloon-device`, value);
  readEach("virtio-balloon-device", properties, {
    "deflate-on-oom": (value, name) => (balloon.deflateOnOom = isOn(value, name)),
    "free-page-reporting": (value, name) => (balloon.freePageReporting = isOn(value, name)),
    bus: (bus) => (balloon.slot = slotOf(bus)),
    id: () => undefined,
  });
  building.balloon = balloon;
}

function addGeneration(building: Building, properties: Properties): void {
  if (building.generationId !== undefined) throw usage("A VM has one vmgenid; leave the others out.");
  let id: boolean | string = true;
  readEach("vmgenid", properties, {
    guid: (guid) => {
      if (guid !== "auto" && !UUID.test(guid))
        throw usage(
          `The guid of vmgenid is auto, or a UUID such as 01234567-89ab-4def-8123-456789abcdef, not "${guid}".`,
        );
      id = guid === "auto" || guid;
    },
    id: () => undefined,
  });
  building.generationId = id;
}

function addWatchdogTimer(building: Building, properties: Properties): void {
  readEach("sunxi-wdt", properties, { id: () => undefined });
  building.watchdogTimer = true;
}

/** The device that has ports. QEMU wants it named before them; here it is there when one of them is. */
function addSerial(building: Building, properties: Properties): void {
  const serial: { slot?: number } = {};
  readEach("virtio-serial-device", properties, {
    bus: (bus) => (serial.slot = slotOf(bus)),
    id: () => undefined,
    max_ports: () => undefined,
  });
  building.virtioSerial = { ...building.virtioSerial, ...serial };
}

/** A console on this terminal. */
function addConsole(building: Building, properties: Properties): void {
  readEach("virtconsole", properties, { chardev: () => undefined, id: () => undefined, bus: () => undefined });
  if (building.virtioSerial?.console === true) throw usage("A VM has one virtconsole; leave the others out.");
  building.virtioSerial = { ...building.virtioSerial, console: true };
}

/** A named port; its far end is a `--chardev`. */
function addPort(building: Building, properties: Properties): void {
  const port: { name?: string; chardev: string | undefined } = { chardev: undefined };
  readEach("virtserialport", properties, {
    name: (name) => (port.name = name),
    chardev: (id) => (port.chardev = id),
    id: () => undefined,
    bus: () => undefined,
    nr: () => undefined,
  });
  const { name, chardev } = port;
  if (name === undefined)
    throw usage("A virtserialport needs a name=NAME, by which the guest finds it in /dev/virtio-ports.");
  building.ports.push({ name, chardev });
}
