export class PrepareError extends Error {}
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
}
export function parseSources(text: string, isDeb822: boolean): AptSource[];
export function findMirror(etcApt?: string, environment?: Record<string, string | undefined>): string;
export interface Patience {
  waits?: readonly number[];
  wait?: (seconds: number) => void;
}
export type Execute = (program: string, args: readonly string[], options?: { cwd?: string }) => Buffer;
export interface Found {
  name: string;
  path: string;
  bytes: number;
}
export class PrivateApt {
  constructor(root: string, mirror?: string, options?: { retries?: Patience; execute?: Execute });
  readonly archives: string;
  configure(): void;
  update(warn?: (text: string) => void): void;
  closure(names: readonly string[]): string[];
  downloadClosure(names: readonly string[]): void;
  locate(name: string): Found;
  download(found: Found): string;
}
