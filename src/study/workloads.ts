/** The bundled workloads, as the study knows them. Their sources are in `guests/workloads`. */

import { WasmvisorError } from "../error.ts";

/** What a workload mostly does. */
export type WorkloadKind = (typeof WORKLOAD_KINDS)[number];

/** In the order of reports. */
export const WORKLOAD_KINDS = ["integer", "floating-point", "fused", "memory", "control", "system"] as const;

/** A workload. */
export interface Workload {
  readonly name: string;
  readonly kind: WorkloadKind;
  /** True when its work can be spread over a given number of KiB. */
  readonly footprint?: boolean;
  /** True when products and sums are fused where the machine can, so that guest and host may give different results. */
  readonly contracted?: boolean;
  /** True when it is a program for the bare machine alone: it needs privileges. */
  readonly bare?: boolean;
}

/** All of them, by kind. */
export const WORKLOADS: readonly Workload[] = [
  { name: "mix", kind: "integer" },
  { name: "sha256", kind: "integer" },
  { name: "aes", kind: "integer" },
  { name: "quicksort", kind: "integer" },
  { name: "lz", kind: "integer" },
  { name: "bytecode", kind: "integer" },
  { name: "strsearch", kind: "integer" },
  { name: "nbody", kind: "floating-point" },
  { name: "matmul", kind: "floating-point" },
  { name: "fft", kind: "floating-point" },
  { name: "spectral", kind: "floating-point" },
  { name: "nbody-fused", kind: "fused", contracted: true },
  { name: "matmul-fused", kind: "fused", contracted: true },
  { name: "fft-fused", kind: "fused", contracted: true },
  { name: "spectral-fused", kind: "fused", contracted: true },
  { name: "stream", kind: "memory", footprint: true },
  { name: "random", kind: "memory", footprint: true },
  { name: "chase", kind: "memory", footprint: true },
  { name: "fib", kind: "control" },
  { name: "indirect", kind: "control" },
  { name: "switch", kind: "control" },
  { name: "exceptions", kind: "control" },
  { name: "syscalls", kind: "system", bare: true },
  { name: "pagefault", kind: "system", bare: true },
  { name: "ctxswitch", kind: "system", bare: true },
  { name: "timer", kind: "system", bare: true },
  { name: "mmio", kind: "system", bare: true },
];

/**
 * The workloads of some names or kinds, in the order of `WORKLOADS`.
 * @throws WasmvisorError `workload`, listing the known ones
 */
export function workloadsNamed(names: readonly string[]): Workload[] {
  for (const name of names) {
    if (WORKLOADS.some((workload) => workload.name === name) || isKind(name)) continue;
    const known = [...WORKLOADS.map((workload) => workload.name), "and the kinds", ...WORKLOAD_KINDS].join(", ");
    throw new WasmvisorError("workload", `There is no workload "${name}"; there are ${known}.`, { name });
  }
  return WORKLOADS.filter(({ name, kind }) => names.includes(name) || names.includes(kind));
}

function isKind(name: string): boolean {
  return WORKLOAD_KINDS.some((kind) => kind === name);
}
