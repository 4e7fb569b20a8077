/** Constants of the block device. (Virtual I/O Device Specification, "Block Device") */

export const SECTOR_BYTES = 512;

/** Feature bits. */
export const BLK = {
  SEG_MAX: 1n << 2n,
  GEOMETRY: 1n << 4n,
  RO: 1n << 5n,
  BLK_SIZE: 1n << 6n,
  FLUSH: 1n << 9n,
  TOPOLOGY: 1n << 10n,
  CONFIG_WCE: 1n << 11n,
  MQ: 1n << 12n,
  DISCARD: 1n << 13n,
  WRITE_ZEROES: 1n << 14n,
} as const;

/** What a request asks for. */
export enum RequestType {
  IN = 0,
  OUT = 1,
  FLUSH = 4,
  GET_ID = 8,
  DISCARD = 11,
  WRITE_ZEROES = 13,
}

/** The last byte of a request. */
export enum RequestStatus {
  OK,
  IOERR,
  UNSUPP,
}

/** Type, reserved, sector. */
export const HEADER_BYTES = 16;

/** What a request to discard or to write zeros names: sector, number of sectors, flags. */
export const RANGE_BYTES = 16;
export const RANGE_UNMAP = 1;

export const ID_BYTES = 20;

/** Offsets in the configuration space. */
export enum Config {
  CAPACITY = 0,
  SEG_MAX = 12,
  CYLINDERS = 16,
  HEADS = 18,
  SECTORS = 19,
  BLK_SIZE = 20,
  PHYSICAL_BLOCK_EXP = 24,
  ALIGNMENT_OFFSET = 25,
  MIN_IO_SIZE = 26,
  OPT_IO_SIZE = 28,
  WRITEBACK = 32,
  NUM_QUEUES = 34,
  MAX_DISCARD_SECTORS = 36,
  MAX_DISCARD_SEG = 40,
  DISCARD_ALIGNMENT = 44,
  MAX_WRITE_ZEROES_SECTORS = 48,
  MAX_WRITE_ZEROES_SEG = 52,
  WRITE_ZEROES_MAY_UNMAP = 56,
  BYTES = 60,
}
