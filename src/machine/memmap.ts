/**
 * The physical address space of QEMU's `virt` board: addresses, sizes and interrupt numbers. (QEMU `hw/riscv/virt.c`)
 *
 * ```
 *          0x1000  mrom        reset vector
 *        0x100000  test        power off, reset
 *        0x101000  rtc
 *        0x102000  vmgenid     where it is asked for; not QEMU's
 *        0x103000  watchdog    where it is asked for; not QEMU's
 *       0x2000000  clint       mswi, then mtimer at +0x4000
 *       0x3000000  pcie-pio    (not built)
 *       0x4000000  platform    (not built)
 *       0xc000000  plic
 *      0x10000000  uart0
 *      0x10001000  virtio      eight slots, 0x1000 apart
 *      0x10100000  fw-cfg      firmware configuration
 *      0x20000000  flash       two banks, where they are asked for
 *      0x30000000  pcie-ecam   (not built)
 *      0x40000000  pcie-mmio   (not built)
 *      0x80000000  dram
 * ```
 */

/** First address and bytes of each region; for DRAM the most that a Wasm memory could hold. */
export const MEMMAP = {
  debug: { pa: 0x0, size: 0x100 },
  mrom: { pa: 0x1000, size: 0xf000 },
  test: { pa: 0x10_0000, size: 0x1000 },
  rtc: { pa: 0x10_1000, size: 0x1000 },
  vmgenid: { pa: 0x10_2000, size: 0x1000 },
  watchdog: { pa: 0x10_3000, size: 0x1000 },
  clint: { pa: 0x200_0000, size: 0x1_0000 },
  aclintSswi: { pa: 0x2f0_0000, size: 0x4000 },
  pciePio: { pa: 0x300_0000, size: 0x1_0000 },
  platformBus: { pa: 0x400_0000, size: 0x200_0000 },
  plic: { pa: 0xc00_0000, size: 0x60_0000 },
  uart0: { pa: 0x1000_0000, size: 0x100 },
  virtio: { pa: 0x1000_1000, size: 0x1000 },
  fwCfg: { pa: 0x1010_0000, size: 0x18 },
  flash: { pa: 0x2000_0000, size: 0x400_0000 },
  imsicM: { pa: 0x2400_0000, size: 0x400_0000 },
  imsicS: { pa: 0x2800_0000, size: 0x400_0000 },
  pcieEcam: { pa: 0x3000_0000, size: 0x1000_0000 },
  pcieMmio: { pa: 0x4000_0000, size: 0x4000_0000 },
  dram: { pa: 0x8000_0000, size: 0xffff_0000 },
} as const;

/** Offset of the mtimer registers in the CLINT. */
export const CLINT_MTIMER = 0x4000;

/** How many virtio-mmio slots there are. */
export const VIRTIO_COUNT = 8;

/** PLIC source numbers. */
export const PLIC_IRQ = {
  /** Slot n has number `virtio + n`. */
  virtio: 1,
  uart0: 10,
  rtc: 11,
  vmgenid: 12,
  /** Four of them. */
  pcie: 32,
  /** 32 of them. */
  platformBus: 64,
} as const;

/** Interrupt sources of the PLIC, counting number 0, which is none. */
export const PLIC_SOURCES = 96;

/** Most harts a board may have. */
export const MAX_HARTS = 8;
