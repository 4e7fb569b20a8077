/** How much passes each port in a second, from what the ports have counted. */

import type { NetworkView, PortView } from "../session/protocol.ts";

/** In a second. `in` is what comes into the switch. */
export interface PortRate {
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export type Rates = ReadonlyMap<number, PortRate>;

/** Milliseconds over which rates are taken, at least. */
const SPAN = 900;

const dropsOf = ({ counters }: PortView): number =>
  counters.dropsIn + counters.dropsOut + counters.spoofed + counters.limited;

export class NetworkRates {
  #last: { readonly time: number; readonly ports: readonly PortView[] } | undefined;
  #rates: Rates = new Map();

  /** The rates of the last second or so. */
  of({ ports }: NetworkView, time: number): Rates {
    const last = this.#last;
    if (last !== undefined && time - last.time < SPAN) return this.#rates;
    this.#last = { time, ports };
    if (last === undefined) return this.#rates;
    const seconds = (time - last.time) / 1000;
    const before = new Map(last.ports.map(({ number, counters }) => [number, counters]));
    this.#rates = new Map(
      ports.map(({ number, counters }) => {
        const then = before.get(number);
        const rate = (key: keyof PortRate): number => Math.max(0, counters[key] - (then?.[key] ?? 0)) / seconds;
        const [framesIn, framesOut] = [rate("framesIn"), rate("framesOut")];
        return [number, { framesIn, framesOut, bytesIn: rate("bytesIn"), bytesOut: rate("bytesOut") }];
      }),
    );
    return this.#rates;
  }

  clear(): void {
    this.#last = undefined;
    this.#rates = new Map();
  }
}

/** Frames of a port that went nowhere. */
export { dropsOf };
