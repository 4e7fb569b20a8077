/** The user's cache folder, where what was downloaded stays. */

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import path from "node:path";
import { WasmvisorError } from "../error.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where programs keep what they can fetch again: XDG_CACHE_HOME, LOCALAPPDATA, ~/Library/Caches or ~/.cache. */
export function cacheFolder(environment: Environment = process.env, platform: string = process.platform): string {
  const { XDG_CACHE_HOME: xdg, LOCALAPPDATA: local } = environment;
  if (xdg !== undefined && path.isAbsolute(xdg)) return path.join(xdg, "wasmvisor");
  if (platform === "win32" && local) return path.join(local, "wasmvisor", "cache");
  if (platform === "darwin") return path.join(homedir(), "Library", "Caches", "wasmvisor");
  return path.join(homedir(), ".cache", "wasmvisor");
}

/** Files that belong together, each with its hash in `hashes.json`. They appear whole or not at all. */
export class CachedFolder {
  readonly #path: string;

  constructor(name: string, root: string = cacheFolder()) {
    this.#path = path.join(root, name);
  }

  /** The path of a file in it. */
  file(name: string): string {
    return path.join(this.#path, name);
  }

  /** The files, when all of them are there and what they were; undefined when they are to be made again. */
  async read(names: readonly string[]): Promise<Map<string, Uint8Array> | undefined> {
    try {
      const hashes = JSON.parse(await readFile(this.file("hashes.json"), "utf8")) as Record<string, unknown>;
      const files = new Map<string, Uint8Array>();
      for (const name of names) {
        const bytes = await readFile(this.file(name));
        if (sha256Of(bytes) !== hashes[name]) return undefined;
        files.set(name, bytes);
      }
      return files;
    } catch {
      return undefined;
    }
  }

  /**
   * Finds out whether `write` will be able to, before much is fetched for it.
   * @throws WasmvisorError `cache`
   */
  async prepare(): Promise<void> {
    await this.#filling(() => Promise.resolve());
  }

  /**
   * Puts files in the place of what is there.
   * @throws WasmvisorError `cache`
   */
  async write(files: ReadonlyMap<string, Uint8Array>): Promise<void> {
    await this.#filling(async (fresh) => {
      const hashes = Object.fromEntries([...files].map(([name, bytes]) => [name, sha256Of(bytes)]));
      for (const [name, bytes] of files) await writeFile(path.join(fresh, name), bytes);
      await writeFile(path.join(fresh, "hashes.json"), JSON.stringify(hashes));
      await this.#replaceBy(fresh);
    });
  }

  /** Has `fill` do its work with a new folder beside the present one; what is left of it goes. */
  async #filling(fill: (fresh: string) => Promise<void>): Promise<void> {
    let fresh: string | undefined;
    try {
      await makeFolder(path.dirname(this.#path));
      fresh = await mkdtemp(`${this.#path}.`);
      await fill(fresh);
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new WasmvisorError(
        "cache",
        `The cache ${this.#path} cannot be written (${reason}); set XDG_CACHE_HOME to a folder that can.`,
        { path: this.#path },
        { cause },
      );
    } finally {
      if (fresh !== undefined) await rm(fresh, { recursive: true, force: true });
    }
  }

  /** Two processes may do this at once; one of them wins, with the same files. */
  async #replaceBy(fresh: string): Promise<void> {
    const old = `${fresh}.old`;
    await rename(this.#path, old).catch(() => undefined);
    try {
      await rename(fresh, this.#path);
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    } finally {
      await rm(old, { recursive: true, force: true });
    }
  }
}

/**
 * Makes a folder and those above it, each asked for at most twice. `mkdir` with `recursive` never comes back where a folder is there and
 * says that what is made in it is not, as /proc does.
 */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || path.dirname(folder) === folder) throw error;
    await makeFolder(path.dirname(folder));
    await mkdir(folder).catch((again: unknown) => {
      if ((again as NodeJS.ErrnoException).code !== "EEXIST") throw again;
    });
  }
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
