/** The choice of a network: other tabs, and a way to the world. */

import { type NetworkChoice, type NetworkSetting, type World, WORLDS, withRelay } from "../network/choice.ts";
import { make } from "./dom.ts";

const WORLD_TITLES: Readonly<Record<World, string>> = {
  none: "Not at all",
  fetch: "Sites that let this page read them",
  relay: "A relay: wasmvisor relay",
  wisp: "A relay that speaks Wisp",
};

const HINTS: Readonly<Record<World, string>> = {
  none: "",
  fetch: "Programs in the guest write http://; requests leave by https:. Nothing else is needed.",
  relay: "All of the user network, by the WebSocket of a server that you trust.",
  wisp: "TCP and UDP, by the WebSocket of a server that you trust.",
};

const EXAMPLES: Partial<Record<World, string>> = {
  relay: "wss://relay.example.org/",
  wisp: "wss://relay.example.org/wisp/",
};

const KEYS: Partial<Record<World, string>> = { relay: "Token", wisp: "Name and password" };

/** Fields that write a setting whenever one of them changes. */
export class NetworkForm {
  readonly element = make("div", { class: "network-form" });
  readonly #setting: NetworkSetting;
  readonly #onChange: () => void;
  readonly #tabs = make("input", { type: "checkbox" });
  readonly #world = make("select", { id: "network-world" });
  readonly #url = make("input", { type: "url", class: "mono", "aria-label": "Address of the relay" });
  readonly #token = make("input", { type: "password", autocomplete: "off" });
  readonly #hint = make("small", {});

  constructor(setting: NetworkSetting, onChange: () => void) {
    this.#setting = setting;
    this.#onChange = onChange;
    this.#world.append(...WORLDS.map((world) => make("option", { value: world }, WORLD_TITLES[world])));
    this.element.append(
      make("label", { class: "check" }, this.#tabs, "Joined with the other tabs of this browser"),
      make(
        "div",
        { class: "said" },
        make("label", { htmlFor: "network-world" }, "Reaches the world by"),
        this.#world,
        this.#url,
        this.#token,
      ),
      this.#hint,
    );
    const { tabs, world, url = "", token = "" } = setting.choice;
    this.#tabs.checked = tabs;
    this.#world.value = world;
    this.#url.value = url;
    this.#token.value = token;
    for (const field of [this.#tabs, this.#world, this.#url, this.#token])
      field.addEventListener("change", () => this.#changed());
    this.#show();
  }

  #changed(): void {
    const [url, token] = [this.#url.value.trim(), this.#token.value];
    const choice = { tabs: this.#tabs.checked, world: this.#world.value as World };
    this.#setting.choose(withRelay(choice, url === "" ? undefined : url, token === "" ? undefined : token));
    this.#show();
    this.#onChange();
  }

  #show(): void {
    const { world }: NetworkChoice = this.#setting.choice;
    const isRelay = world === "relay" || world === "wisp";
    this.#url.hidden = this.#token.hidden = !isRelay;
    this.#url.placeholder = EXAMPLES[world] ?? "";
    this.#token.placeholder = KEYS[world] ?? "";
    this.#token.setAttribute("aria-label", KEYS[world] ?? "Token");
    this.#hint.textContent = HINTS[world];
    this.#hint.hidden = HINTS[world] === "";
  }
}
