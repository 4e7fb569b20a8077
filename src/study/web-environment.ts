/** The study's environment in a browser: wall time only, no programs, files by URL. */

import { WasmvisorError } from "../error.ts";
import type { Environment } from "./environment.ts";

/** What is asked of a browser's `navigator`. */
interface Browser {
  readonly userAgent?: string;
  readonly hardwareConcurrency?: number;
  readonly userAgentData?: {
    readonly brands: readonly { brand: string; version: string }[];
    readonly platform: string;
  };
}

/**
 * An environment for browsers.
 * @param guests - the address of this package's `dist/guests/`, with a slash at its end
 * @param version - this package's, for the report
 */
export function webEnvironment(guests: URL | string, version = "unknown"): Environment {
  const { navigator = {} } = globalThis as { navigator?: Browser };
  const { userAgent = "a browser", hardwareConcurrency = 1, userAgentData } = navigator;
  const file = (name: string) => fetchBytes(new URL(name, guests));
  return {
    cpu: undefined,
    programs: undefined,
    host: () =>
      Promise.resolve({
        cpu: "not told by browsers",
        cores: hardwareConcurrency,
        system: userAgentData?.platform ?? "unknown",
        engine: engineOf(userAgent),
      }),
    load: () => undefined,
    guest: (name) => file(`bin/${name}.elf`),
    wasm: (name) => file(`wasm/${name}.wasm`),
    version: () => Promise.resolve(version),
  };
}

/** The browser's own name in its user agent, which begins with those of others. */
function engineOf(userAgent: string): string {
  const product = /(Firefox|Edg|HeadlessChrome|Chrome|Version)\/[\d.]+/.exec(userAgent)?.[0];
  return product?.replace("/", " ").replace("Headless", "") ?? userAgent;
}

async function fetchBytes(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (response.ok) return new Uint8Array(await response.arrayBuffer());
  throw new WasmvisorError("source-unreadable", `The address ${url.href} cannot be fetched (${response.status}).`, {
    status: response.status,
  });
}
