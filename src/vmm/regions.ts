/** Explains regions: what a VM's translator makes of guest code, as text. */

import { HartField } from "../../assembly/state/layout.ts";
import { Priv } from "../../assembly/shared/constants.ts";
import type { Core } from "../core/core.ts";
import { explainRegion } from "../core/explained.ts";
import type { MachineSpace } from "../core/machine-space.ts";
import { guestText } from "../explain/guest.ts";
import { irText } from "../explain/ir.ts";
import { watText } from "../explain/wat.ts";
import { WasmvisorError } from "../error.ts";

export type { RegionInfo } from "../core/regions.ts";

/** Which region is meant. */
export interface RegionChoice {
  /** Number of the hart whose state decides what the address means, and what may be assumed. Default 0. */
  readonly hart?: number;
  /** The privilege mode that the region is for. Default: the hart's present one. */
  readonly mode?: "U" | "S" | "M";
}

/** A region, three times over. */
export interface RegionExplanation {
  /** Virtual address of its entry. */
  readonly pc: bigint;
  /** Guest instructions; those of a callee count at each call that has taken it in. */
  readonly instructions: number;
  /** The guest's instructions, one a line: address, bytes, text. */
  readonly guest: string;
  /** The translator's intermediate representation, block by block. */
  readonly ir: string;
  /**
   * Its WebAssembly function in the text format, with names for locals and for offsets from the hart's address. Each instruction of the
   * guest is a comment above its code: `;; 80000000  addi a0,a0,1`.
   */
  readonly wat: string;
  /** The module that the region alone would be. */
  readonly wasm: Uint8Array<ArrayBuffer>;
}

/** @throws WasmvisorError `region` when nothing can be translated there, or there is no such mode */
export function explain(
  core: Core,
  space: MachineSpace,
  pc: bigint,
  { hart = 0, mode }: RegionChoice,
): RegionExplanation {
  if (mode !== undefined && !["U", "S", "M"].includes(mode)) {
    throw new WasmvisorError("region", `There is no mode ${mode}; say "U", "S" or "M".`, { mode });
  }
  const priv = mode === undefined ? space.harts[hart]!.u32(HartField.priv) : Priv[mode];
  const parts = explainRegion(core, space, hart, BigInt.asUintN(64, pc), priv);
  if (parts === undefined) throw noRegion(pc);
  const { instructions, wasm } = parts;
  return { pc: parts.pc, instructions, guest: guestText(parts), ir: irText(parts), wat: watText(parts), wasm };
}

function noRegion(pc: bigint): WasmvisorError {
  return new WasmvisorError(
    "region",
    `Nothing can be translated at 0x${pc.toString(16)}: give an address of code that the hart can fetch, and let the VM have an engine that translates.`,
    { pc },
  );
}
