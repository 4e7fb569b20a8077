/** What `npm pack` says about a tarball. */
export interface Packed {
  readonly filename: string;
  /** Bytes. */
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly size: number }[];
}

export const MAX_TARBALL: number;
export const MAX_CORE: number;
export function pack(destination?: string): Promise<Packed>;
export function packageFaults(): Promise<string[]>;
