/** The memory signature by which RISC-V's architecture tests are judged, as Spike's `+signature=` writes it. */

import { WasmvisorError } from "../error.ts";
import type { LoadedImage } from "../machine/loader/loaded-image.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";

const BYTES_PER_LINE = 4;

/** More than any test writes; the symbols are the guest's to choose, and a line takes nine characters. */
const MAX_BYTES = 2 ** 24;

/**
 * The words from `begin_signature` to `end_signature`, one a line, in lower-case hexadecimal; a part of a word at the
 * end is filled up with zeros.
 *
 * @throws WasmvisorError `signature` when the image has no such symbols, or they do not lie in RAM, or 16 MiB apart
 */
export function signature(memory: GuestMemory, symbols: LoadedImage["symbols"]): string {
  const address = (symbol: string) => {
    const found = symbols.find(({ name }) => name === symbol);
    if (found === undefined) {
      throw new WasmvisorError(
        "signature",
        `The kernel has no symbol ${symbol}; a signature needs an ELF file with it.`,
      );
    }
    return Number(found.address);
  };
  const begin = address("begin_signature");
  const end = address("end_signature");
  const length = Math.max(0, end - begin);
  if (length > MAX_BYTES) {
    throw new WasmvisorError(
      "signature",
      `The signature has ${length} bytes, and at most ${MAX_BYTES} are written; check where end_signature lies.`,
      { begin, end },
    );
  }
  if (!memory.contains(begin, length)) {
    throw new WasmvisorError("signature", "The signature does not lie in the VM's RAM; check the linker script.", {
      begin,
      end,
    });
  }
  const bytes = new Uint8Array(Math.ceil(length / BYTES_PER_LINE) * BYTES_PER_LINE);
  memory.read(begin, bytes.subarray(0, length));
  const view = new DataView(bytes.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += BYTES_PER_LINE) {
    text += `${view.getUint32(at, true).toString(16).padStart(8, "0")}\n`;
  }
  return text;
}
