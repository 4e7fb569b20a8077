/** Constants of the console device. (Virtual I/O Device Specification, "Console Device") */

/** Feature bits. */
export const CONSOLE = {
  SIZE: 1n << 0n,
  MULTIPORT: 1n << 1n,
  EMERG_WRITE: 1n << 2n,
} as const;

/** What a control message says. */
export enum ControlEvent {
  DEVICE_READY = 0,
  PORT_ADD = 1,
  PORT_READY = 3,
  CONSOLE_PORT = 4,
  RESIZE = 5,
  PORT_OPEN = 6,
  PORT_NAME = 7,
}

/** Port, event, value; what belongs to the event follows. */
export const CONTROL_BYTES = 8;

/** Offsets in the configuration space. */
export enum Config {
  COLS = 0,
  ROWS = 2,
  MAX_NR_PORTS = 4,
  EMERG_WR = 8,
  BYTES = 12,
}

/** Queues of the control messages, to the driver and from it. */
export const CONTROL_RX = 2;
export const CONTROL_TX = 3;

/** The number of a port's receive queue; its transmit queue is the next one. */
export const rxQueue = (port: number): number => (port === 0 ? 0 : 2 * port + 2);

/** Which port queue `index` belongs to; not for the queues of control messages. */
export const portOf = (index: number): number => (index < 2 ? 0 : (index >> 1) - 1);

/** The most ports that a device has, as QEMU's. */
export const MAX_PORTS = 31;
