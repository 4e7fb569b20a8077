/** The guests a visitor can choose without having any file: the bundled one, and what `guests.json` beside the page names. */

import { isNetwork, type NetworkChoice } from "../network/choice.ts";
import { DEMO, type GuestSpec } from "./protocol.ts";

/** A guest of the menu. */
export interface MenuGuest extends GuestSpec {
  /** What `?guest=` in the page's address calls it. */
  readonly id: string;
  /** What it boots from instead when there is a network: with drivers, and words that have it ask for an address. */
  readonly networked?: Pick<GuestSpec, "initrd" | "append">;
}

/** The guest that comes with wasmvisor. */
export const DEMO_SPEC: MenuGuest = { id: "demo", name: "demo guest", kernel: DEMO, memory: "64M", harts: 1 };

/** What a guest boots from on a network. */
export function onNetwork(guest: GuestSpec & Pick<MenuGuest, "networked">, network: NetworkChoice): GuestSpec {
  const { networked, ...spec } = guest;
  return isNetwork(network) ? { ...spec, ...networked, network } : spec;
}

const TEXTS = ["kernel", "initrd", "bios", "append"] as const;

/** `image` as an absolute address, seen from the page. */
function absolute(image: string): string {
  return URL.canParse(image, location.href) ? new URL(image, location.href).href : image;
}

function textsOf(entry: Readonly<Record<string, unknown>>): Partial<Record<(typeof TEXTS)[number], string>> {
  const texts = TEXTS.flatMap((key) => {
    const value = entry[key];
    if (typeof value !== "string") return [];
    return [[key, key === "append" || value === "none" ? value : absolute(value)] as const];
  });
  return Object.fromEntries(texts);
}

/** What one entry of `guests.json` means; undefined where it is not one. */
function menuGuest(entry: unknown): MenuGuest | undefined {
  if (typeof entry !== "object" || entry === null) return undefined;
  const { id, name, memory, harts, networked, ...rest } = entry as Record<string, unknown>;
  if (typeof id !== "string" || typeof name !== "string") return undefined;
  return {
    id,
    name,
    ...textsOf(rest),
    ...(typeof networked === "object" && networked !== null ? { networked: textsOf({ ...networked }) } : {}),
    memory: typeof memory === "string" ? memory : "256M",
    harts: typeof harts === "number" ? harts : 1,
  };
}

/** All guests of the menu, the bundled one first. A page that has no list beside it has that one alone. */
export async function menuGuests(): Promise<MenuGuest[]> {
  try {
    const response = await fetch(new URL("guests.json", location.href));
    const entries: unknown = response.ok ? await response.json() : [];
    const found = Array.isArray(entries) ? entries.map(menuGuest) : [];
    return [DEMO_SPEC, ...found.filter((guest) => guest !== undefined)];
  } catch {
    return [DEMO_SPEC];
  }
}

/**
 * What the page's own address asks for: `?kernel=…&initrd=…&bios=…&append=…&memory=…&harts=…`, images by address, absolute or
 * relative to the page. Undefined when it names no image.
 *
 * ```
 * https://example.org/wasmvisor/?kernel=Image&initrd=initrd.cpio&append=console%3DttyS0&memory=512M
 * ```
 */
export function linkedGuest(search: string): GuestSpec | undefined {
  const asked = new URLSearchParams(search);
  const image = (key: string) => {
    const text = asked.get(key)?.trim() ?? "";
    return text === "" ? undefined : text;
  };
  const [kernel, initrd, bios] = [image("kernel"), image("initrd"), image("bios")];
  if (kernel === undefined && (bios === undefined || bios === "none")) return undefined;
  const named = [bios === "none" ? undefined : bios, kernel, initrd];
  return {
    name: named.flatMap((one) => one?.split("/").at(-1) ?? []).join(" + "),
    ...(kernel === undefined ? {} : { kernel: absolute(kernel) }),
    ...(initrd === undefined ? {} : { initrd: absolute(initrd) }),
    ...(bios === undefined ? {} : { bios: bios === "none" ? bios : absolute(bios) }),
    append: asked.get("append") ?? "console=ttyS0",
    memory: asked.get("memory") ?? "256M",
    harts: Number(asked.get("harts") ?? 1),
  };
}

/** The guest of the menu that `?guest=…` asks for. */
export function askedGuest(search: string): string | undefined {
  return new URLSearchParams(search).get("guest") ?? undefined;
}
