/** The states of the project's own devices: each has a table of its fields beside it. */

import { WasmvisorError } from "../error.ts";
import { Misfit } from "../state/section.ts";
import type { ObjectTable } from "../state/table.ts";
import type { Touch } from "../memory/late-pages.ts";
import type { Device } from "./device.ts";

type Values = Readonly<Record<string, unknown>>;

/** A device whose state is described by a table. */
export interface TableDevice<State extends Values = Values> extends Device {
  readonly table: ObjectTable<State>;
  save(): State;
  /** A sentence that says why the device cannot have this state, although it fits the table. Nothing is changed. */
  refuse?(state: State): string | undefined;
  /** Names the RAM that a device in this state, which it does not refuse, may use when something happens to it. */
  touchSaved?(state: State, touch: Touch): void;
  /** Throws something when it refuses it, or it is no state of its table. */
  restore(state: unknown): void;
}

/**
 * What `restore` of a device is given, as a state of its table.
 * @throws WasmvisorError `device-state` when it is none
 */
export function checkedState<State extends Values>(
  device: { readonly name: string; readonly table: ObjectTable<State> },
  state: unknown,
): State {
  try {
    return device.table.check(state);
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    const sentence = `The saved state of ${device.name} cannot be used: ${cause.message}; take a new one.`;
    throw new WasmvisorError("device-state", sentence, { device: device.name }, { cause });
  }
}
