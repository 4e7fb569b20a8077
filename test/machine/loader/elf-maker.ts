/** Makes small ELF64 files, well-formed ones and others. */

/** One program header. */
export interface Piece {
  readonly type?: number;
  readonly vaddr?: bigint;
  readonly paddr: bigint;
  readonly bytes: Uint8Array;
  readonly memorySize?: bigint;
}

export interface ElfOptions {
  readonly machine?: number;
  readonly type?: number;
  readonly entry?: bigint;
  readonly pieces: readonly Piece[];
  readonly symbols?: readonly { name: string; address: bigint; size?: bigint; info?: number; section?: number }[];
}

const EHDR = 64;
const PHDR = 56;
const SHDR = 64;
const SYM = 24;

/** The file: header, program headers, contents, symbols, names, section headers. */
export function makeElf({
  machine = 243,
  type = 2,
  entry = 0x8000_0000n,
  pieces,
  symbols = [],
}: ElfOptions): Uint8Array {
  const names = ["", ...symbols.map(({ name }) => name)];
  const strings = new TextEncoder().encode(names.map((name) => `${name}\0`).join(""));
  let at = EHDR + pieces.length * PHDR;
  const contents = pieces.map(({ bytes }) => (at += bytes.length) - bytes.length);
  const symbolsAt = at;
  const stringsAt = symbolsAt + symbols.length * SYM;
  const sectionsAt = stringsAt + strings.length;
  const file = new Uint8Array(sectionsAt + 3 * SHDR);
  const view = new DataView(file.buffer);
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, type, true);
  view.setUint16(18, machine, true);
  view.setUint32(20, 1, true);
  view.setBigUint64(24, entry, true);
  view.setBigUint64(32, BigInt(EHDR), true);
  view.setBigUint64(40, BigInt(sectionsAt), true);
  [EHDR, PHDR, pieces.length, SHDR, 3, 0].forEach((value, index) => view.setUint16(52 + index * 2, value, true));
  pieces.forEach(({ type: kind = 1, vaddr, paddr, bytes, memorySize }, index) => {
    const header = EHDR + index * PHDR;
    view.setUint32(header, kind, true);
    const words = [BigInt(contents[index]!), vaddr ?? paddr, paddr, BigInt(bytes.length)];
    [...words, memorySize ?? BigInt(bytes.length)].forEach((word, field) =>
      view.setBigUint64(header + 8 + field * 8, word, true),
    );
    file.set(bytes, contents[index]);
  });
  let nameAt = 1;
  symbols.forEach(({ name, address, size = 0n, info = 0x12, section = 1 }, index) => {
    const symbol = symbolsAt + index * SYM;
    view.setUint32(symbol, nameAt, true);
    view.setUint8(symbol + 4, info);
    view.setUint16(symbol + 6, section, true);
    view.setBigUint64(symbol + 8, address, true);
    view.setBigUint64(symbol + 16, size, true);
    nameAt += name.length + 1;
  });
  file.set(strings, stringsAt);
  const section = (index: number, kind: number, offset: number, size: number, link: number): void => {
    view.setUint32(sectionsAt + index * SHDR + 4, kind, true);
    view.setBigUint64(sectionsAt + index * SHDR + 24, BigInt(offset), true);
    view.setBigUint64(sectionsAt + index * SHDR + 32, BigInt(size), true);
    view.setUint32(sectionsAt + index * SHDR + 40, link, true);
  };
  section(1, 2, symbolsAt, symbols.length * SYM, 2);
  section(2, 3, stringsAt, strings.length, 0);
  return file;
}

/** The code of the error that `run` throws, or "none". */
export function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
  return "none";
}
