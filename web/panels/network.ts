/** The network: which one machines get, and a picture of the one that the machine in front is on. */

import type { NetworkSetting } from "../network/choice.ts";
import { isNetwork, type NetworkChoice } from "../network/choice.ts";
import type { NetworkView, Query, View } from "../session/protocol.ts";
import { make } from "../ui/dom.ts";
import { NetworkForm } from "../ui/network-form.ts";
import { NetworkPicture } from "./network-picture.ts";
import { NetworkRates } from "./network-rates.ts";
import { NetworkTables } from "./network-tables.ts";
import type { Panel } from "./panel.ts";

/** What the panel needs of the page. */
export interface NetworkHost {
  /** Starts the machine anew, with the network that is chosen. */
  restart(): void;
}

export class NetworkPanel implements Panel {
  readonly id = "network";
  readonly title = "Network";
  readonly element = make("div", { class: "panel network" });
  readonly #setting: NetworkSetting;
  readonly #host: NetworkHost;
  readonly #pending = make("p", { class: "pending", role: "status" });
  readonly #about = make("p", { class: "intro" });
  readonly #picture = new NetworkPicture();
  readonly #tables = new NetworkTables();
  readonly #rates = new NetworkRates();
  #present: NetworkChoice | undefined;

  constructor(setting: NetworkSetting, host: NetworkHost) {
    this.#setting = setting;
    this.#host = host;
    const form = new NetworkForm(setting, () => this.#showPending());
    this.element.append(form.element, this.#pending, this.#about, this.#picture.element, this.#tables.element);
  }

  query(): Query {
    return { network: true };
  }

  show({ network, time }: View): void {
    this.#present = network?.choice;
    this.#showPending();
    const isThere = network !== undefined;
    this.#picture.element.hidden = this.#tables.element.hidden = !isThere;
    this.#about.textContent = aboutText(network);
    if (network === undefined) return;
    const rates = this.#rates.of(network, time);
    this.#picture.show(network, rates);
    this.#tables.show(network, rates);
  }

  redraw(): void {
    this.#picture.redraw();
  }

  clear(): void {
    this.#rates.clear();
  }

  /** Says when the machine is on another network than the one that is chosen. */
  #showPending(): void {
    const { choice } = this.#setting;
    const isPending = keyOf(choice) !== keyOf(this.#present);
    if (!isPending) this.#pending.replaceChildren();
    else if (this.#pending.childElementCount === 0) {
      const restart = make("button", { type: "button", onclick: () => this.#host.restart() }, "Start it anew");
      this.#pending.replaceChildren(make("span", {}, "The machine gets this network when it starts anew."), restart);
    }
  }
}

/** What tells two choices apart; a relay's address matters only where there is one. */
function keyOf(choice: NetworkChoice | undefined): string {
  if (choice === undefined || !isNetwork(choice)) return "";
  const { tabs, world, url = "", token = "" } = choice;
  return JSON.stringify(world === "relay" || world === "wisp" ? [tabs, world, url, token] : [tabs, world]);
}

function aboutText(network: NetworkView | undefined): string {
  if (network === undefined) return "The machine in front has no network.";
  const { choice, tab } = network;
  const address = `Guests that ask by DHCP get 10.0.2.${15 + 8 * tab} or one of the next.`;
  return choice.tabs ? `This is tab ${tab + 1} of those that are joined. ${address}` : address;
}
