/** Carries out a boot plan: puts everything into memory and says how each hart begins. */

import { WasmvisorError } from "../error.ts";
import type { Entropy } from "../backend/entropy/entropy.ts";
import type { GuestMemory } from "../memory/guest-memory.ts";
import type { FirmwareBoot } from "../device/fw-cfg/items.ts";
import { MEMMAP } from "./memmap.ts";
import { encodeFdt } from "./fdt.ts";
import type { FdtDocument, FdtTree } from "./fdt.ts";
import { parseFdt } from "./fdt-parse.ts";
import { alignUp, fdtPlace, initrdPlace, placeImage, SUPERPAGE } from "./placement.ts";
import type { PlacedImage, Range } from "./placement.ts";
import { FW_DYNAMIC_PA, writeResetVector } from "./reset-vector.ts";
import { fillChosen } from "./virt-fdt.ts";
import type { LoadedImage } from "./loader/loaded-image.ts";
import type { BootHart, Booted, BootPlan } from "./virt-types.ts";

const T0 = 5;
const A0 = 10;
const A1 = 11;
const A2 = 12;

/** What a boot works on. */
export interface BootDeps {
  readonly memory: GuestMemory;
  readonly entropy: Entropy;
  readonly harts: number;
  /** The mask ROM's bytes. */
  readonly rom: Uint8Array;
  /** Where the program in flash finds what it is to boot. */
  readonly fwCfg: { setBoot(boot: FirmwareBoot | undefined): void };
  /** The board's own tree, made anew for each boot. */
  makeTree(): FdtTree;
}

/**
 * Bytes of the blob that are free. A boot loader adds a command line and an initrd where the blob lies; U-Boot does that to a copy which is
 * as long as the blob, whatever lies behind it.
 */
const FDT_ROOM = 4096;

/** See `VirtBoard.load`. */
export function boot(deps: BootDeps, plan: BootPlan): Booted {
  const { memory } = deps;
  const firmware = typeof plan.bios === "string" ? undefined : placeImage(memory, plan.bios, memory.ramPa, "firmware");
  const kernel = plan.flash === true ? undefined : placeKernel(memory, plan, firmware);
  const start = firmware ?? kernel;
  if (plan.flash === true) return bootFlash(deps, plan, firmware);
  deps.fwCfg.setBoot(undefined);
  if (start === undefined) {
    throw new WasmvisorError(
      "kernel-missing",
      "There is nothing to run; name a kernel (--kernel) or firmware (--bios).",
    );
  }
  const document = makeDocument(deps, plan);
  const occupied = { start: (kernel ?? start).start, end: Math.max(kernel?.end ?? 0, firmware?.end ?? 0) };
  const { fdtPa, initrd } = placeData(memory, document, plan, occupied);
  fillChosen(document.root, { bootargs: plan.append, initrd }, deps.entropy);
  const fdt = encodeFdt(document, FDT_ROOM);
  memory.write(fdtPa, fdt);
  if (initrd !== undefined && plan.initrd !== undefined) memory.write(initrd.start, plan.initrd);
  // Firmware and programs without any are entered where they say, as Spike does it; kernels where firmware enters them.
  const kernelPa = plan.bios === "none" ? kernel?.entryPa : kernel?.nextPa;
  const startPa = firmware?.entryPa ?? kernelPa!;
  writeResetVector(deps.rom, { startPa, fdtPa, nextPa: kernelPa ?? 0 });
  return {
    harts: bootHarts(deps.harts, plan.bios === "builtin", startPa, fdtPa),
    fdtPa,
    fdt,
    ...(kernelPa !== undefined && { kernelPa }),
    ...(initrd && { initrd }),
  };
}

/**
 * The program in flash is entered, by firmware and in S mode where there is some. Kernel, initrd and command line are in the firmware
 * configuration device, for it to load. (QEMU `virt_machine_done`)
 */
function bootFlash(deps: BootDeps, plan: BootPlan, firmware: PlacedImage | undefined): Booted {
  const { memory, harts } = deps;
  const { kernel, initrd, append } = plan;
  deps.fwCfg.setBoot({
    ...(kernel && { kernel: fileOf(kernel) }),
    ...(initrd && { initrd: initrd.slice() }),
    ...(append !== undefined && { append }),
  });
  const document = makeDocument(deps, plan);
  fillChosen(document.root, {}, deps.entropy);
  const fdt = encodeFdt(document, FDT_ROOM);
  const fdtPa = fdtPlace(memory, fdt.length, firmware?.end ?? memory.ramPa);
  memory.write(fdtPa, fdt);
  const flashPa = MEMMAP.flash.pa;
  const startPa = firmware?.entryPa ?? flashPa;
  writeResetVector(deps.rom, { startPa, fdtPa, nextPa: flashPa });
  return { harts: bootHarts(harts, plan.bios === "builtin", startPa, fdtPa), fdtPa, fdt, kernelPa: flashPa };
}

/** @throws WasmvisorError `image-type` for a kernel that is no file in one piece */
function fileOf({ format, segments }: LoadedImage): Uint8Array {
  const [first, ...others] = segments;
  if (first !== undefined && others.length === 0 && format !== "elf") return first.bytes.slice();
  const sentence =
    "The program in flash loads kernels that are EFI programs, such as a Linux Image; give one of these.";
  throw new WasmvisorError("image-type", sentence, { format });
}

/** In M mode at the start of RAM, after firmware at the next superpage; otherwise where the image's header says. */
function placeKernel(
  memory: GuestMemory,
  { bios, kernel }: BootPlan,
  firmware: Range | undefined,
): PlacedImage | undefined {
  if (kernel === undefined) return undefined;
  const loadPa =
    bios === "none"
      ? memory.ramPa
      : firmware !== undefined
        ? alignUp(firmware.end, SUPERPAGE)
        : memory.ramPa + SUPERPAGE;
  const placed = placeImage(memory, kernel, loadPa, "kernel");
  if (firmware !== undefined && placed.start < firmware.end && firmware.start < placed.end) {
    throw new WasmvisorError(
      "image-overlap",
      "The kernel overlaps the firmware; link one of them for another address.",
      {
        kernel: placed.start,
        firmware: firmware.start,
      },
    );
  }
  return placed;
}

function makeDocument(deps: BootDeps, plan: BootPlan): FdtDocument {
  if (plan.dtb !== undefined) return parseFdt(plan.dtb);
  return { root: deps.makeTree(), reservations: [], bootHart: 0 };
}

/** Sizes the tree with stand-ins for the values that depend on where it will lie. */
function placeData(
  memory: GuestMemory,
  document: FdtDocument,
  plan: BootPlan,
  occupied: Range,
): { fdtPa: number; initrd?: Range } {
  const standIn = plan.initrd && { start: 0, end: 0 };
  fillChosen(document.root, { bootargs: plan.append, initrd: standIn }, { fill: () => undefined });
  const fdtPa = fdtPlace(memory, encodeFdt(document, FDT_ROOM).length, occupied.end);
  if (plan.initrd === undefined) return { fdtPa };
  return { fdtPa, initrd: initrdPlace(memory, plan.initrd.length, occupied, fdtPa) };
}

/**
 * The harts as the reset vector would leave them. The built-in SBI starts hart 0 only, in S mode
 * (Linux, "RISC-V Kernel Boot Requirements and Constraints": a0 = hart id, a1 = FDT).
 */
function bootHarts(count: number, builtinSbi: boolean, entryPa: number, fdtPa: number): BootHart[] {
  const pc = BigInt(entryPa);
  return Array.from({ length: count }, (_, hartid) => {
    const handover: BootHart["x"] = [
      [A0, BigInt(hartid)],
      [A1, BigInt(fdtPa)],
    ];
    if (builtinSbi) return { hartid, running: hartid === 0, priv: 1 as const, pc, x: handover };
    const rest: BootHart["x"] = [
      [A2, BigInt(FW_DYNAMIC_PA)],
      [T0, pc],
    ];
    return { hartid, running: true, priv: 3 as const, pc, x: [...handover, ...rest] };
  });
}
