/** What the device tree says a hart can do. */

/** Bytes of the blocks that Zicbom, Zicbop and Zicboz work on. */
export const CACHE_BLOCK_BYTES = 64;

/** Single-letter extensions, in canonical order. (Unprivileged ISA, "ISA Extension Naming Conventions") */
const LETTERS = ["i", "m", "a", "f", "d", "c"] as const;

/** The others, in canonical order: Z by category letter, then S. */
const NAMED = [
  "zicbom",
  "zicbop",
  "zicboz",
  "zicntr",
  "zicond",
  "zicsr",
  "zifencei",
  "zihintntl",
  "zihintpause",
  "zihpm",
  "zimop",
  "zacas",
  "zawrs",
  "zfa",
  "zfh",
  "zfhmin",
  "zca",
  "zcb",
  "zcd",
  "zcmop",
  "zba",
  "zbb",
  "zbc",
  "zbkb",
  "zbkc",
  "zbkx",
  "zbs",
  "zkn",
  "zknd",
  "zkne",
  "zknh",
  "zks",
  "zksed",
  "zksh",
  "sstc",
  "svade",
  "svadu",
  "svinval",
  "svnapot",
  "svpbmt",
] as const;

/** The value of `riscv,isa-extensions`. */
export const ISA_EXTENSIONS: readonly string[] = [...LETTERS, ...NAMED];

/** The value of the older `riscv,isa`. */
export const ISA_STRING = `rv64${LETTERS.join("")}_${NAMED.join("_")}`;
