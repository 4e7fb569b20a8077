/** Moving a VM from one worker to another. Whoever has both knows how it has ended, whatever gets lost in between. */

import { WasmvisorError } from "../error.ts";
import type { MigrateOptions, MigrationStatistics } from "../vmm/migrate/options.ts";
import type { WorkerHost } from "../worker/worker-host.ts";
import type { WorkerVm } from "../worker/worker-vm.ts";

/** Milliseconds that the destination has to see what the source has said last. */
const GRACE = 1000;

/**
 * Moves it. When that fails, it runs on where it was, unless its worker has died.
 * @returns undefined when it is there, and where it was can say no more
 * @throws WasmvisorError as `Vm.migrateTo` and `Host.receive` do, but for `migration-unknown`; the signal's reason
 */
export async function moveVm(
  vm: WorkerVm,
  to: WorkerHost,
  options: MigrateOptions,
): Promise<MigrationStatistics | undefined> {
  const [down, up] = [new TransformStream<Uint8Array, Uint8Array>(), new TransformStream<Uint8Array, Uint8Array>()];
  const { patience, key, signal } = options;
  const [engine, cpu] = await Promise.all([vm.engine, vm.cpu]);
  signal?.throwIfAborted();
  const [givesUp, refuses] = [new AbortController(), new AbortController()];
  const giveUp = (): void => givesUp.abort(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  const sent = vm.send({ readable: up.readable, writable: down.writable }, { ...options, signal: givesUp.signal });
  const receiving = { ...vm.origin, engine, cpu, ...(patience && { patience }), ...(key && { key }) };
  const streams = { readable: down.readable, writable: up.writable };
  const adopted = to.adopt(vm, streams, { ...receiving, signal: refuses.signal });
  // Who has died says nothing to the other one, which would wait for it.
  adopted.catch((error: unknown) => givesUp.abort(error));
  sent.catch((error: unknown) => setTimeout(() => refuses.abort(error), GRACE));
  const [there, here] = await Promise.allSettled([adopted, sent]);
  signal?.removeEventListener("abort", giveUp);
  if (there.status === "fulfilled") return here.status === "fulfilled" ? here.value : undefined;
  vm.stay();
  const error: unknown = here.status === "rejected" ? here.reason : there.reason;
  if (!(error instanceof WasmvisorError) || error.code !== "migration-unknown") throw told(error, there.reason);
  // It is known: there is no VM at the destination.
  await vm.reclaim();
  throw there.reason;
}

/** The side that has failed first says more than the one that was told so. */
function told(here: unknown, there: unknown): unknown {
  const isEcho =
    here instanceof WasmvisorError && (here.code === "migration-lost" || here.code === "migration-refused");
  return isEcho ? there : here;
}
