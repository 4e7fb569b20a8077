/** How the agent gets into a guest: behind an initial RAM disk, or as a file of the firmware configuration device. */

import { cpio, dir, file } from "../../linux/cpio.ts";
import { AGENT_PROGRAM } from "../agent-program.ts";
import { readLocation } from "../image-source.ts";

/** The file of the firmware configuration device that holds it. */
export const AGENT_FILE = "opt/org.wasmvisor/agent";

const FOLDER = ".wasmvisor";
const LIMIT = 2 ** 20;

/**
 * The program.
 * @throws WasmvisorError `source-unreadable`; the signal's reason
 */
export async function agentProgram(signal?: AbortSignal): Promise<Uint8Array> {
  return (await readLocation(AGENT_PROGRAM, { name: "agent", limit: LIMIT, signal })).bytes;
}

/** What a guest boots from. */
export interface BootWords {
  readonly initrd: Uint8Array;
  readonly append: string | undefined;
}

/**
 * An initial RAM disk and a command line with which Linux starts the agent, which then becomes what would have been started. Archives may
 * follow one another. (Linux, "initramfs buffer format")
 */
export function withAgent({ initrd, append = "" }: BootWords, program: Uint8Array): Required<BootWords> {
  const { words, init } = initOf(append);
  const archive = cpio([
    dir(FOLDER),
    file(`${FOLDER}/agent`, program, 0o755),
    ...(init === undefined ? [] : [file(`${FOLDER}/init`, `${init}\n`)]),
  ]);
  const begin = Math.ceil(initrd.length / 4) * 4;
  const both = new Uint8Array(begin + archive.length);
  both.set(initrd);
  both.set(archive, begin);
  return { initrd: both, append: `rdinit=/${FOLDER}/agent${words === "" ? "" : ` ${words}`}` };
}

/** The command line without its own `rdinit`, and what that was. What follows "--" is init's own. */
function initOf(append: string): { words: string; init: string | undefined } {
  const [, kernel = "", rest = ""] = /^(.*?)((?:\s|^)--(?:\s.*)?)?$/s.exec(append) ?? [];
  const init = [...kernel.matchAll(/(?:^|\s)rdinit=(\S+)/g)].at(-1)?.[1];
  return { words: kernel.replaceAll(/(^|\s)rdinit=\S+/g, "$1").trim() + rest, init };
}
