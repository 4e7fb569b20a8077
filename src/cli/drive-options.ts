/** `--drive` and `--device`, in QEMU's words. */

import type { DriveOptions } from "../index.ts";
import { propertiesOf, slotOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** What is known of each property of `--drive`, and what becomes of it. */
const DRIVE: Readonly<Record<string, (value: string, name: string) => Partial<Writable>>> = {
  file: (source) => ({ source }),
  format: (format) => ({ format: choice("format", format, ["raw", "qcow2"]) }),
  overlay: (overlay) => ({ overlay }),
  readonly: (value, name) => ({ readonly: onOff(name, value) }),
  "read-only": (value, name) => ({ readonly: onOff(name, value) }),
  snapshot: (value, name) => ({ snapshot: onOff(name, value) }),
  serial: (serial) => ({ serial }),
  if: (value) => (choice("if", value, ["virtio", "none"]) === "none" ? { isLoose: true } : {}),
  id: (id) => ({ id }),
  bus: (bus) => ({ slot: slotOf(bus) }),
  media: (value) => (choice("media", value, ["disk", "cdrom"]) === "cdrom" ? { readonly: true } : {}),
  iops: (value, name) => ({ operations: count(name, value) }),
  "throttling.iops-total": (value, name) => ({ operations: count(name, value) }),
  "throttling.iops-total-max": (value, name) => ({ operationsBurst: count(name, value) }),
  bps: (value, name) => ({ bytes: count(name, value) }),
  "throttling.bps-total": (value, name) => ({ bytes: count(name, value) }),
  "throttling.bps-total-max": (value, name) => ({ bytesBurst: count(name, value) }),
  // What QEMU does about the host's own cache and threads; there is one way here.
  cache: () => ({}),
  aio: () => ({}),
  discard: () => ({}),
  "detect-zeroes": () => ({}),
};

interface Writable {
  source: string;
  format: "raw" | "qcow2";
  overlay: string;
  readonly: boolean;
  snapshot: boolean;
  serial: string;
  slot: number;
  id: string;
  isLoose: boolean;
  operations: number;
  operationsBurst: number;
  bytes: number;
  bytesBurst: number;
}

/**
 * The drives that `--drive`, `--device virtio-blk-device,drive=ID` and `--snapshot` ask for.
 * @param devices - the values of `--device` that add a disk
 * @throws WasmvisorError `usage`
 */
export function driveOptions(
  drives: readonly string[],
  devices: readonly string[],
  snapshot: boolean,
): readonly DriveOptions[] | undefined {
  if (drives.length === 0 && devices.length === 0) return undefined;
  const parsed = drives.map((text) => driveOf(text));
  for (const text of devices) join(parsed, text);
  return parsed.map(({ isLoose, id, operations, operationsBurst, bytes, bytesBurst, source, ...rest }) => {
    if (isLoose === true) {
      throw usage(
        `The drive ${id ?? source} has if=none and no device; add --device virtio-blk-device,drive=${id ?? "ID"}, or leave if=none out.`,
      );
    }
    const limits = Object.fromEntries(
      Object.entries({ operations, operationsBurst, bytes, bytesBurst }).filter(([, value]) => value !== undefined),
    );
    return {
      source: source!,
      ...rest,
      ...(Object.keys(limits).length > 0 ? { limits } : {}),
      ...(snapshot ? { snapshot } : {}),
    };
  });
}

/**
 * The layout of virtio registers that `--global virtio-mmio.force-legacy=…` asks for.
 * @throws WasmvisorError `usage`
 */
export function virtioLayout(globals: readonly string[]): "legacy" | "modern" | undefined {
  let layout: "legacy" | "modern" | undefined;
  for (const text of globals) {
    const match = /^virtio-mmio\.force-legacy=(on|off|true|false)$/.exec(text);
    if (match === null)
      throw usage(`There is no property "${text}" to set; --global takes virtio-mmio.force-legacy=false.`);
    layout = match[1] === "on" || match[1] === "true" ? "legacy" : "modern";
  }
  return layout;
}

function driveOf(text: string): Partial<Writable> {
  const drive: Partial<Writable> = {};
  for (const [name, value] of propertiesOf("drive", text)) {
    const read = Object.hasOwn(DRIVE, name) ? DRIVE[name] : undefined;
    if (read === undefined) {
      throw usage(
        `--drive has no property "${name}"; it has ${Object.keys(DRIVE).slice(0, 11).join(", ")} and limits such as iops and bps.`,
      );
    }
    Object.assign(drive, read(value, name));
  }
  if (drive.source === undefined) throw usage(`--drive ${text} names no image; write --drive file=disk.qcow2.`);
  return drive;
}

/** Gives a drive that has been made with `if=none` its device. */
function join(drives: readonly Partial<Writable>[], text: string): void {
  const [, ...rest] = text.split(",");
  const properties = propertiesOf("device", rest.join(",") || "drive=");
  const id = properties.get("drive");
  const drive = drives.find((one) => one.id === id);
  if (id === undefined || drive === undefined)
    throw usage(`--device ${text} names no drive; write drive=ID and --drive if=none,id=ID,file=….`);
  delete drive.isLoose;
  for (const [name, value] of properties) {
    if (name === "bus") drive.slot = slotOf(value);
    else if (name === "serial") drive.serial = value;
    else if (name !== "drive" && name !== "id")
      throw usage(`A disk has no property "${name}" to set; leave it out of --device.`);
  }
}

function onOff(name: string, value: string): boolean {
  return choice(name, value, ["on", "off"]) === "on";
}

function choice<Value extends string>(name: string, value: string, values: readonly Value[]): Value {
  const found = values.find((one) => one === value);
  if (found !== undefined) return found;
  throw usage(`The ${name} of a drive is ${values.join(" or ")}, not "${value}".`);
}

function count(name: string, value: string): number {
  if (/^[1-9]\d{0,11}$/.test(value)) return Number(value);
  throw usage(`The ${name} of a drive is a whole number from 1 up, not "${value}".`);
}
