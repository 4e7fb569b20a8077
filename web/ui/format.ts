/** Numbers as people read them. */

const UNITS = ["", "k", "M", "G", "T"];

/** Three significant digits and a unit: 1234567 is "1.23 M". */
export function short(value: number): string {
  let unit = 0;
  let scaled = value;
  while (scaled >= 999.5 && unit < UNITS.length - 1) {
    scaled /= 1000;
    unit++;
  }
  const digits = scaled >= 100 || (unit === 0 && Number.isInteger(scaled)) ? 0 : scaled >= 10 ? 1 : 2;
  return `${scaled.toFixed(digits)}${unit === 0 ? "" : ` ${UNITS[unit]!}`}`;
}

/** Bytes in binary units: "4 KiB", "12.5 MiB". */
export function size(bytes: number): string {
  for (const [unit, power] of [
    ["GiB", 30],
    ["MiB", 20],
    ["KiB", 10],
  ] as const) {
    const scaled = bytes / 2 ** power;
    if (scaled >= 1) return `${Number.isInteger(scaled) ? scaled : scaled.toFixed(scaled >= 100 ? 0 : 1)} ${unit}`;
  }
  return `${bytes} B`;
}

/** `0x` and at least so many hexadecimal digits. */
export function hex(value: bigint | number, digits = 1): string {
  return `0x${value.toString(16).padStart(digits, "0")}`;
}

/** 16 hexadecimal digits, in two parts: the leading zeros, and the rest. */
export function hex64(value: bigint): { zeros: string; rest: string } {
  const text = value.toString(16).padStart(16, "0");
  const rest = text.replace(/^0{1,15}/, "");
  return { zeros: text.slice(0, 16 - rest.length), rest };
}
