/** Which network the machines of this page get: what the page's address asks for, else what was chosen last. */

import { PageError } from "../session/protocol.ts";

/** Where a machine's packets go besides other tabs. */
export const WORLDS = ["none", "fetch", "relay", "wisp"] as const;
export type World = (typeof WORLDS)[number];

/** The network of the machines of a page. */
export interface NetworkChoice {
  /** Whether all tabs of this browser that have chosen it are on one Ethernet. */
  readonly tabs: boolean;
  readonly world: World;
  /** The relay's address. */
  readonly url?: string;
  /** What the relay wants to see: a token, or for Wisp a name and a password with a colon between. */
  readonly token?: string;
}

const NOTHING: NetworkChoice = { tabs: false, world: "none" };
const KEY = "wasmvisor.network";
const TOKEN_KEY = "wasmvisor.network-token";

/** Whether a machine has a network device at all. */
export const isNetwork = ({ tabs, world }: NetworkChoice): boolean => tabs || world !== "none";

/** The choice of this visit. */
export class NetworkSetting {
  #choice: NetworkChoice;
  readonly #unknown: string | undefined;

  /**
   * @param search - what stands behind the page's address: `?network=tabs,fetch`, `?network=relay&relay=wss://…`
   */
  constructor(search: string) {
    const asked = new URLSearchParams(search);
    const words = asked.get("network")?.split(",");
    const before = rememberedNetwork();
    this.#unknown = words?.find((word) => word !== "tabs" && !isWorld(word));
    this.#choice =
      words === undefined
        ? before
        : withRelay(
            { tabs: words.includes("tabs"), world: words.find(isWorld) ?? "none" },
            asked.get("relay") ?? before.url,
            before.token,
          );
  }

  /** @throws PageError `network` when the page's address names one that there is not */
  check(): void {
    if (this.#unknown === undefined) return;
    throw new PageError(
      "network",
      `There is no network "${this.#unknown}" here; write network=tabs, fetch, relay, wisp or none, or tabs and another.`,
    );
  }

  get choice(): NetworkChoice {
    return this.#choice;
  }

  /** It is remembered: addresses for ever, a token until the tab is closed. */
  choose(choice: NetworkChoice): void {
    this.#choice = choice;
    const { token = "", ...others } = choice;
    try {
      localStorage.setItem(KEY, JSON.stringify(others));
      sessionStorage.setItem(TOKEN_KEY, token);
    } catch {
      // Without a memory, it holds for this visit.
    }
  }
}

const isWorld = (word: string): word is World => (WORLDS as readonly string[]).includes(word);

function rememberedNetwork(): NetworkChoice {
  try {
    const all = JSON.parse(localStorage.getItem(KEY) ?? "null") as Partial<Record<keyof NetworkChoice, unknown>> | null;
    const world = WORLDS.find((one) => one === all?.world) ?? "none";
    const url = typeof all?.url === "string" ? all.url : undefined;
    return withRelay({ tabs: all?.tabs === true, world }, url, sessionStorage.getItem(TOKEN_KEY) ?? undefined);
  } catch {
    return NOTHING;
  }
}

/** A choice with what is known of its relay. */
export function withRelay(
  choice: Pick<NetworkChoice, "tabs" | "world">,
  url: string | undefined,
  token: string | undefined,
): NetworkChoice {
  return { ...choice, ...(url === undefined ? {} : { url }), ...(token === undefined ? {} : { token }) };
}
