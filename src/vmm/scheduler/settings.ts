/** How much of the thread a VM or a group of VMs may have, as programs ask for it. */

import { defined } from "../../defined.ts";
import { WasmvisorError } from "../../error.ts";
import { known } from "../known.ts";

/** What a VM, or a group of VMs, may have of the thread that its host runs on. */
export interface CpuSettings {
  /** Its part when there is not enough for all, in proportion to the shares of the others: 1 to 10,000. Default 100. */
  readonly shares?: number;
  /** The part of the thread that it gets at least when it wants to run: 0 to 0.9. Those of a host are 0.9 together at most. Default 0. */
  readonly reservation?: number;
  /** The part of the thread that it gets at most, even when nobody else wants it: 0.01 to 1. Default 1. */
  readonly cap?: number;
}

/** What a VM may have of the thread. */
export interface VmCpuSettings extends CpuSettings {
  /**
   * The group that it belongs to, which `Host.setCpuGroup` has made; null (the default) for none. Its shares then count among the group's VMs,
   * and its reservation is a part of the group's.
   */
  readonly group?: string | null;
}

/** All of them. */
export type CpuChoice = Required<CpuSettings>;

/** All of them. */
export type VmCpuChoice = Required<VmCpuSettings>;

/** What those get who ask for nothing. */
export const DEFAULT_CPU: VmCpuChoice = { shares: 100, reservation: 0, cap: 1, group: null };

/** What can be promised of a thread: the rest is the event loop's and the devices'. */
export const RESERVATION_MOST = 0.9;

const SHARES_MOST = 10_000;
const CAP_LEAST = 0.01;

const KEYS = Object.keys({ shares: 0, reservation: 0, cap: 0 } satisfies Record<keyof CpuSettings, 0>);

/**
 * `before`, changed as `settings` say.
 * @throws WasmvisorError `option` for an unknown key, `cpu`
 */
export function checkCpu(settings: CpuSettings, before: CpuChoice): CpuChoice {
  known({ code: "option", where: "cpu" }, settings, KEYS);
  const choice = { ...before, ...defined(settings) };
  between("shares", choice.shares, 1, SHARES_MOST);
  between("reservation", choice.reservation, 0, RESERVATION_MOST);
  between("cap", choice.cap, CAP_LEAST, 1);
  if (choice.reservation <= choice.cap) return choice;
  const sentence = `A reservation of ${choice.reservation} is more than the cap of ${choice.cap}; raise the cap, or reserve less.`;
  throw new WasmvisorError("cpu", sentence, { ...choice });
}

/**
 * The same of a VM; whether there is such a group is not looked at.
 * @throws WasmvisorError `option` for an unknown key, `cpu`
 */
export function checkVmCpu(settings: VmCpuSettings, before: VmCpuChoice): VmCpuChoice {
  known({ code: "option", where: "cpu" }, settings, [...KEYS, "group"]);
  const { group = before.group, ...own } = settings;
  if (group !== null && typeof group !== "string") {
    const sentence = `cpu.group is the name of a group or null, not ${String(group)}.`;
    throw new WasmvisorError("option", sentence, { key: "group", value: group });
  }
  const { group: _group, ...earlier } = before;
  return { ...checkCpu(own, earlier), group };
}

function between(name: string, value: number, least: number, most: number): void {
  if (typeof value === "number" && value >= least && value <= most) return;
  const sentence = `cpu.${name} is a number from ${least} to ${most}, not ${String(value)}.`;
  throw new WasmvisorError("cpu", sentence, { key: name, value });
}
