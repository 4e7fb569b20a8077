/** Properties of an option, as QEMU writes them. */

import { usage } from "./usage.ts";

/** By name. */
export type Properties = ReadonlyMap<string, string>;

/**
 * `a=b,c=d` as properties; a comma in a value is written twice.
 * @throws WasmvisorError `usage`
 */
export function propertiesOf(option: string, text: string): Properties {
  return new Map(pairsOf(option, text));
}

/**
 * As `propertiesOf`, in order, for properties that may be given several times.
 * @throws WasmvisorError `usage`
 */
export function pairsOf(option: string, text: string): (readonly [name: string, value: string])[] {
  const parts = text.replaceAll(",,", "\0").split(",");
  return parts.map((part) => {
    const [name, ...value] = part.replaceAll("\0", ",").split("=");
    if (name === undefined || name === "")
      throw usage(`--${option} ${text} has an empty property; leave one comma out.`);
    return [name, value.length === 0 ? "on" : value.join("=")] as const;
  });
}

/**
 * The virtio slot that a device's `bus` names.
 * @throws WasmvisorError `usage`
 */
export function slotOf(bus: string): number {
  const match = /^virtio-mmio-bus\.([0-7])$/.exec(bus);
  if (match === null) throw usage(`There is no bus "${bus}"; use virtio-mmio-bus.0 to virtio-mmio-bus.7.`);
  return Number(match[1]);
}

/**
 * What `on` or `off` says. `what` is what messages call the property.
 * @throws WasmvisorError `usage`
 */
export function onOff(what: string, value: string): boolean {
  if (value === "on" || value === "off") return value === "on";
  throw usage(`${what} is on or off, not "${value}".`);
}
