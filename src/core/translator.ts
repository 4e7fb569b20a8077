/** What a VM's translator may do and use, as numbers for its block. */

import { Sensitive, Translate } from "../../assembly/shared/constants.ts";

/** Settings of a translator. */
export interface TranslatorSettings {
  /** `Translate` bits. */
  readonly mechanisms: number;
  /** Who executes sensitive instructions. */
  readonly sensitive: Sensitive;
  /** Interpreted steps that make an address hot. */
  readonly hotThreshold: number;
  /** Guest instructions in a region at most. */
  readonly maxRegionInstructions: number;
  /** Regions kept at most. */
  readonly regions: number;
  /** Compiled modules kept at most. */
  readonly modules: number;
  /** Bytes of emitted code kept at most. */
  readonly bytes: number;
}

/** What a VM gets that asks for nothing else. */
export const DEFAULT_TRANSLATOR: TranslatorSettings = {
  mechanisms: Translate.ALL,
  sensitive: Sensitive.INLINE,
  hotThreshold: 131_072,
  maxRegionInstructions: 300,
  regions: 4096,
  modules: 2048,
  bytes: 32 * 2 ** 20,
};
