/** Register and operand names of the RISC-V assembly language. */

const numbered = (prefix: string, first: number, last: number): string[] =>
  Array.from({ length: last - first + 1 }, (_, i) => `${prefix}${first + i}`);

/** ABI names of x0 to x31. */
export const xNames: readonly string[] = [
  ...["zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "s0", "s1"],
  ...numbered("a", 0, 7),
  ...numbered("s", 2, 11),
  ...numbered("t", 3, 6),
];

/** ABI names of f0 to f31. */
export const fNames: readonly string[] = [
  ...numbered("ft", 0, 7),
  ...numbered("fs", 0, 1),
  ...numbered("fa", 0, 7),
  ...numbered("fs", 2, 11),
  ...numbered("ft", 8, 11),
];

/** Rounding modes by number; 5 and 6 are reserved. */
export const roundingModes: readonly string[] = ["rne", "rtz", "rdn", "rup", "rmm", "5", "6", "dyn"];

/** FLI's constants by number, as the assembler writes them. (Zfa, "Load-Immediate Instructions") */
export const fliConstants: readonly string[] = [
  ...["-1.0", "min", "1.52587890625e-05", "3.0517578125e-05", "0.00390625", "0.0078125", "0.0625", "0.125"],
  ...["0.25", "0.3125", "0.375", "0.4375", "0.5", "0.625", "0.75", "0.875"],
  ...["1.0", "1.25", "1.5", "1.75", "2.0", "2.5", "3.0", "4.0"],
  ...["8.0", "16.0", "128.0", "256.0", "32768.0", "65536.0", "inf", "nan"],
];

const numbers = new Map<string, number>([
  ...xNames.map((name, i): [string, number] => [name, i]),
  ...numbered("x", 0, 31).map((name, i): [string, number] => [name, i]),
  ["fp", 8],
]);

const floatNumbers = new Map<string, number>([
  ...fNames.map((name, i): [string, number] => [name, i]),
  ...numbered("f", 0, 31).map((name, i): [string, number] => [name, i]),
]);

/** The number of an integer register by either of its names. */
export const xNumber = (name: string): number | undefined => numbers.get(name);

/** The number of a floating-point register by either of its names. */
export const fNumber = (name: string): number | undefined => floatNumbers.get(name);

/** A fence's predecessor or successor set: device input and output, memory reads and writes. */
export function fenceSetText(set: number): string {
  const text = Array.from("iorw")
    .filter((_, i) => (set >> (3 - i)) & 1)
    .join("");
  return text === "" ? "unknown" : text;
}

/** The set that `fenceSetText` names. */
export function fenceSetNumber(text: string): number | undefined {
  if (text === "unknown") return 0;
  if (!/^i?o?r?w?$/.test(text)) return undefined;
  return Array.from("iorw").reduce((set, letter, i) => set | (text.includes(letter) ? 8 >> i : 0), 0);
}
