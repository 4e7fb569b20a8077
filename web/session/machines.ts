/** The machines of the page: one of them is in front, the others run behind it. */

import type { EngineName, SwitchPort, Vm } from "../../src/index.ts";
import { HotRegions } from "./hot-regions.ts";
import { OutputPump } from "./output-pump.ts";
import type { MachineView } from "./protocol.ts";

/** Bytes of what a machine has printed last that are shown again when it comes to the front. */
const TAIL_BYTES = 2 ** 16;

/** Where a machine is plugged in. */
export interface Socket {
  readonly backend: SwitchPort;
  readonly mac: string;
}

/** One machine. */
export class Machine {
  readonly vm: Vm;
  readonly name: string;
  /** Its disks, by name. */
  readonly disks: readonly string[];
  /** Where it is plugged in. */
  readonly socket: Socket | undefined;
  readonly hot: HotRegions;
  readonly pump: OutputPump;
  engine: EngineName;
  /** When it was last kept, by the machine's clock; undefined: never. */
  kept: number | undefined;
  #tail: Uint8Array[] = [];
  #tailBytes = 0;

  /** @param show - shows what it prints, if it is in front; else false */
  constructor(
    {
      vm,
      name,
      disks,
      engine,
      socket,
    }: Pick<Machine, "vm" | "name" | "disks" | "engine"> & Partial<Pick<Machine, "socket">>,
    show: (machine: Machine, bytes: Uint8Array) => boolean,
  ) {
    this.vm = vm;
    this.name = name;
    this.disks = disks;
    this.engine = engine;
    this.socket = socket;
    this.hot = new HotRegions(vm);
    this.pump = new OutputPump(vm, (bytes) => {
      this.remember(bytes.slice());
      if (!show(this, bytes)) this.pump.shown(bytes.length);
    });
  }

  /** Notes what it has printed. */
  remember(bytes: Uint8Array): void {
    this.#tail.push(bytes);
    this.#tailBytes += bytes.length;
    while (this.#tailBytes - this.#tail[0]!.length >= TAIL_BYTES) this.#tailBytes -= this.#tail.shift()!.length;
  }

  /** A copy of what it has printed last. */
  get tail(): Uint8Array {
    const all = new Uint8Array(this.#tailBytes);
    let at = 0;
    for (const piece of this.#tail) {
      all.set(piece, at);
      at += piece.length;
    }
    return all;
  }

  view(isInFront: boolean): MachineView {
    const { number, state, memory } = this.vm.accounting();
    return { number, state, name: this.name, isInFront, memory, isKept: this.kept !== undefined };
  }
}
