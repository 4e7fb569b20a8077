/** Stand-ins for what devices stand on. */

import type { Clock, ConsoleBackend, IrqLine } from "../../src/device/device.ts";

/** Time that moves only when told. */
export class FakeClock implements Clock {
  now = 0n;
  wall = 1_700_000_000_000_000_000n;

  ticks(): bigint {
    return this.now;
  }

  wallNanoseconds(): bigint {
    return this.wall;
  }

  advance(ticks: bigint): void {
    this.now += ticks;
    this.wall += ticks * 100n;
  }
}

/** Remembers its level. */
export class FakeLine implements IrqLine {
  level = false;

  set(level: boolean): void {
    this.level = level;
  }
}

/** Lines of harts by hart and interrupt number, and how often they changed. */
export class FakeLines {
  readonly levels = new Map<string, boolean>();
  changes = 0;

  readonly setLine = (hart: number, irq: number, level: boolean): void => {
    this.levels.set(`${hart}:${irq}`, level);
    this.changes++;
  };

  level(hart: number, irq: number): boolean {
    return this.levels.get(`${hart}:${irq}`) ?? false;
  }
}

/** Collects output and types at once what there is room for. */
export class FakeConsole implements ConsoleBackend {
  readonly output: number[] = [];
  private waiting: number[] = [];
  private receive: ((bytes: Uint8Array) => number) | undefined;

  get text(): string {
    return String.fromCharCode(...this.output);
  }

  get left(): number {
    return this.waiting.length;
  }

  type(text: string): void {
    this.waiting.push(...[...text].map((character) => character.charCodeAt(0)));
    this.ready();
  }

  write(byte: number): void {
    this.output.push(byte);
  }

  onInput(receive: (bytes: Uint8Array) => number): void {
    this.receive = receive;
  }

  ready(): void {
    if (this.waiting.length === 0) return;
    this.waiting = this.waiting.slice(this.receive?.(new Uint8Array(this.waiting)) ?? 0);
  }
}
