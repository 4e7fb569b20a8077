/** Assembles what the printer of regions prints, to compare it with the code that it was printed from. */

import binaryen from "binaryen";
import { HartField } from "../../assembly/state/layout.ts";
import { HartBlock, Priv, Tlb } from "../../assembly/shared/constants.ts";
import { Local } from "../../assembly/shared/emitted.ts";
import { localName } from "../../src/explain/names.ts";
import { fNames, xNames } from "../../src/isa/names.ts";

/** The only region's function of a module, as binaryen prints it, without names. */
export function onlyFunction(wasm: Uint8Array): string {
  return canonical(binaryen.readBinary(wasm));
}

/** A function that `watText` has printed, as binaryen prints it. */
export function assembledFunction(wat: string, ramMa: number): string {
  return canonical(assembledText(wat, ramMa));
}

function canonical(module: binaryen.Module): string {
  module.setFeatures(binaryen.Features.All);
  if (module.validate() === 0) throw new Error("the module is not valid");
  // Not all locals are declared in all regions: only those that are used count.
  module.runPasses(["reorder-locals"]);
  const text = binaryen.readBinary(module.emitBinary()).emitText();
  // What the engine is told of branches (branch-hints.test.ts) is not printed.
  const plain = text.replaceAll(/\s*\(@metadata\.code\.branch_hint "\\0[01]"\)/g, "");
  return plain.slice(plain.lastIndexOf("\n (func ")).replaceAll(/\(type \$\w+\)/g, "");
}

/** The function in a module like those that are emitted; names of offsets are numbers again. */
function assembledText(wat: string, ramMa: number): binaryen.Module {
  const types = ["i64", "i32", "f64", "f32", "i32"].flatMap((type, at) => {
    const [from, to] = [Local.X + 1, Local.EXIT, Local.F, Local.SA, Local.FH, Local.COUNT].slice(at, at + 2);
    return Array.from({ length: to! - from! }, (_, index) => `(local ${localName(from! + index)} ${type})`);
  });
  const text = wat
    .replace("(param", '(export "0") (param')
    .replace("(result i64)", (result) => `${result} ${types.join(" ")}`)
    .replace(/(?<=[if]\d\d)\.(?:load|store)\w*(?: offset=(\S+))?/g, (access, offset?: string) => {
      const numbered = offset === undefined ? access : access.replace(offset, String(offsetOf(offset, ramMa)));
      return `${numbered} align=1`;
    });
  return binaryen.parseText(`(module
    (type $region (func (param i32 i32 i64) (result i64)))
    (import "e" "m" (memory 1))
    (import "e" "t" (table 1 funcref))
    (import "e" "0" (func $core.load (type $region)))
    (import "e" "1" (func $core.store (type $region)))
    (import "e" "2" (func $core.callout (type $region)))
    (import "e" "3" (func $core.system (type $region)))
    (import "e" "4" (func $core.span (type $region)))
    (import "e" "5" (func $core.find (type $region)))
    (import "e" "6" (func $core.await (type $region)))
    (func $page (param i32 i32 i64) (result i64) unreachable)
    (func $callee (param i32 i32 i64) (result i64) unreachable)
    ${text})`);
}

function offsetOf(name: string, ramMa: number): number {
  const [, place = "", distance = "0"] = /^(.*?)(?:\+(\w+))?$/.exec(name) ?? [];
  return Number(distance) + placeOf(place, ramMa);
}

function placeOf(name: string, ramMa: number): number {
  const [block, field = "", mode = ""] = name.split(".");
  if (block === "ram") return ramMa;
  if (block === "tlb" && field.startsWith("micro")) {
    return Tlb.MICRO_DELTA + (Number(field.slice(5)) << Tlb.MICRO_SHIFT) + (mode === "store" ? 16 : 0);
  }
  if (block === "tlb") return Tlb.STORE_DELTA;
  if (block !== "hart") return Number(name);
  if (field === "jump") return HartBlock.JUMP + Priv[mode as "U" | "S" | "M"] * HartBlock.JUMP_MODE_BYTES;
  if (xNames.includes(field)) return HartField.x + 8 * xNames.indexOf(field);
  if (fNames.includes(field)) return HartField.f + 8 * fNames.indexOf(field);
  return HartField[field as keyof typeof HartField];
}
