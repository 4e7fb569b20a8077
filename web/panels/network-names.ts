/** What the ends of a switch's ports are called. */

import type { NetworkView, PortView } from "../session/protocol.ts";

/** In a few words: `1. Linux`, `NAT, by fetch`. */
export function nameOfPort({ kind, machine }: PortView): string {
  switch (kind) {
    case "machine":
      return machine === undefined ? "a machine" : `${machine.number}. ${machine.name}`;
    case "tabs":
      return "other tabs";
    case "fetch":
      return "NAT, by fetch";
    case "wisp":
      return "NAT, by Wisp";
    case "relay":
      return "the relay's NAT";
    case "addresses":
      return "DHCP";
  }
}

/** What is behind it: an address, a server. */
export function detailOfPort({ kind, machine }: PortView, { choice }: NetworkView): string {
  if (kind === "machine") return machine?.mac ?? "";
  if (kind === "relay" || kind === "wisp")
    return choice.url !== undefined && URL.canParse(choice.url) ? new URL(choice.url).host : "";
  if (kind === "fetch") return "10.0.2.2";
  if (kind === "tabs") return "a BroadcastChannel";
  return "gives out addresses";
}
