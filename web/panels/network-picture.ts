/** The network as a drawing: machines at the left, the switch, ways out at the right; what passes stands on the lines. */

import type { NetworkView, PortView } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { short, size } from "../ui/format.ts";
import { detailOfPort, nameOfPort } from "./network-names.ts";
import { dropsOf, type Rates } from "./network-rates.ts";

const SVG = "http://www.w3.org/2000/svg";
/** Pixels. */
const ROW = 76;
const BOX = 48;
const SWITCH = 30;
const WIDEST = 760;

function draw(tag: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

export class NetworkPicture {
  readonly element = make("figure", { class: "network-picture" });
  readonly #svg = draw("svg", { role: "img" });
  readonly #caption = make("figcaption", {}, "Packets a second. The tables below say the same in numbers.");
  #last: { readonly network: NetworkView; readonly rates: Rates } | undefined;

  constructor() {
    this.element.append(this.#svg, this.#caption);
  }

  show(network: NetworkView, rates: Rates): void {
    this.#last = { network, rates };
    this.redraw();
  }

  redraw(): void {
    if (this.#last === undefined || this.element.clientWidth === 0) return;
    const { network, rates } = this.#last;
    const machines = network.ports.filter(({ kind }) => kind === "machine");
    const ways = network.ports.filter(({ kind }) => kind !== "machine");
    const width = Math.min(WIDEST, this.element.clientWidth);
    const height = ROW * Math.max(machines.length, ways.length, 1);
    const frame = { width, height, box: Math.min(210, Math.max(92, width * 0.32)) };
    this.#svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.#svg.setAttribute("width", String(width));
    this.#svg.setAttribute("height", String(height));
    this.#svg.setAttribute("aria-label", saidOf(network, rates));
    const middle = width / 2;
    this.#svg.replaceChildren(
      ...machines.flatMap((port, row) => this.#port(port, { ...frame, row, rows: machines.length, isLeft: true })),
      ...ways.flatMap((port, row) => this.#port(port, { ...frame, row, rows: ways.length, isLeft: false })),
      draw("rect", { class: "switch", x: middle - SWITCH / 2, y: 6, width: SWITCH, height: height - 12, rx: 7 }),
      draw(
        "text",
        {
          ...{
            class: "switch-name",
            x: middle,
            y: height / 2,
            "text-anchor": "middle",
            "dominant-baseline": "central",
          },
          transform: `rotate(-90 ${middle} ${height / 2})`,
        },
        "switch",
      ),
    );
  }

  #port(
    port: PortView,
    place: { width: number; height: number; box: number; row: number; rows: number; isLeft: boolean },
  ): SVGElement[] {
    const { width, height, box, row, rows, isLeft } = place;
    const y = (height * (row + 0.5)) / rows;
    const x = isLeft ? 1 : width - box - 1;
    const [from, to] = isLeft ? [x + box, width / 2 - SWITCH / 2] : [width / 2 + SWITCH / 2, x];
    const { framesIn = 0, framesOut = 0 } = this.#last!.rates.get(port.number) ?? {};
    const isMoving = framesIn + framesOut > 0;
    const line = draw("line", {
      ...{ x1: from, y1: y, x2: to, y2: y, class: port.isBlocked ? "wire blocked" : isMoving ? "wire moving" : "wire" },
      "stroke-width": Math.min(7, 1.5 + Math.log10(1 + framesIn + framesOut)),
    });
    const label = (text: string, dy: number) =>
      draw("text", { class: "rate", x: (from + to) / 2, y: y + dy, "text-anchor": "middle" }, text);
    // What comes into the switch goes to the right at the left, and to the left at the right.
    const [above, below] = isLeft ? [framesIn, framesOut] : [framesOut, framesIn];
    return [
      line,
      ...(isMoving ? [label(`${packets(above)} →`, -7), label(`← ${packets(below)}`, 17)] : []),
      draw("rect", { class: `end ${port.kind}`, x, y: y - BOX / 2, width: box, height: BOX, rx: 8 }),
      draw("text", { class: "name", x: x + 9, y: y - 4 }, fitted(nameOfPort(port), box, 7.2)),
      draw("text", { class: "detail", x: x + 9, y: y + 14 }, fitted(detailOfPort(port, this.#last!.network), box, 6.4)),
    ];
  }
}

const packets = (rate: number): string => (rate > 0 && rate < 1 ? "<1" : short(Math.round(rate)));

/** As much of a text as there is room for. */
function fitted(text: string, width: number, letter: number): string {
  const most = Math.floor((width - 16) / letter);
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

/** The drawing in a sentence for each port. */
function saidOf(network: NetworkView, rates: Rates): string {
  const said = network.ports.map((port) => {
    const { framesIn = 0, framesOut = 0, bytesIn = 0, bytesOut = 0 } = rates.get(port.number) ?? {};
    const drops = dropsOf(port);
    return [
      `${nameOfPort(port)} sends ${packets(framesIn)} packets a second and gets ${packets(framesOut)}`,
      `(${size(Math.round(bytesIn + bytesOut))} a second${drops === 0 ? "" : `, ${short(drops)} dropped in all`})`,
    ].join(" ");
  });
  return `A switch with ${network.ports.length} ports: ${said.join("; ")}.`;
}
