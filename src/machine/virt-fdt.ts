/** The device tree of the virt board, equal in substance to the one QEMU makes. (QEMU `hw/riscv/virt.c`) */

import type { Entropy } from "../backend/entropy/entropy.ts";
import { TICKS_PER_SECOND } from "../backend/clock/clock.ts";
import type { Device } from "../device/device.ts";
import { MEI, SEI } from "../device/plic.ts";
import { MSI, MTI } from "../device/aclint.ts";
import { FdtTree } from "./fdt.ts";
import { CACHE_BLOCK_BYTES, ISA_EXTENSIONS, ISA_STRING } from "./isa-extensions.ts";
import { MEMMAP } from "./memmap.ts";

/** A device with a node below `/soc`, or the root. */
export interface Placed {
  readonly device: Device;
  readonly pa: number;
  /** Bytes its node claims; may be more than the device answers in. */
  readonly size: number;
  /** PLIC source, 0 for none. */
  readonly irq: number;
  /** Whether its node is below the root. */
  readonly outsideSoc?: boolean;
}

/** What the tree describes. */
export interface VirtFdtInput {
  readonly harts: number;
  readonly ramPa: number;
  readonly ramSize: number;
  /** In the order of the tree. */
  readonly devices: readonly Placed[];
}

/** Bytes of `/chosen/rng-seed`. */
const SEED_BYTES = 32;

/** phandles: the harts' interrupt controllers and nodes first, then the PLIC and the test device. */
const intcPhandle = (hart: number): number => 2 * hart + 1;
const hartPhandle = (hart: number): number => 2 * hart + 2;

/** The root of the tree, without the entries of `/chosen` that depend on what is booted. */
export function buildVirtFdt(input: VirtFdtInput): FdtTree {
  const plicPhandle = 2 * input.harts + 1;
  const testPhandle = plicPhandle + 1;
  const root = new FdtTree()
    .cells("#address-cells", 2)
    .cells("#size-cells", 2)
    .strings("compatible", "riscv-virtio")
    .strings("model", "riscv-virtio,qemu");
  root.node("chosen").strings("stdout-path", `/soc/serial@${MEMMAP.uart0.pa.toString(16)}`);
  root
    .node(`memory@${input.ramPa.toString(16)}`)
    .strings("device_type", "memory")
    .cells64("reg", input.ramPa, input.ramSize);
  addHarts(root, input.harts);
  const soc = root
    .node("soc")
    .cells("#address-cells", 2)
    .cells("#size-cells", 2)
    .strings("compatible", "simple-bus")
    .flag("ranges");
  for (const { device, pa, size, irq, outsideSoc = false } of input.devices) {
    const phandle = device.name === "plic" ? plicPhandle : device.name === "test" ? testPhandle : 0;
    device.fdt?.(outsideSoc ? root : soc, { pa, size, irq, intc: plicPhandle, phandle });
  }
  connectHarts(soc, input.harts);
  addPower(root, testPhandle);
  return root;
}

/** What a boot adds to `/chosen`. */
export interface ChosenInput {
  readonly bootargs?: string | undefined;
  readonly initrd?: { readonly start: number; readonly end: number } | undefined;
}

/** Fills in `/chosen`, making it where a tree has none. */
export function fillChosen(root: FdtTree, input: ChosenInput, entropy: Entropy): void {
  const chosen = root.child("chosen") ?? root.node("chosen");
  if (input.bootargs !== undefined && input.bootargs !== "") chosen.strings("bootargs", input.bootargs);
  if (input.initrd !== undefined) {
    chosen.cells64("linux,initrd-start", input.initrd.start).cells64("linux,initrd-end", input.initrd.end);
  }
  chosen.bytes("rng-seed", randomBytes(entropy, SEED_BYTES)).bytes("kaslr-seed", randomBytes(entropy, 8));
}

function addHarts(root: FdtTree, harts: number): void {
  const cpus = root
    .node("cpus")
    .cells("#address-cells", 1)
    .cells("#size-cells", 0)
    .cells("timebase-frequency", TICKS_PER_SECOND);
  for (let hart = 0; hart < harts; hart++) addHart(cpus, hart);
  const cluster = cpus.node("cpu-map").node("cluster0");
  for (let hart = 0; hart < harts; hart++) cluster.node(`core${hart}`).cells("cpu", hartPhandle(hart));
}

function addHart(cpus: FdtTree, hart: number): void {
  cpus
    .node(`cpu@${hart}`)
    .strings("device_type", "cpu")
    .cells("reg", hart)
    .strings("status", "okay")
    .strings("compatible", "riscv")
    .strings("riscv,isa", ISA_STRING)
    .strings("riscv,isa-base", "rv64i")
    .strings("riscv,isa-extensions", ...ISA_EXTENSIONS)
    .cells("riscv,cbom-block-size", CACHE_BLOCK_BYTES)
    .cells("riscv,cbop-block-size", CACHE_BLOCK_BYTES)
    .cells("riscv,cboz-block-size", CACHE_BLOCK_BYTES)
    .strings("mmu-type", "riscv,sv57")
    .cells("phandle", hartPhandle(hart))
    .node("interrupt-controller")
    .cells("#address-cells", 0)
    .cells("#interrupt-cells", 1)
    .flag("interrupt-controller")
    .strings("compatible", "riscv,cpu-intc")
    .cells("phandle", intcPhandle(hart));
}

/** The controllers that interrupt harts: PLIC contexts M then S, CLINT software then timer. */
function connectHarts(soc: FdtTree, harts: number): void {
  const lines = (...irqs: number[]): number[] =>
    Array.from({ length: harts }, (_, hart) => irqs.flatMap((irq) => [intcPhandle(hart), irq])).flat();
  soc.child("plic")?.cells("interrupts-extended", ...lines(MEI, SEI));
  soc
    .node(`clint@${MEMMAP.clint.pa.toString(16)}`)
    .strings("compatible", "sifive,clint0", "riscv,clint0")
    .cells64("reg", MEMMAP.clint.pa, MEMMAP.clint.size)
    .cells("interrupts-extended", ...lines(MSI, MTI));
}

function addPower(root: FdtTree, regmap: number): void {
  const add = (name: string, value: number): void => {
    root
      .node(name)
      .strings("compatible", `syscon-${name}`)
      .cells("regmap", regmap)
      .cells("offset", 0)
      .cells("value", value);
  };
  add("poweroff", 0x5555);
  add("reboot", 0x7777);
}

function randomBytes(entropy: Entropy, count: number): Uint8Array {
  const bytes = new Uint8Array(count);
  entropy.fill(bytes);
  return bytes;
}
