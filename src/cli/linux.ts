/** `wasmvisor linux`: Debian's kernel to a busybox shell, fetched when it is first wanted. */

import { WasmvisorError } from "../error.ts";
import { CachedFolder } from "../host/cache.ts";
import { digest, sha256, verifyEd25519 } from "../host/digest.ts";
import { download } from "../host/http.ts";
import * as host from "../host/process.ts";
import { fetchLinux } from "../linux/archive.ts";
import { initramfs } from "../linux/initramfs.ts";
import { LINUX, MIRROR } from "../linux/release.ts";
import { ActionLine } from "./progress.ts";
import type { LinuxOptions } from "./options.ts";
import { run } from "./run.ts";

const KERNEL = "Image";
const BUSYBOX = "busybox";

/**
 * Boots it and returns the exit code.
 * @throws WasmvisorError when it cannot be fetched, or as `run` does
 */
export async function runLinux(options: LinuxOptions): Promise<number> {
  const mirror = archiveAddress(options.mirror ?? host.environment("DEBIAN_MIRROR") ?? MIRROR);
  const cache = new CachedFolder(`linux-${LINUX.version}`);
  const busybox = await ready(cache, mirror, options);
  if (typeof busybox === "number") return busybox;
  const { vm } = options.run;
  const append = [words(), ...(vm.append === undefined ? [] : [vm.append])].join(" ");
  const images = { kernel: cache.file(KERNEL), initrd: initramfs(busybox) };
  return run({ ...options.run, vm: { ...vm, ...images, append } });
}

/** The kernel's command line: where nobody looks on, the guest switches itself off once it is up. */
function words(): string {
  if (!host.stdinIsTerminal()) return "console=ttyS0 wasmvisor.exit";
  const size = host.terminalSize();
  return `console=ttyS0${size === undefined ? "" : ` wasmvisor.size=${size.rows}x${size.columns}`}`;
}

/** Has the files in the cache, and returns busybox; or the exit code, when a signal or the timeout ended that. */
async function ready(cache: CachedFolder, mirror: string, options: LinuxOptions): Promise<Uint8Array | number> {
  const cached = options.update ? undefined : await cache.read([KERNEL, BUSYBOX]);
  if (cached !== undefined) return cached.get(BUSYBOX)!;
  const { timeout } = options.run;
  const abort = new AbortController();
  let code: number | undefined;
  const end = (exitCode: number): void => {
    code ??= exitCode;
    abort.abort();
  };
  const ignore = host.onSignal((signalled) => (code === undefined ? end(signalled) : host.exit(signalled)));
  const timer = timeout === undefined ? undefined : setTimeout(() => end(host.TIMED_OUT), timeout * 1000);
  try {
    const fetched = await fetchInto(cache, mirror, abort.signal);
    return fetched;
  } catch (error) {
    if (code === undefined) throw error;
    if (code === host.TIMED_OUT)
      await host.printError(`wasmvisor: Linux has not come within ${timeout} s; try again\n`);
    return code;
  } finally {
    clearTimeout(timer);
    ignore();
  }
}

async function fetchInto(cache: CachedFolder, base: string, signal: AbortSignal): Promise<Uint8Array> {
  await cache.prepare();
  await host.printError(`wasmvisor: fetching Debian's Linux from ${base}, once\n`);
  const line = new ActionLine();
  try {
    const archive = {
      crypto: { digest, verifyEd25519 },
      hash: sha256,
      open: (path: string) => download(`${base}/${path}`, { signal }),
    };
    const { kernel, busybox } = await fetchLinux(archive, (name, loaded, total) =>
      line.update(`fetching ${name}`, loaded, total),
    );
    signal.throwIfAborted();
    await cache.write(
      new Map([
        [KERNEL, kernel],
        [BUSYBOX, busybox],
      ]),
    );
    return busybox;
  } finally {
    line.end();
  }
}

function archiveAddress(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : "")) return text.replace(/\/+$/, "");
  throw new WasmvisorError("usage", `--mirror takes an address such as ${MIRROR}, not "${text}".`);
}
