/** The monitor's `x` and `xp`: memory in several forms. */

import type { Vm } from "../index.ts";
import { csrByName } from "../isa/csr.ts";
import { xNames } from "../isa/names.ts";
import { disassemble } from "../isa/disasm.ts";

/** A mistake in what was typed; the message is shown. */
export class MonitorError extends Error {}

type Format = "x" | "d" | "u" | "c" | "i" | "s";

interface Request {
  readonly count: number;
  readonly format: Format;
  readonly bytes: 1 | 2 | 4 | 8;
}

const SIZES: Readonly<Record<string, Request["bytes"]>> = { b: 1, h: 2, w: 4, g: 8 };
const MAX_COUNT = 4096;
const MAX_STRING = 1024;

function parseRequest(text: string): Request {
  const match = /^(\d*)([xduciswbhg]*)$/.exec(text);
  if (match === null)
    throw new MonitorError(`"${text}" is no format; 8xg shows 8 words of 8 bytes, 10i ten instructions.`);
  const letters = [...(match[2] ?? "")];
  const format = letters.find((letter) => "xducis".includes(letter)) ?? "x";
  const size = letters.find((letter) => letter in SIZES);
  const count = Math.min(Number(match[1] === "" ? "1" : match[1]), MAX_COUNT);
  return { count, format: format as Format, bytes: SIZES[size ?? (format === "c" ? "b" : "w")] ?? 4 };
}

/** Numbers and registers joined by + and -. */
export function parseAddress(vm: Vm, hart: number, text: string): bigint {
  let value = 0n;
  const terms = text.replaceAll(/\s/g, "").match(/[+-]?[^+-]+/g) ?? [];
  if (terms.length === 0) throw new MonitorError("Give an address.");
  for (const term of terms) {
    const size = parseTerm(vm, hart, term.replace(/^[+-]/, ""));
    value += term.startsWith("-") ? -size : size;
  }
  return BigInt.asUintN(64, value);
}

function parseTerm(vm: Vm, hart: number, text: string): bigint {
  if (text.startsWith("$")) {
    const name = text.slice(1);
    if (name === "pc") return vm.hart(hart).pc;
    const number = xNames.indexOf(name === "fp" ? "s0" : name);
    if (number >= 0) return vm.hart(hart).x(number);
    if (csrByName.has(name)) return vm.hart(hart).csr(name);
    throw new MonitorError(`There is no register ${name}.`);
  }
  if (/^(0x[\da-f]+|\d+)$/i.test(text)) return BigInt(text);
  throw new MonitorError(`"${text}" is no address.`);
}

/** What `x/FORMAT ADDRESS` prints. */
export function examine(vm: Vm, hart: number, physical: boolean, format: string, address: string): string {
  const request = parseRequest(format);
  const start = parseAddress(vm, hart, address);
  const read = (at: bigint, length: number) =>
    physical ? vm.memory.read(Number(at), length) : vm.hart(hart).read(at, length);
  if (request.format === "i") return instructions(read, start, request.count);
  if (request.format === "s") return strings(read, start, request.count);
  return words(read, start, request);
}

type Read = (address: bigint, length: number) => Uint8Array;

function label(address: bigint): string {
  return address.toString(16).padStart(16, "0");
}

function instructions(read: Read, start: bigint, count: number): string {
  let text = "";
  for (let at = start; count > 0; count--) {
    const low = little(read(at, 2));
    const word = (low & 3n) === 3n ? low | (little(read(at + 2n, 2)) << 16n) : low;
    const { text: assembly, length } = disassemble(Number(word), at);
    text += `${label(at)}:  ${word
      .toString(16)
      .padStart(length * 2, "0")
      .padEnd(8)}  ${assembly}\n`;
    at = BigInt.asUintN(64, at + BigInt(length));
  }
  return text;
}

function strings(read: Read, start: bigint, count: number): string {
  let text = "";
  for (let at = start; count > 0; count--) {
    let value = "";
    let here = at;
    for (let byte = read(here, 1)[0] ?? 0; byte !== 0 && value.length < MAX_STRING; byte = read(++here, 1)[0] ?? 0) {
      value += String.fromCharCode(byte);
    }
    text += `${label(at)}:  ${JSON.stringify(value)}\n`;
    at = here + 1n;
  }
  return text;
}

function words(read: Read, start: bigint, { count, format, bytes }: Request): string {
  const perLine = 16 / bytes;
  let text = "";
  for (let index = 0; index < count; index++) {
    const at = start + BigInt(index * bytes);
    if (index % perLine === 0) text += `${index === 0 ? "" : "\n"}${label(at)}:`;
    text += `  ${shown(little(read(at, bytes)), format, bytes)}`;
  }
  return text === "" ? "" : `${text}\n`;
}

function shown(value: bigint, format: Format, bytes: number): string {
  if (format === "d") return BigInt.asIntN(bytes * 8, value).toString();
  if (format === "u") return value.toString();
  if (format === "c") return JSON.stringify(String.fromCharCode(Number(value & 0xffn)));
  return `0x${value.toString(16).padStart(bytes * 2, "0")}`;
}

function little(bytes: Uint8Array): bigint {
  return bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);
}
