/** `wasmvisor top`: what VMs use of their hosts, as a table. */

import type { VmAccounting } from "../../index.ts";

/** What is known of the VM at a control socket. */
export interface TopRow {
  readonly control: string;
  /** Undefined when it does not answer. */
  readonly accounting: VmAccounting | undefined;
}

const TITLES = ["VM", "STATE", "CPU%", "WAIT%", "MIPS", "MEMORY", "SHARED", "PAGED", "OF", "DISK/s", "NET/s"] as const;

/**
 * The table, with what has been used since `before`; what is not in that, since the VM was made.
 * @param before - rows of an earlier look
 */
export function topText(rows: readonly TopRow[], before: readonly TopRow[] = []): string {
  const lines = [TITLES, ...rows.map((row) => cells(row, earlier(row, before)))];
  const widths = TITLES.map((_, column) => Math.max(...lines.map((line) => line[column]!.length)));
  const text = (line: readonly string[]): string =>
    line.map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!))).join("  ");
  return lines.map((line) => `${text(line).trimEnd()}\n`).join("");
}

/** All of it as one line of JSON. */
export function topJson(rows: readonly TopRow[]): string {
  return `${JSON.stringify(rows.map(({ control, accounting }) => ({ control, ...(accounting ?? { state: "unreachable" }) })))}\n`;
}

/** An earlier look at the same VM: not at one that has taken its socket since. */
function earlier({ control, accounting }: TopRow, before: readonly TopRow[]): VmAccounting | undefined {
  const other = before.find((row) => row.control === control)?.accounting;
  if (other === undefined || accounting === undefined) return undefined;
  return other.milliseconds < accounting.milliseconds && other.instructions <= accounting.instructions
    ? other
    : undefined;
}

function cells({ control, accounting: now }: TopRow, before: VmAccounting | undefined): readonly string[] {
  const name = printable(control);
  if (now === undefined) return [name, "unreachable", ...TITLES.slice(2).map(() => "-")];
  const milliseconds = Math.max(1, now.milliseconds - (before?.milliseconds ?? 0));
  const change = (of: (use: VmAccounting) => number): number => of(now) - (before === undefined ? 0 : of(before));
  const disk = change(({ io }) => io.diskBytesRead + io.diskBytesWritten);
  const network = change(({ io }) => io.networkBytesReceived + io.networkBytesSent);
  return [
    name,
    printable(now.state),
    ((100 * change(({ cpu }) => cpu.milliseconds)) / milliseconds).toFixed(1),
    ((100 * change(({ cpu }) => cpu.waitedMilliseconds)) / milliseconds).toFixed(1),
    (change(({ instructions }) => instructions) / 1000 / milliseconds).toFixed(1),
    bytes(now.memory.touchedBytes),
    bytes(now.memory.sharedBytes),
    bytes(now.memory.pagedBytes),
    bytes(now.memory.ramBytes),
    bytes((1000 * disk) / milliseconds),
    bytes((1000 * network) / milliseconds),
  ];
}

const UNITS = ["", "K", "M", "G"];

function bytes(count: number): string {
  let [value, unit] = [count, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${value < 10 && unit > 0 ? value.toFixed(1) : Math.round(value)}${UNITS[unit]}`;
}

/** What another process says goes to a terminal: no control characters. */
function printable(text: unknown): string {
  return String(text)
    .replace(/[^\x20-\x7e\u00a0-\uffff]/g, "?")
    .slice(0, 80);
}

/**
 * What came as an answer, if it is an account: another program may be at the socket.
 */
export function accountingOf(value: unknown): VmAccounting | undefined {
  return matches(value, SHAPE) ? (value as VmAccounting) : undefined;
}

type Shape = "number" | "string" | { readonly [name: string]: Shape };

const SHAPE: Shape = {
  state: "string",
  milliseconds: "number",
  instructions: "number",
  cpu: { milliseconds: "number", waitedMilliseconds: "number" },
  memory: { ramBytes: "number", touchedBytes: "number", sharedBytes: "number", pagedBytes: "number" },
  io: {
    diskBytesRead: "number",
    diskBytesWritten: "number",
    networkBytesReceived: "number",
    networkBytesSent: "number",
  },
};

function matches(value: unknown, shape: Shape): boolean {
  if (typeof shape === "string") return typeof value === shape;
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(shape).every(([name, part]) => matches((value as Record<string, unknown>)[name], part));
}
