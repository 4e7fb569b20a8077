/**
 * The host-target interface of Spike and the RISC-V test programs: two words of guest memory, named by ELF symbols.
 * (riscv-isa-sim `fesvr/htif.cc`, `device.cc`, `syscall.cc`)
 *
 * ```
 *  tohost   63    56 55    48 47                                0
 *          +--------+--------+-----------------------------------+
 *          | device |  cmd   |             payload               |
 *          +--------+--------+-----------------------------------+
 *   device 0, cmd 0   odd payload: exit with payload >> 1;  even: address of eight words, a system call
 *   device 1, cmd 1   print the low byte
 * ```
 */

import { optional, table, u32, u64, type ValuesIn } from "../state/table.ts";
import type { Part } from "../state/saved.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { Touch } from "../memory/late-pages.ts";
import type { LoadedImage } from "../machine/loader/loaded-image.ts";

/** Where the words lie. */
export interface HtifSymbols {
  readonly tohostPa: number;
  readonly fromhostPa?: number;
}

/** What HTIF stands on. */
export interface HtifDeps {
  readonly memory: GuestMemory;
  /** Takes what the guest prints. */
  print(byte: number): void;
  /** The guest has ended. */
  exit(code: number): void;
}

/** What `fromhost` says when a call is done. */
const ANSWER = 1n;

const SYS_WRITE = 64n;
const SYS_EXIT = 93n;
/** -ENOSYS, as the proxy kernel's caller sees it. */
const NO_SUCH_CALL = -38n;
const BAD_FILE = -9n;
const BAD_ADDRESS = -14n;

/** More than any program prints in one call; a wild length ends here. */
const MAX_WRITE = 2 ** 20;

const TABLE = table(1, { tohost: u64(), fromhost: optional(u64()), answers: u32() });

/** Finds the interface among a program's symbols; undefined when there is no `tohost`. */
export function htifSymbols(symbols: LoadedImage["symbols"]): HtifSymbols | undefined {
  const tohost = symbols.find(({ name }) => name === "tohost");
  if (tohost === undefined) return undefined;
  const fromhost = symbols.find(({ name }) => name === "fromhost");
  return {
    tohostPa: Number(tohost.address),
    ...(fromhost === undefined ? {} : { fromhostPa: Number(fromhost.address) }),
  };
}

const address = (pa: number): bigint => BigInt.asUintN(64, BigInt(pa));
const place = (pa: bigint | undefined): string => (pa === undefined ? "no address" : `0x${pa.toString(16)}`);

/** Serves one guest. */
export class Htif {
  readonly #deps: HtifDeps;
  readonly #symbols: HtifSymbols;
  /** Answers that the guest has not taken yet. All are the same word. */
  #answers = 0;

  constructor(symbols: HtifSymbols, deps: HtifDeps) {
    this.#symbols = symbols;
    this.#deps = deps;
  }

  /** The answers that are still to come; the words themselves are in RAM, at places that the kernel's symbols name. */
  get saved(): Part {
    const tohost = address(this.#symbols.tohostPa);
    const { fromhostPa } = this.#symbols;
    const fromhost = fromhostPa === undefined ? undefined : address(fromhostPa);
    return {
      name: "htif",
      table: TABLE,
      save: () => ({ tohost, fromhost, answers: this.#answers }),
      refuse: (values: ValuesIn<typeof TABLE>) =>
        values.tohost === tohost && values.fromhost === fromhost
          ? undefined
          : `The saved machine had tohost at ${place(values.tohost)} and fromhost at ${place(values.fromhost)}, and this one has them at ${place(tohost)} and ${place(fromhost)}; make the VM with the same kernel.`,
      restore: ({ answers }: ValuesIn<typeof TABLE>) => void (this.#answers = answers),
    };
  }

  /** Names the RAM that `poll` uses. */
  touch(touch: Touch): void {
    const { memory } = this.#deps;
    const { tohostPa, fromhostPa } = this.#symbols;
    if (fromhostPa !== undefined) touch(fromhostPa, 8);
    if (!touch(tohostPa, 8)) return;
    const value = memory.load64(tohostPa) ?? 0n;
    if (value >> 48n !== 0n || value === 0n || (value & 1n) !== 0n) return;
    const pa = Number(value & 0xffff_ffff_ffffn);
    if (!touch(pa, 64)) return;
    touch(Number(memory.load64(pa + 16) ?? 0n), Math.min(Number(memory.load64(pa + 24) ?? 0n), MAX_WRITE));
  }

  /** Looks at `tohost` and serves what it asks. Called between slices. */
  poll(): void {
    const { memory } = this.#deps;
    const { tohostPa } = this.#symbols;
    // Nearly always zero; a bigint is made only when it is not.
    if ((memory.load32(tohostPa) ?? 0) === 0 && (memory.load32(tohostPa + 4) ?? 0) === 0) return this.#deliver();
    const value = memory.load64(tohostPa) ?? 0n;
    memory.store64(tohostPa, 0n);
    const device = value >> 56n;
    const command = (value >> 48n) & 0xffn;
    const payload = value & 0xffff_ffff_ffffn;
    if (device === 0n && command === 0n) this.#syscallDevice(payload);
    else if (device === 1n && command === 1n) this.#deps.print(Number(payload & 0xffn));
  }

  #syscallDevice(payload: bigint): void {
    if (payload & 1n) return this.#deps.exit(Number((payload >> 1n) & 0xffff_ffffn));
    const result = this.#call(Number(payload));
    if (result === undefined) return;
    this.#deps.memory.store64(Number(payload), BigInt.asUintN(64, result));
    this.#answers++;
    this.#deliver();
  }

  /** The eight words at `pa` are the call's number and arguments; undefined when it does not return. */
  #call(pa: number): bigint | undefined {
    const { memory } = this.#deps;
    const [which, first, second, third] = [0, 8, 16, 24].map((offset) => memory.load64(pa + offset));
    if (which === SYS_EXIT) {
      this.#deps.exit(Number((first ?? 0n) & 0xffff_ffffn));
      return undefined;
    }
    if (which !== SYS_WRITE || first === undefined || second === undefined || third === undefined) return NO_SUCH_CALL;
    if (first !== 1n && first !== 2n) return BAD_FILE;
    if (third > MAX_WRITE) return BAD_ADDRESS;
    const bytes = new Uint8Array(Number(third));
    if (!memory.read(Number(second), bytes)) return BAD_ADDRESS;
    for (const byte of bytes) this.#deps.print(byte);
    return third;
  }

  /** Not before the guest has taken the previous answer. */
  #deliver(): void {
    const { fromhostPa } = this.#symbols;
    if (this.#answers === 0 || fromhostPa === undefined) return;
    if (this.#deps.memory.load64(fromhostPa) !== 0n) return;
    this.#deps.memory.store64(fromhostPa, ANSWER);
    this.#answers--;
  }
}
