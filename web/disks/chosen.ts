/** Which of the browser's disks the machine gets; remembered, so that a reload boots with them again. */

import { listOpfs } from "../../src/host/opfs.ts";

const KEY = "wasmvisor.disks";

/** Names in the order in which they were chosen. */
export function chosenNames(): string[] {
  try {
    const names: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names.filter((name): name is string => typeof name === "string") : [];
  } catch {
    return [];
  }
}

export function choose(names: readonly string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(names));
  } catch {
    // Without a memory, they are chosen for this visit.
  }
}

/** Those of the chosen disks that there are. */
export async function chosenDisks(): Promise<string[]> {
  const names = chosenNames();
  if (names.length === 0) return [];
  const stored = await listOpfs().catch(() => []);
  return names.filter((name) => stored.some((disk) => disk.name === name));
}
