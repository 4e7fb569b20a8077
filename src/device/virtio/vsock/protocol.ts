/** Constants of the socket device. (Virtual I/O Device Specification, "Socket Device") */

/** Feature bits. */
export const VSOCK = { STREAM: 1n << 0n } as const;

export enum VsockQueue {
  RX = 0,
  TX = 1,
  EVENT = 2,
}

/** Context identifiers that are not a guest's. */
export const HOST_CID = 2;
export const CID_LEAST = 3;
export const CID_MOST = 0xffff_fffe;

export enum VsockOp {
  REQUEST = 1,
  RESPONSE = 2,
  RST = 3,
  SHUTDOWN = 4,
  RW = 5,
  CREDIT_UPDATE = 6,
  CREDIT_REQUEST = 7,
}

export const TYPE_STREAM = 1;

/** Flags of SHUTDOWN: who sends it will take no more, or send no more. */
export const SHUTDOWN_RECEIVE = 1;
export const SHUTDOWN_SEND = 2;

export const HEADER_BYTES = 44;

/** Offsets in a header; context identifiers have 8 bytes, type and op 2. */
export enum Header {
  SRC_CID = 0,
  DST_CID = 8,
  SRC_PORT = 16,
  DST_PORT = 20,
  LEN = 24,
  TYPE = 28,
  OP = 30,
  FLAGS = 32,
  BUF_ALLOC = 36,
  FWD_CNT = 40,
}

/** An event: the connections of before are gone. */
export const EVENT_TRANSPORT_RESET = 0;
