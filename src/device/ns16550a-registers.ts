/** Registers and bits of the NS16550A, by their names in the data sheet. */

/** Offsets; IIR is FCR to stores. */
export enum Register {
  DATA = 0,
  IER = 1,
  IIR = 2,
  LCR = 3,
  MCR = 4,
  LSR = 5,
  MSR = 6,
  SCR = 7,
}

/** Interrupt enable. */
export enum Ier {
  RDI = 1,
  THRI = 2,
  RLSI = 4,
  MSI = 8,
  ALL = 0xf,
}

/** Interrupt identification. */
export enum Iir {
  MSI = 0x0,
  NONE = 0x1,
  THRI = 0x2,
  RDI = 0x4,
  RLSI = 0x6,
  /** Character timeout. */
  CTI = 0xc,
  FIFO_ON = 0xc0,
}

/** FIFO control. */
export enum Fcr {
  ENABLE = 1,
  RESET_RECEIVER = 2,
  RESET_TRANSMITTER = 4,
  /** Bits that stay: enable, DMA mode, trigger level. */
  STICKY = 0xc9,
}

/** Line control. */
export enum Lcr {
  TWO_STOP = 4,
  PARITY = 8,
  DLAB = 0x80,
}

/** Modem control. */
export enum Mcr {
  DTR = 1,
  RTS = 2,
  OUT1 = 4,
  OUT2 = 8,
  LOOP = 0x10,
  ALL = 0x1f,
}

/** Line status. */
export enum Lsr {
  DR = 1,
  OE = 2,
  BI = 0x10,
  THRE = 0x20,
  TEMT = 0x40,
  /** Overrun, parity, framing, break. */
  ERRORS = 0x1e,
}

/** Modem status. */
export enum Msr {
  DELTAS = 0x0f,
  CTS = 0x10,
  DSR = 0x20,
  DCD = 0x80,
}

/** Bytes in the receive FIFO. */
export const FIFO_SIZE = 16;

/** Receive trigger levels by the top two bits of FCR. */
export const TRIGGER: readonly number[] = [1, 4, 8, 14];
