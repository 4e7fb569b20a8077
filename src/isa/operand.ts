/** Reads one operand of assembly text. */

import { csrByName } from "./csr.ts";
import { fenceSetNumber, fliConstants, fNumber, roundingModes, xNumber } from "./names.ts";

/** What a symbol's or number's text is worth; undefined when it is neither. */
export type Resolve = (text: string) => bigint | undefined;

type Parse = (text: string, resolve: Resolve, pc: bigint) => number | undefined;

const number: Parse = (text, resolve) => {
  const value = resolve(text);
  return value === undefined ? undefined : Number(value);
};

/** The name's place in the list. */
const oneOf =
  (names: readonly string[]): Parse =>
  (text) => {
    const index = names.indexOf(text);
    return index < 0 ? undefined : index;
  };

const x: Parse = (text) => xNumber(text);
const f: Parse = (text) => fNumber(text);

const target: Parse = (text, resolve, pc) => {
  const value = resolve(text);
  return value === undefined ? undefined : Number(BigInt.asIntN(64, value - pc));
};

/** Twenty bits, of which the sign may be written either way: `0xfffff` is `-1`. */
const upper: Parse = (text, resolve) => {
  const value = resolve(text);
  return value === undefined ? undefined : Number(BigInt.asIntN(20, value)) * 4096;
};

const parsers: Readonly<Record<string, Parse>> = {
  ...{ rd: x, rs1: x, rs2: x, "rd'": x, "rs1'": x, "rs2'": x },
  ...{ fd: f, fs1: f, fs2: f, fs3: f, "fd'": f, "fs1'": f, "fs2'": f },
  ...{ imm: number, zimm: number, shamt: number, upper, off: target },
  rm: oneOf(roundingModes),
  rm0: oneOf(roundingModes),
  fli: oneOf(fliConstants),
  csr: (text, resolve, pc) => csrByName.get(text)?.number ?? number(text, resolve, pc),
  pred: (text) => fenceSetNumber(text),
  succ: (text) => fenceSetNumber(text),
};

/** The value of operand `kind` (as in `Row`'s assembly syntax) written as `text`; undefined when it is none. */
export function parseOperand(kind: string, text: string, resolve: Resolve, pc: bigint): number | undefined {
  return parsers[kind]?.(text, resolve, pc);
}
