/** Moving VMs by the command: addresses, the key, and what is told of it. */

import type { MigrationPlace } from "../host/migration-socket.ts";
import * as host from "../host/process.ts";
import type { MigrateOptions, MigrationStatistics, Vm } from "../index.ts";
import { usage } from "./usage.ts";

/** Where VMs that come are waited for when nobody says so. */
const LOOPBACK = "127.0.0.1";

/**
 * `tcp:HOST:PORT`, `tcp:PORT` (on this computer alone) or `unix:PATH`, as QEMU has them.
 * @throws WasmvisorError `usage`
 */
export function migrationPlace(text: string): MigrationPlace {
  const unix = /^unix:(.+)$/s.exec(text);
  if (unix !== null) return { kind: "unix", path: unix[1]! };
  const tcp = /^tcp:(?:(\[[0-9a-f:.]+\]|[^:[\]]*):)?(\d{1,5})$/i.exec(text);
  if (tcp === null || Number(tcp[2]) > 65_535)
    throw usage(`A migration goes to tcp:HOST:PORT or unix:PATH, not to "${text}".`);
  const name = (tcp[1] ?? "").replace(/^\[|\]$/g, "");
  return { kind: "tcp", host: name === "" ? LOOPBACK : name, port: Number(tcp[2]) };
}

/** The key in a file. @throws WasmvisorError as reading it does */
export async function migrationKey(file: string | undefined): Promise<{ readonly key?: Uint8Array }> {
  return file === undefined ? {} : { key: await host.readBytes(file) };
}

/** What a migration has done, in a line. */
export function statisticsText({
  rounds,
  pages,
  followed,
  bytes,
  downtime,
  milliseconds,
}: MigrationStatistics): string {
  const seconds = (milliseconds / 1000).toFixed(1);
  const late = followed === 0 ? "" : ` (${followed} of them when it ran there)`;
  return `moved in ${seconds} s: ${pages} pages${late} in ${rounds} rounds, ${bytes} bytes; it stood still for ${Math.round(downtime)} ms\n`;
}

/** Moves a VM to an address. @throws WasmvisorError `usage`, and as `Vm.migrateTo` does */
export async function migrateToAddress(
  vm: Vm,
  address: string,
  keyFile: string | undefined,
  options: MigrateOptions = {},
): Promise<MigrationStatistics> {
  const place = migrationPlace(address);
  const key = await migrationKey(keyFile);
  const { connectMigration } = await import("../host/migration-socket.ts");
  return vm.migrateTo(await connectMigration(place), { ...options, ...key });
}
