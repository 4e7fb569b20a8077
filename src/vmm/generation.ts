/** The generation ID of a VM, as a UUID. */

import { WasmvisorError } from "../error.ts";

const FORM = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** A deterministic VM that is told none has always the same. */
const SAME = "00000000-0000-4000-8000-000000000000";

/**
 * The ID that a VM begins with, or undefined for a VM without one.
 * @throws WasmvisorError `option`
 */
export function checkGeneration(
  generationId: boolean | string | undefined,
  isDeterministic: boolean,
): Uint8Array | undefined {
  if (generationId === undefined || generationId === false) return undefined;
  if (generationId === true) return isDeterministic ? generationBytes(SAME) : newGeneration();
  if (typeof generationId === "string" && FORM.test(generationId)) return generationBytes(generationId);
  const sentence = `generationId is true, or a UUID such as "${SAME}", not ${JSON.stringify(generationId)}.`;
  throw new WasmvisorError("option", sentence, { key: "generationId", value: generationId });
}

/** A new one, which no other VM has. */
export function newGeneration(): Uint8Array {
  return generationBytes(crypto.randomUUID());
}

function generationBytes(uuid: string): Uint8Array {
  return Uint8Array.from(uuid.replaceAll("-", "").match(/../g)!, (byte) => parseInt(byte, 16));
}

/** The UUID with these bytes. */
export function generationText(bytes: Uint8Array): string {
  const digits = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
