// The bare-metal guest of bench/figures.ts: stores to so many pages once, then goes round them at a rate.

import { MIB } from "../in-process.mjs";

/** Where it reads what to do, and counts its batches. */
const WORDS = 0x8008_0000;
const TICKS_IN_A_MILLISECOND = 10_000;

/**
 * @param pages - that it goes round
 * @param batch - pages that it stores to every `milliseconds`; 0: it sleeps when it has stored to each once
 */
export async function storing(host, kernel, { pages, batch = 0, milliseconds = 4 }) {
  const vm = await host.createVm({ memory: "32M", bios: "none", kernel: Buffer.from(kernel, "base64") });
  const words = BigUint64Array.of(BigInt(pages), BigInt(batch), BigInt(milliseconds * TICKS_IN_A_MILLISECOND));
  vm.memory.write(WORDS, new Uint8Array(words.buffer));
  vm.start();
  return vm;
}

/** Batches that it has done. */
export const batches = (vm) => Number(new BigUint64Array(vm.memory.read(WORDS + 24, 8).slice().buffer)[0]);

export const touchedMib = (vm) => Number((vm.accounting().memory.touchedBytes / MIB).toFixed(2));
