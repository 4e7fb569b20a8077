/** Saving parts as sections, and restoring all of them or none. */

import { Misfit, type Saved, type Section, stateError } from "./section.ts";

/** A part whose values have some type or other. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- a list of parts is a list of existential types
export type Part = Saved<any>;

/** A section for each part, in order. */
export function saveParts(parts: readonly Part[]): Section[] {
  return parts.map((part) => ({
    name: part.name,
    version: part.table.version,
    bytes: part.table.encode(part.save()),
  }));
}

/**
 * Looks whether `sections` fit `parts`, one for each, and changes nothing.
 *
 * @returns what restores them. It throws only when a foreign part does; then all parts are as they were before.
 * @throws WasmvisorError `state-section` when there are others, or some are missing; `state-version` when one is newer than its table;
 * `state-damaged` when its bytes are not what the table says; `state-machine` when the machine is another
 */
export function checkParts(parts: readonly Part[], sections: readonly Section[]): () => void {
  const given = byName(sections);
  const known = new Set(parts.map(({ name }) => name));
  // The first parts say which machine it is: with another one, its other sections would only seem strange.
  const taken = parts.map((part) => take(part, given.get(part.name)));
  for (const name of given.keys()) {
    if (known.has(name)) continue;
    throw stateError(
      "state-section",
      `The saved state has a part "${name}" that this machine has not; make the VM as the saved one was.`,
      { name },
    );
  }
  return () => restoreAll(taken);
}

/**
 * Names the RAM that must be here before `sections` are restored.
 * @throws WasmvisorError as `checkParts` does
 */
export function touchSections(
  parts: readonly Part[],
  sections: readonly Section[],
  touch: (pa: number, length: number) => boolean,
): void {
  const given = byName(sections);
  for (const part of parts) if (part.touch !== undefined) part.touch(take(part, given.get(part.name)).values, touch);
}

/** Names the RAM that the parts may use, as they are now, when something happens to them. */
export function touchParts(parts: readonly Part[], touch: (pa: number, length: number) => boolean): void {
  for (const part of parts) part.touch?.(part.save(), touch);
}

interface Taken {
  readonly part: Part;
  readonly values: unknown;
}

function byName(sections: readonly Section[]): Map<string, Section> {
  const given = new Map<string, Section>();
  for (const section of sections) {
    const { name } = section;
    if (given.has(name))
      throw stateError("state-section", `The saved state has two parts "${name}"; save the VM again.`, { name });
    given.set(name, section);
  }
  return given;
}

function take(part: Part, section: Section | undefined): Taken {
  const { name, table } = part;
  if (section === undefined) {
    throw stateError(
      "state-section",
      `The saved state has no part "${name}", which this machine has; make the VM as the saved one was.`,
      { name },
    );
  }
  const { version, bytes } = section;
  if (!Number.isInteger(version) || version < 1 || version > table.version) {
    const sentence = `The part "${name}" of the saved state has version ${version}, and versions up to ${table.version} are known; use a newer wasmvisor.`;
    throw stateError("state-version", sentence, { name, version, known: table.version });
  }
  const values = decode(part, bytes, version);
  const reason = part.refuse?.(values);
  if (reason !== undefined) throw stateError("state-machine", reason, { name });
  return { part, values };
}

function decode({ name, table }: Part, bytes: Uint8Array, version: number): unknown {
  try {
    return table.decode(bytes, version);
  } catch (cause) {
    if (!(cause instanceof Misfit)) throw cause;
    const sentence = `The part "${name}" of the saved state is damaged (${cause.message}); save the VM again.`;
    throw stateError("state-damaged", sentence, { name }, cause);
  }
}

/** Foreign parts go before the others, but for what they must see: so little has been done when one of them throws, and is undone. */
function restoreAll(taken: readonly Taken[]): void {
  const isFirst = ({ part }: Taken): boolean => part.first === true;
  const isForeign = ({ part }: Taken): boolean => part.foreign === true;
  const early = [...taken.filter(isFirst), ...taken.filter(isForeign)];
  const before = early.map(({ part }) => ({ part, values: part.save() as unknown }));
  for (const [index, { part, values }] of early.entries()) {
    try {
      part.restore(values);
    } catch (cause) {
      before.slice(0, index + 1).forEach(undo);
      const sentence = `The part "${part.name}" of the saved state is refused by its device; see the cause.`;
      throw stateError("state-device", sentence, { name: part.name }, cause);
    }
  }
  for (const one of taken) if (!isFirst(one) && !isForeign(one)) one.part.restore(one.values);
}

function undo({ part, values }: Taken): void {
  try {
    part.restore(values);
  } catch {
    // It refuses even what it has just saved; the others are still put back.
  }
}
