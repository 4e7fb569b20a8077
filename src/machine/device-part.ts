/** A device as a part of a saved machine: by its table, or by the JSON of what an owner's device saves. */

import type { Device } from "../device/device.ts";
import type { TableDevice } from "../device/state.ts";
import type { Touch } from "../memory/late-pages.ts";
import { stateError } from "../state/section.ts";
import { JSON_TABLE } from "../state/json.ts";
import type { Part } from "../state/saved.ts";
import { ObjectTable } from "../state/table.ts";

/** The part that `device` is. */
export function devicePart(device: Device): Part {
  const name = `device/${device.name}`;
  if (hasTable(device)) {
    return {
      ...{ name, table: device.table, save: () => device.save(), restore: (values) => device.restore(values) },
      refuse: (values) => device.refuse?.(values as Readonly<Record<string, unknown>>),
      ...(device.touchSaved === undefined
        ? {}
        : { touch: (values: Readonly<Record<string, unknown>>, touch: Touch) => device.touchSaved!(values, touch) }),
    };
  }
  return {
    name,
    table: JSON_TABLE,
    foreign: true,
    save: () => saveForeign(device),
    restore: (values) => device.restore?.(values),
  };
}

function hasTable(device: Device): device is TableDevice {
  return (device as Partial<TableDevice>).table instanceof ObjectTable;
}

/** @throws WasmvisorError `state-device` */
function saveForeign(device: Device): unknown {
  const { name } = device;
  if (device.save === undefined || device.restore === undefined) {
    const sentence = `The device ${name} has no save and restore, so a VM with it cannot be saved; give it both.`;
    throw stateError("state-device", sentence, { name });
  }
  try {
    const state: unknown = device.save();
    // What JSON has no words for would come back as something else.
    if (typeof state === "object" && state !== null) return JSON.parse(JSON.stringify(state));
    throw new TypeError("save gives a plain object");
  } catch (cause) {
    const sentence = `The device ${name} cannot be saved: ${String(cause)}; have its save give a plain object.`;
    throw stateError("state-device", sentence, { name }, cause);
  }
}
