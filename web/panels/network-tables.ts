/** The network in numbers: ports, flows, addresses and connections, each as a table. */

import type { FlowView, NetworkView } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { short, size } from "../ui/format.ts";
import { nameOfPort } from "./network-names.ts";
import { dropsOf, type Rates } from "./network-rates.ts";

type Row = readonly string[];

/** A table that is written anew only where something has changed. */
class LiveTable {
  readonly element: HTMLElement;
  readonly #body = make("tbody", {});
  #shown = "";

  /** @param columns - their heads; those that end in a number sign are numbers */
  constructor(
    readonly title: string,
    readonly columns: readonly string[],
  ) {
    const heads = columns.map((column) =>
      make("th", { scope: "col", class: column.endsWith("#") ? "number" : "" }, column.replace(/ ?#$/, "")),
    );
    const table = make(
      "table",
      {},
      make("caption", {}, title),
      make("thead", {}, make("tr", {}, ...heads)),
      this.#body,
    );
    // Wide ones scroll by themselves. (WCAG 2.1.1, "Keyboard")
    this.element = make("div", { class: "table-box", role: "region", "aria-label": title, tabIndex: 0 }, table);
  }

  show(rows: readonly Row[]): void {
    const key = JSON.stringify(rows);
    this.element.hidden = rows.length === 0;
    if (key === this.#shown) return;
    this.#shown = key;
    this.#body.replaceChildren(...rows.map((row) => make("tr", {}, ...row.map((text, at) => this.#cell(text, at)))));
  }

  #cell(text: string, at: number): HTMLElement {
    if (at === 0) return make("th", { scope: "row" }, text);
    return make("td", { class: this.columns[at]!.endsWith("#") ? "number" : "" }, text);
  }
}

const rate = (value: number): string => (value === 0 ? "0" : value < 1 ? value.toFixed(1) : short(Math.round(value)));

export class NetworkTables {
  readonly element = make("div", { class: "network-tables" });
  readonly #ports = new LiveTable("Ports of the switch", [
    "Port",
    "sends, packets/s #",
    "bytes/s #",
    "gets, packets/s #",
    "bytes/s #",
    "in all #",
    "dropped #",
  ]);
  readonly #connections = new LiveTable("Connections of the NAT", ["Guest", "to", "port #", "is"]);
  readonly #more = make("p", { class: "room" });
  readonly #addresses = new LiveTable("Addresses that the switch has heard", ["Address", "at port", "seconds ago #"]);
  readonly #flows = new LiveTable("Flow table", ["Frames with", "are", "priority #", "packets #"]);

  constructor() {
    this.element.append(
      ...[this.#ports.element, this.#connections.element, this.#more, this.#addresses.element, this.#flows.element],
    );
  }

  show(network: NetworkView, rates: Rates): void {
    const { ports, addresses, flows, connections, connectionCount } = network;
    const names = new Map(ports.map((port) => [port.number, nameOfPort(port)]));
    this.#ports.show(
      ports.map((port) => {
        const { number, counters, isBlocked } = port;
        const { framesIn = 0, bytesIn = 0, framesOut = 0, bytesOut = 0 } = rates.get(number) ?? {};
        return [
          isBlocked ? `${names.get(number)!} (blocked: a loop)` : names.get(number)!,
          ...[rate(framesIn), size(Math.round(bytesIn)), rate(framesOut), size(Math.round(bytesOut))],
          size(counters.bytesIn + counters.bytesOut),
          short(dropsOf(port)),
        ];
      }),
    );
    this.#addresses.show(
      addresses.map(({ mac, port, age }) => [mac, names.get(port) ?? `port ${port}`, String(Math.round(age / 1000))]),
    );
    this.#flows.show(flows.map((flow) => flowRow(flow, names)));
    this.#connections.show(
      connections.map(({ protocol, guestAddress, guestPort, address, port, host, state }) => [
        `${protocol} ${guestAddress}:${guestPort}`,
        host === undefined ? address : `${host} (${address})`,
        String(port),
        state ?? "",
      ]),
    );
    this.#more.textContent =
      connectionCount > connections.length ? `${short(connectionCount)} connections in all; these were used last.` : "";
  }
}

/** Ports by their names, where a flow has their numbers. */
function flowRow({ priority, match, actions, packets }: FlowView, names: ReadonlyMap<number, string>): Row {
  const named = (text: string): string =>
    text.replaceAll(
      /(inPort|output) (\d+)/g,
      (_, key: string, port: string) => `${key} ${names.get(Number(port)) ?? port}`,
    );
  return [named(match), named(actions), String(priority), short(packets)];
}
