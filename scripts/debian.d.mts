export interface Manifest {
  kernel: string;
  packages: string[];
  files: Record<string, number>;
}
export const GUESTS: string;
export function readManifest(folder?: string): Manifest | undefined;
export function ensureDebian(options?: { update?: boolean }): Manifest;
