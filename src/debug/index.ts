/**
 * What a debugger shows of a VM: instructions as text and page-table walks, step by step.
 *
 * @packageDocumentation
 */

export { disassemble } from "../isa/disasm.ts";
export type { Disassembly } from "../isa/disasm.ts";
export { listing } from "./listing.ts";
export type { Line } from "./listing.ts";
export { PTE_FLAGS, ptePa, pteHas, walkPageTable } from "./page-walk.ts";
export type { PageWalk, PagingScheme, WalkStep } from "./page-walk.ts";
export { shownCsrs } from "../isa/csr.ts";
export { xNames } from "../isa/names.ts";
