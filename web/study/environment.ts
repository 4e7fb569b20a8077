/** The study's environment in a browser: no programs, no CPU time; workloads are files of the page. */

import type { Environment } from "../../src/study/environment.ts";
import packageJson from "../../package.json";

const files = (found: Record<string, unknown>) =>
  new Map(Object.entries(found).map(([path, address]) => [path.split("/").at(-1)!, address as string]));

const ELF_FILES = files(import.meta.glob("../../guests/bin/*.elf", { query: "?url", import: "default", eager: true }));
const WASM_FILES = files(
  import.meta.glob("../../guests/wasm/*.wasm", { query: "?url", import: "default", eager: true }),
);

async function read(address: string | undefined, name: string): Promise<Uint8Array> {
  const response = address === undefined ? undefined : await fetch(address);
  if (response?.ok !== true) throw new Error(`The workload ${name} cannot be fetched; reload the page.`);
  return new Uint8Array(await response.arrayBuffer());
}

/** "Chrome 143" out of the browser's own description. */
function engine(): string {
  const { userAgent } = navigator;
  const found = /(Firefox|Edg|Chrome|Version)\/(\d+)/.exec(userAgent);
  return found === null ? userAgent : `${found[1] === "Version" ? "Safari" : found[1]!} ${found[2]!}`;
}

/** This browser. */
export const browserEnvironment: Environment = {
  cpu: undefined,
  programs: undefined,
  host: () =>
    Promise.resolve({
      cpu: "unknown",
      cores: navigator.hardwareConcurrency,
      system: /\(([^)]*)\)/.exec(navigator.userAgent)?.[1] ?? "unknown",
      engine: engine(),
    }),
  load: () => undefined,
  guest: (name) => read(ELF_FILES.get(`${name}.elf`), name),
  wasm: (name) => read(WASM_FILES.get(`${name}.wasm`), name),
  version: () => Promise.resolve(packageJson.version),
};
