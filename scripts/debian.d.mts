export interface Manifest {
  kernel: string;
  packages: string[];
  files: Record<string, number>;
}
export const GUESTS: string;
/** A hash of what decides how they are made. */
export function recipe(): string;
export function readManifest(folder?: string): Manifest | undefined;
export function ensureDebian(options?: { update?: boolean }): Manifest;
