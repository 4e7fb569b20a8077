/** `wasmvisor run --lockstep`: the guest on two engines side by side, up to the first difference. */

import * as host from "../host/process.ts";
import { lockstep, type LockstepResult } from "../index.ts";
import type { RunOptions } from "./options.ts";

const DIFFERENT = 1;
const TIMED_OUT = 124;

/**
 * Runs the lock-step, with the guest's output on stdout, and returns the exit code: 0 when everything was the same, 1 when
 * something differs or nothing was translated, 124 at the timeout.
 * @throws WasmvisorError for everything that is wrong with the options or the images
 */
export async function runLockstep({ vm, timeout, instructions }: RunOptions): Promise<number> {
  const abort = new AbortController();
  const ended = new Set<number>();
  const end = (code: number): void => {
    ended.add(code);
    abort.abort(new Ended());
  };
  host.onSignal((code) => {
    if (ended.size > 0) host.exit(code);
    end(code);
  });
  const timer = timeout === undefined ? undefined : setTimeout(() => end(TIMED_OUT), timeout * 1000);
  let compared = 0;
  try {
    const result = await lockstep(
      { ...vm, signal: abort.signal },
      {
        ...(instructions === undefined ? {} : { instructions }),
        onOutput: (bytes) => void host.print(bytes),
        afterSlice: (vms) => (compared = Math.max(compared, vms.instructions)),
        signal: abort.signal,
      },
    );
    await host.printError(resultText(result));
    return result.difference !== undefined || result.translated === 0 ? DIFFERENT : 0;
  } catch (error) {
    if (!(error instanceof Ended)) throw error;
    await host.printError(`wasmvisor: lock-step ended after ${compared} instructions, the same on both engines\n`);
    return [...ended][0]!;
  } finally {
    clearTimeout(timer);
  }
}

/** The timeout, or a signal. */
class Ended extends Error {}

function resultText({ difference, instructions, translated, regions, exit }: LockstepResult): string {
  if (difference !== undefined) return `wasmvisor: ${difference.text}`;
  const share = instructions === 0 ? 0 : (100 * translated) / instructions;
  const end = exit === undefined ? "" : `; the guest ended with ${exit.code} (${exit.reason})`;
  const same = `wasmvisor: ${instructions} instructions are the same on both engines${end}\n`;
  if (translated === 0) {
    return `${same}wasmvisor: none of them were translated, so this says nothing; lower --dbt hot-threshold\n`;
  }
  return `${same}wasmvisor: ${share.toFixed(1)}% of them were translated, in ${regions} regions\n`;
}
