/** Constants of the network device. (Virtual I/O Device Specification, "Network Device") */

/** Feature bits. */
export const NET = {
  CSUM: 1n << 0n,
  GUEST_CSUM: 1n << 1n,
  CTRL_GUEST_OFFLOADS: 1n << 2n,
  MTU: 1n << 3n,
  MAC: 1n << 5n,
  GUEST_TSO4: 1n << 7n,
  GUEST_TSO6: 1n << 8n,
  GUEST_ECN: 1n << 9n,
  HOST_TSO4: 1n << 11n,
  HOST_TSO6: 1n << 12n,
  HOST_ECN: 1n << 13n,
  MRG_RXBUF: 1n << 15n,
  STATUS: 1n << 16n,
  CTRL_VQ: 1n << 17n,
  CTRL_RX: 1n << 18n,
  CTRL_VLAN: 1n << 19n,
  CTRL_RX_EXTRA: 1n << 20n,
  GUEST_ANNOUNCE: 1n << 21n,
  MQ: 1n << 22n,
  CTRL_MAC_ADDR: 1n << 23n,
} as const;

/** Offsets in the configuration space. */
export enum Config {
  MAC = 0,
  STATUS = 6,
  MAX_VIRTQUEUE_PAIRS = 8,
  MTU = 10,
  BYTES = 12,
}

/** Bits of `STATUS`. */
export enum LinkStatus {
  LINK_UP = 1,
  ANNOUNCE = 2,
}

/** Offsets in the header of a frame, `struct virtio_net_hdr`. */
export enum Header {
  FLAGS = 0,
  GSO_TYPE = 1,
  HDR_LEN = 2,
  GSO_SIZE = 4,
  CSUM_START = 6,
  CSUM_OFFSET = 8,
  NUM_BUFFERS = 10,
  BYTES = 12,
}

/** Legacy without mergeable buffers: there is no `NUM_BUFFERS`. */
export const SHORT_HEADER_BYTES = 10;

/** Bits of `FLAGS`. */
export enum HeaderFlag {
  NEEDS_CSUM = 1,
  DATA_VALID = 2,
}

/** Classes of commands, and the commands of each. */
export enum CtrlClass {
  RX = 0,
  MAC = 1,
  VLAN = 2,
  ANNOUNCE = 3,
  MQ = 4,
  GUEST_OFFLOADS = 5,
}

export enum CtrlRx {
  PROMISC = 0,
  ALLMULTI = 1,
  ALLUNI = 2,
  NOMULTI = 3,
  NOUNI = 4,
  NOBCAST = 5,
}

export enum CtrlMac {
  TABLE_SET = 0,
  ADDR_SET = 1,
}

export enum CtrlVlan {
  ADD = 0,
  DEL = 1,
}

/** The answer to a command. */
export enum Ack {
  OK = 0,
  ERR = 1,
}

/** Queue pairs that a device may have. */
export const MAX_PAIRS = 8;
export const MIN_MTU = 68;
export const MAX_MTU = 65_535;
