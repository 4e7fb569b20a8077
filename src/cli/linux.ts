/** `wasmvisor linux`: Debian's kernel to a busybox shell, fetched when it is first wanted. */

import { WasmvisorError } from "../error.ts";
import type { VmConfig } from "../index.ts";
import { CachedFolder } from "../host/cache.ts";
import { digest, sha256, verifyEd25519 } from "../host/digest.ts";
import { download } from "../host/http.ts";
import * as host from "../host/process.ts";
import { fetchLinux, moduleFile } from "../linux/archive.ts";
import { initramfs } from "../linux/initramfs.ts";
import { ALL_MODULES, modulesFor, type Part } from "../linux/modules.ts";
import { LINUX, MIRROR } from "../linux/release.ts";
import { ActionLine } from "./progress.ts";
import type { LinuxOptions, RunOptions } from "./options.ts";
import { run } from "./run.ts";

const KERNEL = "Image";
const BUSYBOX = "busybox";

/**
 * Boots it and returns the exit code.
 * @throws WasmvisorError when it cannot be fetched, or as `run` does
 */
export async function runLinux(options: LinuxOptions): Promise<number> {
  const mirror = archiveAddress(options.mirror ?? host.environment("DEBIAN_MIRROR") ?? MIRROR);
  const modules = modulesFor(partsOf(options.run));
  const files = await ready(debianCache(), mirror, modules, options);
  if (typeof files === "number") return files;
  const { vm } = options.run;
  const append = [words(modules, options.run), ...(vm.append === undefined ? [] : [vm.append])].join(" ");
  return run({ ...options.run, vm: { ...vm, ...imagesOf(files, modules), append } });
}

/**
 * What a machine boots that has a Linux of wasmvisor's and nobody at its console; fetched when it is first wanted.
 * @throws WasmvisorError when it cannot be fetched; the signal's reason
 */
export async function debianImages(
  machine: Pick<RunOptions, "vm" | "networks">,
  signal: AbortSignal,
): Promise<Pick<VmConfig, "kernel" | "initrd" | "append">> {
  const cache = debianCache();
  const modules = modulesFor(partsOf(machine));
  const cached = await cache.read([KERNEL, BUSYBOX, ...modules.map(moduleFile)]);
  const mirror = archiveAddress(host.environment("DEBIAN_MIRROR") ?? MIRROR);
  const files = cached ?? (await fetchInto(cache, mirror, modules.length > 0 ? ALL_MODULES : [], signal));
  const append = ["console=ttyS0", ...moduleWords(modules, machine), ...[machine.vm.append ?? []].flat()].join(" ");
  return { ...imagesOf(files, modules), append };
}

const debianCache = (): CachedFolder => new CachedFolder(`linux-${LINUX.version}`);

function imagesOf(files: Files, modules: readonly string[]): Pick<VmConfig, "kernel" | "initrd"> {
  const inOrder = modules.map((name) => [moduleFile(name), files.get(moduleFile(name))!] as const);
  return { kernel: debianCache().file(KERNEL), initrd: initramfs(files.get(BUSYBOX)!, inOrder) };
}

/** What of the machine needs modules. */
function partsOf({ vm, networks = [] }: Pick<RunOptions, "vm" | "networks">): Set<Part> {
  const parts = new Set<Part>();
  if ((vm.drives ?? []).length > 0) parts.add("disk").add("ext4");
  if (networks.length > 0) parts.add("network");
  if ((vm.shares ?? []).length > 0) parts.add("share");
  if (vm.rng !== undefined) parts.add("rng");
  if (vm.vsock !== undefined) parts.add("vsock");
  if (parts.size > 0 || vm.agent || vm.virtioSerial !== undefined) parts.add("bus");
  return parts;
}

/** The kernel's command line: where nobody looks on, the guest switches itself off once it is up. */
function words(modules: readonly string[], options: RunOptions): string {
  const size = host.terminalSize();
  return [
    "console=ttyS0",
    ...moduleWords(modules, options),
    ...(host.stdinIsTerminal() ? [] : ["wasmvisor.exit"]),
    ...(host.stdinIsTerminal() && size !== undefined ? [`wasmvisor.size=${size.rows}x${size.columns}`] : []),
  ].join(" ");
}

function moduleWords(modules: readonly string[], { networks = [] }: Pick<RunOptions, "networks">): string[] {
  const names = modules.map((name) => moduleFile(name).replace(/\.ko$/, ""));
  return [
    ...(names.length > 0 ? [`wasmvisor.modules=${names.join(",")}`] : []),
    ...(networks.length > 0 ? ["wasmvisor.dhcp"] : []),
  ];
}

/** Files by their names in the cache. */
type Files = ReadonlyMap<string, Uint8Array>;

/** Has the files in the cache, and returns them; or the exit code, when a signal or the timeout ended that. */
async function ready(
  cache: CachedFolder,
  mirror: string,
  modules: readonly string[],
  options: LinuxOptions,
): Promise<Files | number> {
  const wanted = [KERNEL, BUSYBOX, ...modules.map(moduleFile)];
  const cached = options.update ? undefined : await cache.read(wanted);
  if (cached !== undefined) return cached;
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
    const fetched = await fetchInto(cache, mirror, modules.length > 0 ? ALL_MODULES : [], abort.signal);
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

async function fetchInto(
  cache: CachedFolder,
  base: string,
  modules: readonly string[],
  signal: AbortSignal,
): Promise<Files> {
  await cache.prepare();
  const what = modules.length > 0 ? "Linux and its drivers" : "Linux";
  await host.printError(`wasmvisor: fetching Debian's ${what} from ${base}, once\n`);
  const line = new ActionLine();
  try {
    const archive = {
      crypto: { digest, verifyEd25519 },
      hash: sha256,
      open: (path: string) => download(`${base}/${path}`, { signal }),
    };
    const fetched = await fetchLinux(archive, (name, loaded, total) => line.update(`fetching ${name}`, loaded, total), {
      modules,
    });
    signal.throwIfAborted();
    const files = new Map([[KERNEL, fetched.kernel], [BUSYBOX, fetched.busybox], ...fetched.modules]);
    await cache.write(files);
    return files;
  } finally {
    line.end();
  }
}

function archiveAddress(text: string): string {
  if (/^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : "")) return text.replace(/\/+$/, "");
  throw new WasmvisorError("usage", `--mirror takes an address such as ${MIRROR}, not "${text}".`);
}
