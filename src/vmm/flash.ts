/** The flash banks of a VM as programs give them. */

import type { BlockBackend } from "../backend/block/block.ts";
import { BANK_BYTES } from "../device/pflash/cfi.ts";
import { WasmvisorError } from "../error.ts";
import { backendOf, type DriveOptions } from "./drives.ts";
import { known } from "./known.ts";

/** The image of a flash bank: 32 MiB. As of a drive, the VM writes to it, flushes it and closes it. */
export type FlashOptions = Pick<DriveOptions, "source" | "format" | "readonly" | "overlay" | "snapshot">;

const KEYS = Object.keys({
  source: 0,
  format: 0,
  readonly: 0,
  overlay: 0,
  snapshot: 0,
} satisfies Record<keyof FlashOptions, 0>);

/** How many banks the board has. */
export const FLASH_BANKS = 2;

/** Bytes that are read at once. */
const CHUNK_BYTES = 2 ** 20;

/** A bank with its image. */
export interface FlashImage {
  readonly backend: BlockBackend;
  /** What the image holds, until it has been copied into the machine. */
  contents: Uint8Array | undefined;
}

/** @throws WasmvisorError `option` */
export function checkFlash(banks: readonly (FlashOptions | undefined)[] = []): void {
  if (!Array.isArray(banks) || banks.length > FLASH_BANKS) {
    throw new WasmvisorError("option", `flash is a list of up to ${FLASH_BANKS} banks; leave some out.`, {
      key: "flash",
    });
  }
  for (const bank of banks as readonly (FlashOptions | undefined)[]) {
    if (bank !== undefined) known({ code: "option", where: "a flash bank" }, bank, KEYS);
  }
}

/**
 * Opens the images of the banks and reads them.
 * @throws WasmvisorError `flash` when one has another size, and what opening and reading an image throws
 */
export async function openFlash(
  banks: readonly (FlashOptions | undefined)[],
): Promise<readonly (FlashImage | undefined)[]> {
  const opened: (FlashImage | undefined)[] = [];
  try {
    for (const bank of banks) opened.push(bank === undefined ? undefined : await openBank(bank, opened.length));
    return opened;
  } catch (error) {
    await closeFlash(opened).catch(() => undefined);
    throw error;
  }
}

/** Closes the images of the banks. */
export async function closeFlash(banks: readonly (FlashImage | undefined)[]): Promise<void> {
  const images = banks.filter((bank) => bank !== undefined);
  await Promise.all(images.map(({ backend }) => backend.close()));
}

async function openBank(options: FlashOptions, unit: number): Promise<FlashImage> {
  const backend = await backendOf(options);
  try {
    if (backend.size !== BANK_BYTES) {
      throw new WasmvisorError(
        "flash",
        `A flash bank has ${BANK_BYTES} bytes, and the image of bank ${unit} ${backend.size}; make it as large, as with truncate -s 32M.`,
        { unit, size: backend.size },
      );
    }
    const contents = new Uint8Array(BANK_BYTES);
    for (let at = 0; at < BANK_BYTES; at += CHUNK_BYTES) {
      await backend.read(at, contents.subarray(at, at + CHUNK_BYTES));
    }
    return { backend, contents };
  } catch (error) {
    await backend.close().catch(() => undefined);
    throw error;
  }
}
