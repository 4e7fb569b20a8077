/** What a guest may reach: rules over the addresses that are connected to, and the names that led to them. */

import { WasmvisorError } from "../../../error.ts";
import { embedded, type Ip, Prefix, type Scope, scopeOf } from "../address.ts";

/** What a guest wants to reach. */
export interface EgressRequest {
  /** `dns`: the name is to be resolved; then `address` is empty and `port` 53. */
  readonly protocol: "tcp" | "udp" | "icmp" | "dns";
  /** A name that this network has resolved to the address for the guest, the latest one that fits. Small letters, no dot at the end. */
  readonly host?: string;
  /** The address that is connected to. The gateway's address stands for the host's loopback, which is what is said here. */
  readonly address: string;
  /** 0 for `icmp`. */
  readonly port: number;
}

/** Whether it may. What it throws or rejects with counts as no. */
export type EgressFunction = (request: EgressRequest) => boolean | Promise<boolean>;

/** One rule; the first one that fits counts. */
export interface EgressRule {
  readonly allow: boolean;
  /**
   * Names with `*` for any letters (`*.debian.org`: not `debian.org` itself), addresses with or without a prefix (`10.0.0.0/8`), or `*`
   * for all public addresses. Default: `*`.
   */
  readonly to?: string | readonly string[];
  /** Ports and ranges: `443`, `"8000-8999"`. Default: all. */
  readonly ports?: number | string | readonly (number | string)[];
  /** Default: all. */
  readonly protocol?: "tcp" | "udp" | "icmp" | readonly ("tcp" | "udp" | "icmp")[];
}

/**
 * Rules, and what counts when none fits. Loopback, link-local and private addresses are reached only by a rule that names addresses they
 * lie in: neither names nor `*`, `default` or `ask` open them.
 */
export interface EgressPolicy {
  readonly rules?: readonly EgressRule[];
  /** Asked about public addresses that no rule fits. */
  readonly ask?: EgressFunction;
  /** Without `ask`. Default: `deny`. */
  readonly default?: "allow" | "deny";
}

interface Rule {
  readonly allow: boolean;
  readonly names: readonly string[];
  readonly prefixes: readonly Prefix[];
  readonly isForAll: boolean;
  readonly ports: readonly (readonly [number, number])[];
  readonly protocols: readonly string[] | undefined;
}

/** Names that led to an address: as many as are remembered for each, and addresses that are remembered. */
const MOST_NAMES = 16;
const MOST_ADDRESSES = 8192;

/** Decides. Without a policy it is as in QEMU: all but link-local addresses, and the host's loopback by the gateway's address alone. */
export class Egress {
  readonly #rules: readonly Rule[];
  readonly #ask: EgressFunction | undefined;
  readonly #default: boolean;
  /** Whether somebody has set a policy. */
  readonly isStrict: boolean;
  /** Names that the guest was told of, by address; the latest ones last. */
  readonly #names = new Map<string, Set<string>>();

  readonly #standsForName: (address: string) => boolean;

  /**
   * @param standsForName - whether an address counts as public because it only stands for a name
   * @throws WasmvisorError `network-policy` when a rule is malformed
   */
  constructor(policy?: EgressPolicy | EgressFunction, standsForName: (address: string) => boolean = () => false) {
    this.#standsForName = standsForName;
    const {
      rules = [],
      ask,
      default: otherwise = "deny",
    } = typeof policy === "function" ? { ask: policy } : (policy ?? {});
    this.isStrict = policy !== undefined;
    this.#rules = rules.map(ruleOf);
    this.#ask = ask;
    this.#default = policy === undefined || otherwise === "allow";
  }

  /** The guest was told that a name has an address. */
  remember(name: string, address: Ip): void {
    if (!this.isStrict) return;
    const key = address.toString();
    const names = this.#names.get(key) ?? new Set();
    names.delete(name);
    names.add(name);
    if (names.size > MOST_NAMES) names.delete(names.values().next().value!);
    this.#names.delete(key);
    this.#names.set(key, names);
    if (this.#names.size > MOST_ADDRESSES) this.#names.delete(this.#names.keys().next().value!);
  }

  /** The name that the guest was told last; known only with a policy. */
  nameOf(address: Ip): string | undefined {
    return [...(this.#names.get(address.toString()) ?? [])].at(-1);
  }

  /**
   * Whether the guest may reach an address.
   * @param isGateway - it has used the gateway's address for the host's loopback
   */
  mayReach(protocol: "tcp" | "udp" | "icmp", ip: Ip, port: number, isGateway = false): boolean | Promise<boolean> {
    // What stands for another address is that one, for rules too.
    const address = embedded(ip) ?? ip;
    const scope = this.#scopeOf(address);
    if (scope === "unusable") return false;
    if (!this.isStrict) return isGateway || isFreeWithoutPolicy(scope);
    const names = [...(this.#names.get(ip.toString()) ?? [])].toReversed();
    const isPublic = scope === "public";
    for (const rule of this.#rules) {
      if (!fitsPort(rule, protocol, port)) continue;
      const fitsAddress = rule.prefixes.some((prefix) => prefix.has(address));
      // A rule that denies may fit by anything; one that allows opens what is not public by addresses alone.
      const fitsAName =
        (isPublic || !rule.allow) && names.some((name) => rule.names.some((pattern) => fitsName(pattern, name)));
      if (fitsAddress || fitsAName || (rule.isForAll && (isPublic || !rule.allow))) return rule.allow;
    }
    if (!isPublic) return false;
    if (this.#ask === undefined) return this.#default;
    return this.#askAll(names, (host) => ({
      protocol,
      address: address.toString(),
      port,
      ...(host === undefined ? {} : { host }),
    }));
  }

  /** Whether a name may be resolved: when a connection to it might be allowed. */
  mayResolve(name: string): boolean | Promise<boolean> {
    if (!this.isStrict) return true;
    for (const rule of this.#rules) {
      // Where the name leads is not known yet, and to which port.
      if (rule.names.some((pattern) => fitsName(pattern, name))) {
        if (rule.allow) return true;
        if (rule.ports.length === 0 && rule.protocols === undefined) return false;
      }
      if (rule.isForAll) {
        if (rule.allow) return true;
        if (rule.ports.length === 0 && rule.protocols === undefined) return false;
      }
    }
    if (this.#ask === undefined) return this.#default;
    return this.#askAll([name], (host) => ({ protocol: "dns", host: host!, address: "", port: 53 }));
  }

  /** Whether an address may stand in an answer of the DNS: one that could not be reached, or only by an answer, is no help. */
  mayAnswer(ip: Ip): boolean {
    const address = embedded(ip) ?? ip;
    const scope = this.#scopeOf(address);
    if (scope === "public") return true;
    if (scope === "unusable") return false;
    if (!this.isStrict) return isFreeWithoutPolicy(scope);
    return this.#rules.some((rule) => rule.allow && rule.prefixes.some((prefix) => prefix.has(address)));
  }

  #scopeOf(address: Ip): Scope {
    return this.#standsForName(address.toString()) ? "public" : scopeOf(address);
  }

  /** An address with several names may be reached when one of them may. */
  async #askAll(names: readonly string[], request: (host?: string) => EgressRequest): Promise<boolean> {
    for (const name of names.length === 0 ? [undefined] : names) {
      try {
        // A program in JavaScript may say anything; only `true` is yes.
        const answer: unknown = await this.#ask!(request(name));
        if (answer === true) return true;
      } catch {
        return false;
      }
    }
    return false;
  }
}

/**
 * Without a policy, private networks are open, as people expect who use QEMU: a server beside the host is one of the uses of a NAT. Link-local
 * addresses are not: that is where clouds hand out their hosts' passwords.
 */
function isFreeWithoutPolicy(scope: Scope): boolean {
  return scope === "public" || scope === "private";
}

function fitsPort({ protocols, ports }: Rule, protocol: string, port: number): boolean {
  if (protocols !== undefined && !protocols.includes(protocol)) return false;
  return ports.length === 0 || ports.some(([first, last]) => port >= first && port <= last);
}

function list<Item>(value: Item | readonly Item[] | undefined): readonly Item[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? (value as readonly Item[]) : [value as Item];
}

function ruleOf({ allow, to, ports, protocol }: EgressRule): Rule {
  const names: string[] = [];
  const prefixes: Prefix[] = [];
  let isForAll = to === undefined;
  for (const text of list(to)) {
    const prefix = Prefix.parse(text);
    if (text === "*") isForAll = true;
    else if (prefix !== undefined) prefixes.push(prefix);
    else if (/^[\w*-]+(?:\.[\w*-]+)*\.?$/.test(text) && !/^[\d.]+$/.test(text))
      names.push(text.toLowerCase().replace(/\.$/, ""));
    else throw malformed(text, "a name such as *.example.org, or an address such as 10.0.0.0/8");
  }
  return {
    allow,
    names,
    prefixes,
    isForAll,
    ports: list(ports).map(portsOf),
    protocols: protocol === undefined ? undefined : list(protocol),
  };
}

/** Whether a name fits a pattern, in which stars stand for one or more letters and dots. Its time is bounded by the product of their lengths. */
function fitsName(pattern: string, name: string): boolean {
  let [at, place] = [0, 0];
  /** Behind the last star, and where in the name what follows it was looked for. */
  let [star, from] = [-1, 0];
  while (place < name.length) {
    if (pattern[at] === "*") {
      star = ++at;
      from = ++place;
    } else if (pattern[at] === name[place]) {
      at++;
      place++;
    } else if (star >= 0) {
      at = star;
      place = ++from;
    } else return false;
  }
  return at === pattern.length;
}

function portsOf(value: number | string): readonly [number, number] {
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(String(value)) ?? [];
  if (first === undefined || Number(last) > 65_535 || Number(first) > Number(last))
    throw malformed(String(value), "a port such as 443, or a range such as 8000-8999");
  return [Number(first), Number(last)];
}

function malformed(text: string, what: string): WasmvisorError {
  return new WasmvisorError(
    "network-policy",
    `${JSON.stringify(text)} is no part of a rule for the network; give ${what}.`,
    {
      text,
    },
  );
}
