export class PrepareError extends Error {}
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
}
export function parseSources(text: string, isDeb822: boolean): AptSource[];
export function findMirror(etcApt?: string, environment?: Record<string, string | undefined>): string;
