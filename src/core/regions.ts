/** Which regions a VM's translator has made. */

import { CodeField, VmField } from "../../assembly/state/layout.ts";
import { Op } from "../../assembly/isa/op.ts";
import { Translation } from "../../assembly/shared/constants.ts";
import { RegionField } from "../../assembly/shared/explained.ts";
import { Mode } from "../../assembly/shared/ir.ts";
import type { MachineSpace } from "./machine-space.ts";

/** Names of the privilege modes, by number. */
export const PRIV_NAMES = ["U", "S", undefined, "M"] as const;

/** A translated region. */
export interface RegionInfo {
  /** Virtual address of its entry. */
  readonly pc: bigint;
  /** The privilege mode that it was made for. */
  readonly mode: "U" | "S" | "M";
  /** Virtual address at which its own code begins, without callees that it has taken in. */
  readonly start: bigint;
  /** First virtual address after that. */
  readonly end: bigint;
  /** Guest instructions; those of a callee count at each call that has taken it in. */
  readonly instructions: number;
  /** True when RAM is one window for its loads and stores, which were untranslated when it was made. */
  readonly window: boolean;
}

/** The regions that are in use, the oldest first. */
export function translatedRegions({ vm, memory: { view } }: MachineSpace): RegionInfo[] {
  if (vm.u32(VmField.dbt) === 0) return [];
  const code = vm.u32(VmField.code);
  const first = view.getUint32(code + CodeField.regions, true);
  const count = view.getUint32(code + CodeField.regionCount, true);
  const addresses = Array.from({ length: count }, (_, index) => first + index * Translation.REGION_BYTES);
  return addresses.filter((ma) => isInUse(view, ma)).map((ma) => regionInfo(view, ma));
}

/** True when the interpreter meets the region at its entry. */
function isInUse(view: DataView, ma: number): boolean {
  const slot = view.getUint32(ma + RegionField.slot, true);
  if (view.getUint8(slot) !== Op.REGION) return false;
  let at = view.getUint32(slot + 4, true);
  while (at !== 0 && at !== ma) at = view.getUint32(at + RegionField.next, true);
  return at === ma;
}

function regionInfo(view: DataView, ma: number): RegionInfo {
  const pc = view.getBigUint64(ma + RegionField.va, true);
  const mode = view.getUint32(ma + RegionField.mode, true);
  const at = (field: RegionField) => BigInt.asUintN(64, pc + BigInt(view.getInt32(ma + field, true)));
  return {
    pc,
    mode: PRIV_NAMES[(mode >>> Mode.PRIV_SHIFT) & 3] ?? "M",
    start: at(RegionField.low),
    end: at(RegionField.high),
    instructions: view.getUint32(ma + RegionField.insns, true),
    window: (mode & Mode.FLAT) !== 0,
  };
}
