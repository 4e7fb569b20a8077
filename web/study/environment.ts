/** The study's environment in this page: a browser's, with the workloads where the bundler has put them. */

import type { Environment } from "../../src/study/environment.ts";
import { webEnvironment } from "../../src/study/web-environment.ts";
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

/** This browser. */
export const browserEnvironment: Environment = {
  ...webEnvironment(location.href, packageJson.version),
  guest: (name) => read(ELF_FILES.get(`${name}.elf`), name),
  wasm: (name) => read(WASM_FILES.get(`${name}.wasm`), name),
};
