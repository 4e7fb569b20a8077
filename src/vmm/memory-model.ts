/** How loads and stores are translated: the ways that a VM can have. */

import { Engine, MemoryModel } from "../../assembly/shared/constants.ts";
import { WasmvisorError } from "../error.ts";

/**
 * How a load or store finds its byte.
 *
 * - `"shadow"` (the default): a TLB holds host addresses by virtual address, as a shadow page table does.
 * - `"tlb"`: a TLB holds guest-physical addresses; each access looks the host's up in the table of RAM pages. For study.
 * - `"nested"`: nothing is kept; each access walks the guest's page table and then that table. For study.
 *
 * Results are the same with all of them; the latter two need an engine that interprets.
 */
export type MemoryModelName = "shadow" | "tlb" | "nested";

const MODELS: Readonly<Record<MemoryModelName, MemoryModel>> = {
  shadow: MemoryModel.SHADOW,
  tlb: MemoryModel.TLB,
  nested: MemoryModel.NESTED,
};

/** The models' names, the default first. */
export const MEMORY_MODEL_NAMES = Object.keys(MODELS) as MemoryModelName[];

/**
 * The model's number.
 * @throws WasmvisorError `memory-model` for a name that is none
 */
export function memoryModelOf(name: MemoryModelName): MemoryModel {
  if (Object.hasOwn(MODELS, name)) return MODELS[name];
  throw new WasmvisorError(
    "memory-model",
    `There is no memory model "${name as string}"; use ${MEMORY_MODEL_NAMES.join(", ")}.`,
    { memoryModel: name },
  );
}

/**
 * Checks that `engine` can do what `model` asks for: translated code knows the shadow TLB alone.
 * @throws WasmvisorError `memory-model`
 */
export function checkMemoryModel(model: MemoryModel, engine: Engine): void {
  if (model === MemoryModel.SHADOW || engine === Engine.INTERPRET || engine === Engine.PREDECODE) return;
  const name = MEMORY_MODEL_NAMES.find((candidate) => MODELS[candidate] === model);
  throw new WasmvisorError(
    "memory-model",
    `Translated code cannot do the memory model "${name}"; use the engine interpreter or interpret with it.`,
    { memoryModel: name },
  );
}
