/** Constants of the flash's command set and what it says of itself. (JEDEC JESD68.01, "Common Flash Interface"; Intel command set; QEMU `hw/block/pflash_cfi01.c`) */

/** Bytes of a bank, and of a block that is erased at once. */
export const BANK_BYTES = 32 * 2 ** 20;
export const BLOCK_BYTES = 2 ** 18;
/** Two devices side by side, each two bytes wide. */
export const BANK_WIDTH = 4;

export enum Command {
  RESET = 0x00,
  PROGRAM_ALTERNATE = 0x10,
  BLOCK_ERASE = 0x20,
  PROGRAM_BUFFER_ALTERNATE = 0x28,
  PROGRAM = 0x40,
  CLEAR_STATUS = 0x50,
  BLOCK_LOCK = 0x60,
  READ_STATUS = 0x70,
  READ_ID = 0x90,
  CFI_QUERY = 0x98,
  CONFIRM = 0xd0,
  WRITE_BUFFER = 0xe8,
  READ_ARRAY = 0xff,
}

/** With `BLOCK_LOCK`. */
export const LOCK_BLOCK = 0x01;

/** Bits of the status. */
export enum Status {
  PROGRAM_ERROR = 0x10,
  ERASE_ERROR = 0x20,
  READY = 0x80,
}

/** Manufacturer and device. */
export const IDENTIFIERS = [0x89, 0x18];

const BLOCKS = BANK_BYTES / BLOCK_BYTES;
/** A block of one of the two devices, in units of 256 bytes. */
const DEVICE_BLOCK = BLOCK_BYTES / 2 / 256;
const log2 = (value: number): number => 31 - Math.clz32(value);

/** Bytes of the query's answer that are not 0, by address. ("CFI Query Identification String" and what follows) */
export const QUERY: ReadonlyMap<number, number> = new Map(
  [
    [0x10, "QRY"],
    // The Intel/Sharp command set, and where its own table is.
    [0x13, [0x01, 0x00, 0x31, 0x00]],
    // Vcc 4.5 to 5.5 V, no Vpp; times: 2^7 us a program, 2^7 us a buffer, 2^10 ms an erase; at most 2^4 times as long.
    [0x1b, [0x45, 0x55, 0x00, 0x00, 0x07, 0x07, 0x0a, 0x00, 0x04, 0x04, 0x04, 0x00]],
    // Bytes of one device, its interface (x8 and x16), bytes of its write buffer, one region of blocks.
    [0x27, [log2(BANK_BYTES / 2), 0x02, 0x00, 0x0b, 0x00, 0x01]],
    [0x2d, [(BLOCKS - 1) & 0xff, (BLOCKS - 1) >> 8, DEVICE_BLOCK & 0xff, DEVICE_BLOCK >> 8]],
    [0x31, "PRI10"],
    [0x3f, [0x01]],
  ].flatMap(([at, bytes]) => {
    const list = typeof bytes === "string" ? [...bytes].map((one) => one.charCodeAt(0)) : (bytes as number[]);
    return list.map((byte, index) => [(at as number) + index, byte] as const);
  }),
);

/** Bytes of the write buffer of both devices. */
export const BUFFER_BYTES = 2 * 2 ** 0x0b;
