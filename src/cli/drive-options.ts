/** `--drive` and `--device`, in QEMU's words. */

import { defined } from "../defined.ts";
import type { DriveOptions, FlashOptions } from "../index.ts";
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
  if: (value) => IF[choice("if", value, ["virtio", "none", "pflash"])],
  unit: (value) => ({ unit: value === "0" || value === "1" ? Number(value) : noUnit(value) }),
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

const IF = { virtio: {}, none: { isLoose: true }, pflash: { isFlash: true } } as const;

function noUnit(value: string): never {
  throw usage(`The unit of a flash bank is 0 or 1, not "${value}".`);
}

interface Writable {
  isFlash: boolean;
  unit: number;
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
 * @returns the disks, and the flash banks by their unit
 * @throws WasmvisorError `usage`
 */
export function driveOptions(
  drives: readonly string[],
  devices: readonly string[],
  snapshot: boolean,
): { readonly drives?: readonly DriveOptions[]; readonly flash?: readonly (FlashOptions | undefined)[] } {
  const all = drives.map((text) => driveOf(text));
  const flash = flashOf(
    all.filter(({ isFlash }) => isFlash),
    snapshot,
  );
  const parsed = all.filter(({ isFlash }) => isFlash !== true);
  for (const text of devices) join(parsed, text);
  return {
    ...(parsed.length > 0 ? { drives: disksOf(parsed, snapshot) } : {}),
    ...(flash.length > 0 ? { flash } : {}),
  };
}

/** Banks without a unit take the first that is free, as in QEMU. */
function flashOf(banks: readonly Partial<Writable>[], snapshot: boolean): (FlashOptions | undefined)[] {
  const flash: (FlashOptions | undefined)[] = [];
  for (const { isFlash: _isFlash, unit, source, format, readonly, overlay, snapshot: own, ...others } of banks) {
    const [surplus] = Object.keys(others);
    if (surplus !== undefined) throw usage(`A flash bank has no property "${surplus}"; leave it out of --drive.`);
    const free = unit ?? [0, 1].find((bank) => flash[bank] === undefined) ?? 2;
    if (free > 1 || flash[free] !== undefined)
      throw usage("The board has one flash bank for each unit, 0 and 1; give each its own.");
    flash[free] = {
      source: source!,
      ...(format === undefined ? {} : { format }),
      ...(readonly === undefined ? {} : { readonly }),
      ...(overlay === undefined ? {} : { overlay }),
      ...((own ?? snapshot) ? { snapshot: true } : {}),
    };
  }
  return [...flash];
}

function disksOf(parsed: readonly Partial<Writable>[], snapshot: boolean): DriveOptions[] {
  const loose = parsed.find(({ unit }) => unit !== undefined);
  if (loose !== undefined) throw usage("A disk has no unit; write if=pflash,unit=0 for a flash bank.");
  return parsed.map(({ isLoose, id, operations, operationsBurst, bytes, bytesBurst, source, ...rest }) => {
    if (isLoose === true) {
      throw usage(
        `The drive ${id ?? source} has if=none and no device; add --device virtio-blk-device,drive=${id ?? "ID"}, or leave if=none out.`,
      );
    }
    const limits = defined({ operations, operationsBurst, bytes, bytesBurst });
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
