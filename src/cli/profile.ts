/** `--profile`: where the guest spends its time. */

import { flameGraph, Profiler, type Vm } from "../index.ts";

/** Takes a profile of the VM until the function that is returned is called, which gives its picture. */
export function profileOf(vm: Vm, title: string): () => string {
  const profiler = new Profiler(vm);
  return () => flameGraph(profiler.stop(), { title });
}
