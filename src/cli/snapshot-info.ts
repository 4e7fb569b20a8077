/** `wasmvisor snapshot info FILE`: what is in a snapshot. */

import { print } from "../host/process.ts";
import { type SnapshotDisk, type SnapshotInfo, snapshotInfo } from "../index.ts";
import { jsonText, sizeText } from "./img-info.ts";

/** Prints it. */
export async function printSnapshotInfo(file: string, isJson: boolean): Promise<void> {
  const info = await snapshotInfo(file);
  await print(isJson ? jsonText(info) : textOf(info));
}

/** What a file says of itself could be anything: nothing of it moves the cursor. */
const clean = (text: string): string => text.replace(/\p{C}/gu, "?");

function textOf(info: SnapshotInfo): string {
  const { id, parent, name, created, memory, storedMemory, instructions, networks, shares, parts } = info;
  const rows: readonly (readonly [string, string])[] = [
    ["id", id],
    ...(parent === undefined ? [] : [["builds upon", clean(parent)] as const]),
    ...(name === undefined ? [] : [["name", clean(name)] as const]),
    ["taken", new Date(Math.min(created, 8.64e15)).toISOString()],
    ["machine", machineText(info)],
    ["memory", `${sizeText(memory)}, ${sizeText(storedMemory)} in the file`],
    ["instructions", instructions.toLocaleString("en")],
    ...info.drives.map((drive, index) => [`disk ${index}`, diskText(drive)] as const),
    ...networks.map((mac, index) => [`network ${index}`, clean(mac)] as const),
    ...shares.map((tag) => ["share", clean(tag)] as const),
    ["parts", String(parts.length)],
  ];
  const width = Math.max(...rows.map(([title]) => title.length));
  return rows.map(([title, text]) => `${title.padEnd(width)}  ${text}\n`).join("");
}

function machineText({ harts, clock, agent }: SnapshotInfo): string {
  const words = [
    harts === 1 ? "1 hart" : `${harts} harts`,
    ...(clock === "deterministic" ? ["deterministic"] : []),
    ...(agent ? ["with an agent"] : []),
  ];
  return words.join(", ");
}

const WHERE: Readonly<Record<SnapshotDisk["content"], string>> = {
  none: "empty",
  same: "not in the file: give it again as it was",
  changes: "its changes are in the file",
  whole: "in the file",
};

function diskText({ content, size, readonly, description, storedBytes }: SnapshotDisk): string {
  const name = description === "" ? "" : `, ${clean(description)}`;
  const stored = storedBytes === 0 ? "" : ` (${sizeText(storedBytes)})`;
  return `${sizeText(size)}${readonly ? ", read only" : ""}${name}; ${WHERE[content]}${stored}`;
}
