/** `--chardev`, in QEMU's words: where the far end of a serial port of the guest is. */

import { onOff, type Properties, propertiesOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** A far end. */
export type Chardev =
  /** This terminal. */
  | { readonly kind: "stdio" }
  /** Nobody: what the guest sends is lost. */
  | { readonly kind: "null" }
  /** A file that takes what the guest sends. */
  | { readonly kind: "file"; readonly path: string }
  /** A Unix socket: one that is listened at, perhaps until somebody comes before the guest starts, or somebody else's. */
  | { readonly kind: "socket"; readonly path: string; readonly server: boolean; readonly wait: boolean };

/** A named port of the guest and its far end. */
export interface PortWords {
  readonly name: string;
  readonly chardev: Chardev;
}

const KINDS: Readonly<Record<string, (given: Given) => Chardev>> = {
  stdio: () => ({ kind: "stdio" }),
  null: () => ({ kind: "null" }),
  file: (given) => ({ kind: "file", path: given.text("path") }),
  socket: (given) => {
    const server = given.onOff("server", false);
    return { kind: "socket", path: given.text("path"), server, wait: given.onOff("wait", true) && server };
  },
};

/** Properties that are read once each; what is left over is unknown. */
class Given {
  readonly #kind: string;
  readonly #left: Map<string, string>;

  constructor(kind: string, properties: Properties) {
    this.#kind = kind;
    this.#left = new Map(properties);
  }

  text(name: string): string {
    const value = this.#take(name);
    if (value === undefined || value === "") throw usage(`A --chardev ${this.#kind} needs ${name}=FILE.`);
    return value;
  }

  onOff(name: string, otherwise: boolean): boolean {
    const value = this.#take(name);
    return value === undefined ? otherwise : onOff(`The ${name} of a --chardev`, value);
  }

  expectEnd(): void {
    const [name] = this.#left.keys();
    if (name !== undefined) throw usage(`A --chardev ${this.#kind} has no property "${name}"; leave it out.`);
  }

  #take(name: string): string | undefined {
    const value = this.#left.get(name);
    this.#left.delete(name);
    return value;
  }
}

/**
 * The far ends that the values of `--chardev` name, by their ids: `socket,id=c0,path=/tmp/c0,server=on,wait=off`.
 * @throws WasmvisorError `usage`
 */
export function chardevOptions(values: readonly string[]): ReadonlyMap<string, Chardev> {
  const chardevs = new Map<string, Chardev>();
  for (const value of values) {
    const properties = new Map(propertiesOf("chardev", value));
    const [kind = ""] = properties.keys();
    const id = properties.get("id");
    properties.delete(kind);
    properties.delete("id");
    if (!Object.hasOwn(KINDS, kind))
      throw usage(
        `There is no --chardev ${kind}; use ${Object.keys(KINDS).join(", ")}, such as socket,id=c0,path=FILE,server=on.`,
      );
    if (id === undefined) throw usage(`--chardev ${value} needs an id=NAME, by which a device names it.`);
    if (chardevs.has(id)) throw usage(`There are two --chardev with id=${id}; give one of them another.`);
    const given = new Given(kind, properties);
    chardevs.set(id, KINDS[kind]!(given));
    // The terminal has its signals and its one user anyway.
    if (kind !== "stdio") given.expectEnd();
  }
  return chardevs;
}

/**
 * The named ports of `--device virtserialport`, with the far end that each names.
 * @throws WasmvisorError `usage`
 */
export function portWords(
  ports: readonly { readonly name: string; readonly chardev: string | undefined }[],
  values: readonly string[],
): PortWords[] {
  const chardevs = chardevOptions(values);
  const taken = new Set<string>();
  return ports.map(({ name, chardev: id }) => {
    if (id === undefined) return { name, chardev: { kind: "null" } };
    const chardev = chardevs.get(id);
    if (chardev === undefined) throw usage(`There is no --chardev with id=${id} for the port ${name}; add one.`);
    if (chardev.kind === "stdio")
      throw usage(`The terminal is the console's; give the port ${name} a --chardev socket or file.`);
    if (taken.has(id)) throw usage(`Two ports name the --chardev ${id}; give each its own.`);
    taken.add(id);
    return { name, chardev };
  });
}
