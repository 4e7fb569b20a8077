/** Where the core comes from. */

import { openSource } from "#load";
import { WasmvisorError } from "../error.ts";
import { readAll } from "./image-source.ts";

/** The core: its bytes, the compiled module, or where it is. */
export type CoreSource = WebAssembly.Module | Uint8Array | ArrayBuffer | URL;

/** From src/vmm the checkout's build/, from dist/src/vmm the package's dist/build/. */
const DEFAULT_URL = new URL("../../build/core.wasm", import.meta.url);

let usual: Promise<WebAssembly.Module> | undefined;

/**
 * The compiled core. The package's own is compiled once.
 * @throws WasmvisorError `core` when it cannot be read or is not WebAssembly
 */
export function coreModule(source?: CoreSource): Promise<WebAssembly.Module> {
  if (source instanceof WebAssembly.Module) return Promise.resolve(source);
  if (source !== undefined) return compile(source);
  usual ??= compile(DEFAULT_URL).catch((error: unknown) => {
    usual = undefined;
    throw error;
  });
  return usual;
}

async function compile(source: Uint8Array | ArrayBuffer | URL): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(source instanceof URL ? await bytesOf(source) : source);
  } catch (cause) {
    const from = source instanceof URL ? source.href : "the given bytes";
    throw new WasmvisorError("core", `The core cannot be loaded from ${from}; run npm run build.`, {}, { cause });
  }
}

/** More than any core will ever be. */
const MAX_CORE_BYTES = 2 ** 26;

async function bytesOf(url: URL): Promise<Uint8Array> {
  return readAll(await openSource(url), { name: "core", limit: MAX_CORE_BYTES });
}
