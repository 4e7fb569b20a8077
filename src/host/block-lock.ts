/** Who uses a file: claims beside it, which other processes see and a dead process does not keep (docs/design/block.md). */

import { createHash, randomBytes } from "node:crypto";
import { readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import path from "node:path";
import { WasmvisorError } from "../error.ts";

/** How a file is used: many may read it, or one may write it. */
export type Use = "read" | "write";

/** A claim, as its name says it: `.disk.img.lock-write-PID-START-HOST-BOOT-SPACE-RANDOM`. */
interface Claim {
  readonly use: Use;
  readonly pid: number;
  /** When the process began, in the system's own count; "0" where that is not known. */
  readonly start: string;
  readonly host: string;
  /** Of the host's start and of the space of process numbers. */
  readonly boot: string;
  readonly space: string;
}

const LONGEST_NAME = 120;

/** Attempts, when two processes claim a file at the same moment and both step back. */
const ATTEMPTS = 5;

/** A claim on a file; `release` gives it up. */
export class FileLock {
  readonly #claim: string | undefined;

  private constructor(claim: string | undefined) {
    this.#claim = claim;
  }

  /**
   * Claims a file.
   * @param file - its real path, without links
   * @throws WasmvisorError `image-locked`; `file-unwritable` when a claim to write cannot be made
   */
  static take(file: string, use: Use): FileLock {
    for (let attempt = 1; ; attempt++) {
      const own = makeClaim(file, use);
      const other = conflict(file, use, own);
      if (other === undefined) return new FileLock(own);
      if (own !== undefined) rmSync(own, { force: true });
      if (attempt === ATTEMPTS || !other.isNew) throw locked(file, use, other);
      pause(attempt);
    }
  }

  /** Gives the file up. */
  release(): void {
    if (this.#claim !== undefined) rmSync(this.#claim, { force: true });
  }
}

/** Writes the claim first and looks at those of others afterwards: of two at once, the second is sure to see the first. */
function makeClaim(file: string, use: Use): string | undefined {
  const { pid, start, host, boot, space } = self();
  const name = [use, pid, start, host, boot, space, randomBytes(4).toString("hex")].join("-");
  const claim = `${prefixOf(file)}${name}`;
  try {
    writeFileSync(claim, "", { flag: "wx" });
    return claim;
  } catch (error) {
    // Who only reads may do so where nothing can be written.
    if (use === "read") return undefined;
    const folder = path.dirname(file);
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new WasmvisorError(
      "file-unwritable",
      `The folder ${folder}, where the use of the disk is noted, cannot be written (${reason}); open the disk to be read only, or copy it.`,
      { folder, reason },
      { cause: error },
    );
  }
}

interface Conflict {
  readonly path: string;
  readonly claim: Claim;
  readonly isAlive: "yes" | "unknown";
  /** Whether it may be one that steps back as this one does. */
  readonly isNew: boolean;
}

/** The claim of somebody else that cannot be beside this one; those of dead processes are removed. */
function conflict(file: string, use: Use, own: string | undefined): Conflict | undefined {
  const prefix = prefixOf(file);
  const folder = path.dirname(file);
  for (const name of readdirSync(folder)) {
    const found = path.join(folder, name);
    if (!found.startsWith(prefix) || found === own) continue;
    const claim = parseClaim(found.slice(prefix.length));
    if (claim === undefined) continue;
    const isAlive = aliveness(claim);
    if (isAlive === "no") removeDead(found);
    else if (claim.use === "write" || use === "write")
      return { path: found, claim, isAlive, isNew: isAlive === "yes" && claim.pid !== process.pid };
  }
  return undefined;
}

/** Removes the claim of a dead process, which says nothing; in a folder that cannot be written it stays. */
function removeDead(claim: string): void {
  try {
    rmSync(claim, { force: true });
  } catch {
    // The next one that may write here removes it.
  }
}

function parseClaim(text: string): Claim | undefined {
  const [use, pid, start, host, boot, space, random, ...rest] = text.split("-");
  if ((use !== "read" && use !== "write") || !/^\d+$/.test(pid ?? "") || random === undefined || rest.length > 0)
    return undefined;
  return { use, pid: Number(pid), start: start!, host: host!, boot: boot!, space: space! };
}

function aliveness(claim: Claim): "yes" | "no" | "unknown" {
  const own = self();
  if (claim.host !== own.host) return "unknown";
  // The host has been started again since.
  if (claim.boot !== own.boot) return "no";
  if (claim.space !== own.space) return "unknown";
  if (claim.pid === own.pid) return claim.start === own.start ? "yes" : "no";
  try {
    process.kill(claim.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return "no";
  }
  const start = startOf(claim.pid);
  return start === claim.start || start === "0" ? "yes" : "no";
}

let known: Omit<Claim, "use"> | undefined;

/** This process. */
function self(): Omit<Claim, "use"> {
  known ??= {
    pid: process.pid,
    start: startOf(process.pid),
    host: short(hostname()),
    boot: short(textOf(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"))),
    space: short(textOf(() => readlinkSync("/proc/self/ns/pid"))),
  };
  return known;
}

/** The 22nd field of /proc/PID/stat; the second one may have spaces and parentheses in it. */
function startOf(pid: number): string {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, "utf8"));
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return "";
  }
}

function short(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 8);
}

function prefixOf(file: string): string {
  const { dir, base } = path.parse(file);
  return path.join(dir, `.${base.length > LONGEST_NAME ? short(base) : base}.lock-`);
}

/** A while that is not the same for both of two. */
function pause(attempt: number): void {
  const milliseconds = attempt * (1 + randomBytes(1)[0]! / 16);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function locked(file: string, use: Use, { path: found, claim, isAlive }: Conflict): WasmvisorError {
  const who = claim.pid === process.pid ? "this process" : `process ${claim.pid}`;
  const does = claim.use === "write" ? "writes" : "reads";
  const sentence =
    isAlive === "yes"
      ? `The disk ${file} is in use: ${who} ${does} it; end that, or use a copy.`
      : `The disk ${file} is in use by a process elsewhere; end that, or remove ${found} if it is dead.`;
  return new WasmvisorError("image-locked", sentence, { file, use, pid: claim.pid });
}
