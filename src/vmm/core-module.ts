/** Where the core comes from. */

import { hasTailCalls, missingFeatures } from "../core/features.ts";
import { WasmvisorError } from "../error.ts";
import { absolute } from "./bundled.ts";
import { readLocation } from "./image-source.ts";

/** The core: its bytes, the compiled module, or where it is. */
export type CoreSource = WebAssembly.Module | Uint8Array | ArrayBuffer | URL;

/** From src/vmm the checkout's build/, from dist/src/vmm the package's dist/build/. */
const DEFAULT_URL = absolute(new URL("../../build/core.wasm", import.meta.url));

/** More than any core will ever be. */
const MAX_CORE_BYTES = 2 ** 26;

/**
 * The compiled core.
 * @throws WasmvisorError `unsupported` when the engine cannot run it, `core-unreachable` when it cannot be read,
 * `core-invalid` when it does not compile, `content-security-policy` when the page may not; the signal's reason
 */
export async function coreModule(source: CoreSource = DEFAULT_URL, signal?: AbortSignal): Promise<WebAssembly.Module> {
  checkSupport();
  if (source instanceof WebAssembly.Module) return source;
  const bytes = source instanceof URL ? await fetchCore(source, signal) : source;
  try {
    // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-assertion -- the DOM's types ask for it, node's do not
    return await WebAssembly.compile(bytes as Uint8Array<ArrayBuffer> | ArrayBuffer);
  } catch (cause) {
    if (/content security policy|unsafe-eval/i.test(String(cause))) throw forbidden(cause);
    const from = source instanceof URL ? source.href : "given as bytes";
    throw new WasmvisorError(
      "core-invalid",
      `The core (${from}) does not compile; ${advice(from) ?? "see that it is the core.wasm of this version of wasmvisor"}.`,
      { from },
      { cause },
    );
  }
}

const OTHERWISE = "have the bundler put wasmvisor/core.wasm there, or say where it is with Host.create({ wasm })";

/** What to set where a bundler is known to move the module away from its core. */
function advice(url: string): string | undefined {
  if (/\/node_modules\/(build|\.vite)\//.test(url))
    return 'add "wasmvisor" to optimizeDeps.exclude in vite\'s configuration';
  if (url.startsWith("/_next/")) return 'add "wasmvisor" to serverExternalPackages in next.config';
  return undefined;
}

function forbidden(cause: unknown): WasmvisorError {
  return new WasmvisorError(
    "content-security-policy",
    "This page's Content-Security-Policy forbids WebAssembly; add 'wasm-unsafe-eval' to its script-src.",
    {},
    { cause },
  );
}

function checkSupport(): void {
  const missing = missingFeatures();
  if (missing.length > 0) throw unsupported(missing);
}

/**
 * Whether translated code can run here.
 * @throws WasmvisorError `unsupported`
 */
export function checkTranslation(): void {
  if (!hasTailCalls()) throw unsupported(["tail calls in WebAssembly"]);
}

function unsupported(missing: string[]): WasmvisorError {
  return new WasmvisorError(
    "unsupported",
    `This browser or runtime lacks what wasmvisor needs (${missing.join(", ")}); update it${missing[0]?.startsWith("tail") ? ', or use the engine "interpreter"' : ""}.`,
    { missing },
  );
}

async function fetchCore(url: URL, signal: AbortSignal | undefined): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return (await readLocation(url, { name: "core", limit: MAX_CORE_BYTES, signal })).bytes;
  } catch (cause) {
    signal?.throwIfAborted();
    throw new WasmvisorError(
      "core-unreachable",
      `The core cannot be read from ${url.href}; ${advice(url.href) ?? OTHERWISE}.`,
      { url: url.href },
      { cause },
    );
  }
}
