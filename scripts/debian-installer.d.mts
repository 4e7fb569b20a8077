import type { EgressPolicy, NetworkBackend, Vm, VmConfig } from "../src/index.ts";
/** Fetches what the installer needs unless it is there. */
export function ensureInstaller(options?: { update?: boolean }): { package: string; kernel: string };
export interface ServedInstaller {
  /** The server, as the guest reaches it. */
  url: string;
  policy: EgressPolicy;
  requests: string[];
  close(): void;
}
export function serveInstaller(mirror?: string): Promise<ServedInstaller>;
export function installerMachine(url: string, disk: string, network: NetworkBackend): VmConfig;
export function nextStep(vm: Vm, milliseconds?: number): Promise<string>;
