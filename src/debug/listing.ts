/** The instructions around an address, as a debugger lists them. */

import type { Address, Hart } from "../index.ts";
import { virtualAddress } from "../memory/address.ts";
import { disassemble, type Disassembly } from "../isa/disasm.ts";

/** One instruction of a listing. */
export interface Line extends Disassembly {
  /** Its virtual address. */
  readonly va: bigint;
  /** Its bytes: 16 or 32 bits, little-endian. */
  readonly word: number;
  /** Where it goes when it is a jump or a branch to a fixed address. */
  readonly target?: bigint;
}

/** Branches, jumps and their compressed forms, whose last operand is an address. */
const TRANSFER = /^(?:c\.)?(?:j|jal|b(?:eq|ne|lt|ge|ltu|geu|eqz|nez))\t(?:.*,)?(0x[\da-f]+)$/;

/**
 * Up to `before` instructions that end at `va`, and `after` from it on, as far as memory can be read. What lies before is
 * a guess where instructions of two lengths mix: the longest run of instructions that leads to `va`.
 *
 * @throws nothing; where no memory can be read the listing is empty
 * @example for (const { va, text } of listing(vm.hart(0), vm.hart(0).pc)) console.log(va.toString(16), text);
 */
export function listing(hart: Hart, address: Address, before = 8, after = 24): Line[] {
  const va = virtualAddress(address);
  return [...preceding(hart, va, before), ...following(hart, va, after)];
}

function following(hart: Hart, start: bigint, count: number): Line[] {
  const lines: Line[] = [];
  for (let at = start; lines.length < count;) {
    const line = lineAt(hart, at);
    if (line === undefined) return lines;
    lines.push(line);
    at = BigInt.asUintN(64, at + BigInt(line.length));
  }
  return lines;
}

/** Of the starting points that lead to `end`, the one whose instructions make sense furthest back. */
function preceding(hart: Hart, end: bigint, count: number): Line[] {
  for (let bytes = 4 * count; bytes > 0; bytes -= 2) {
    const lines = leadingTo(hart, BigInt.asUintN(64, end - BigInt(bytes)), end);
    if (lines !== undefined) return lines.slice(-count);
  }
  return [];
}

function leadingTo(hart: Hart, start: bigint, end: bigint): Line[] | undefined {
  const lines: Line[] = [];
  for (let at = start; at !== end;) {
    const line = at < end ? lineAt(hart, at) : undefined;
    if (line === undefined || line.text.startsWith(".")) return undefined;
    lines.push(line);
    at += BigInt(line.length);
  }
  return lines;
}

function lineAt(hart: Hart, va: bigint): Line | undefined {
  const low = half(hart, va);
  if (low === undefined) return undefined;
  const high = (low & 3) === 3 ? half(hart, BigInt.asUintN(64, va + 2n)) : 0;
  if (high === undefined) return undefined;
  const word = (low | (high << 16)) >>> 0;
  const shown = disassemble(word, va);
  const target = TRANSFER.exec(shown.text)?.[1];
  return { ...shown, va, word, ...(target === undefined ? {} : { target: BigInt(target) }) };
}

function half(hart: Hart, va: bigint): number | undefined {
  if (hart.translate(va, "fetch") === undefined) return undefined;
  try {
    const bytes = hart.read(va, 2);
    return bytes[0]! | (bytes[1]! << 8);
  } catch {
    return undefined;
  }
}
