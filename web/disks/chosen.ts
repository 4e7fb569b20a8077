/** Which of the browser's disks the machine gets, and from where; remembered, so that a reload boots with them again. */

import { listOpfs } from "../../src/host/opfs.ts";
import type { DriveSpec } from "../session/protocol.ts";

const KEY = "wasmvisor.disks";
const ADDRESSES_KEY = "wasmvisor.disk-addresses";

function remembered(key: string): unknown {
  try {
    return JSON.parse(localStorage.getItem(key) ?? "null");
  } catch {
    return undefined;
  }
}

function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Without a memory, it holds for this visit.
  }
}

/** Names in the order in which they were chosen. */
export function chosenNames(): string[] {
  const names = remembered(KEY);
  return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
}

export const choose = (names: readonly string[]): void => remember(KEY, names);

/** The addresses that somebody has given for what lies below disks, by the disks' names. */
export function addresses(): Map<string, string> {
  const all = remembered(ADDRESSES_KEY);
  const isPair = (pair: [string, unknown]): pair is [string, string] => typeof pair[1] === "string";
  return new Map(typeof all === "object" && all !== null ? Object.entries(all).filter(isPair) : []);
}

/** Notes what lies below a disk; with undefined, that nothing on a server does. */
export function setAddress(name: string, address: string | undefined): void {
  const all = addresses();
  if (address === undefined) all.delete(name);
  else all.set(name, address);
  remember(ADDRESSES_KEY, Object.fromEntries(all));
}

/** A disk of the browser's storage, for the machine. */
export function storedDrive(name: string): DriveSpec {
  const address = addresses().get(name);
  return address === undefined ? { name, source: name } : { name, source: address, overlay: name };
}

/** Those of the chosen disks that there are. */
export async function chosenDisks(): Promise<string[]> {
  const names = chosenNames();
  if (names.length === 0) return [];
  const stored = await listOpfs().catch(() => []);
  return names.filter((name) => stored.some((disk) => disk.name === name));
}
