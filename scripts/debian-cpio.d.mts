export interface CpioEntry {
  path: string;
  mode: number;
  data: Uint8Array;
  rdev?: [major: number, minor: number];
}
export function dir(path: string, mode?: number): CpioEntry;
export function file(path: string, data: string | Uint8Array, mode?: number): CpioEntry;
export function link(path: string, target: string): CpioEntry;
export function charDevice(path: string, major: number, minor: number, mode?: number): CpioEntry;
export function cpio(entries: CpioEntry[]): Buffer;
