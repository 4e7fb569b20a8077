/** The DNS server of a user network: it answers by the host's resolver, as far as the policy allows. */

import { Ip } from "../address.ts";
import { DnsCode, type DnsQuestion, readQuestion, ttlOf, writeAnswer } from "./dns-message.ts";
import type { DnsRecord, DnsResult, HostNetwork, DnsRecordType } from "./host-network.ts";
import type { Egress } from "./policy.ts";

/** Answers that are kept, and milliseconds for which it is remembered that there is none. */
const MOST_KEPT = 2048;
const KEEP_NOTHING = 5000;

/** Bytes of an answer over TCP. */
const MOST_TCP = 65_535;

interface Kept {
  readonly result: DnsResult;
  /** Milliseconds of the clock's. */
  readonly until: number;
  readonly since: number;
}

export class Dns {
  readonly #sockets: HostNetwork;
  readonly #egress: Egress;
  readonly #isOwn: (ip: Ip) => boolean;
  readonly #now: () => number;
  readonly #most: number;
  readonly #denied: (name: string) => void;
  readonly #kept = new Map<string, Kept>();
  readonly #pending = new Map<string, Promise<DnsResult>>();

  /**
   * @param isOwn - whether an address lies in the guest's network, which no name of the outside leads to
   * @param most - questions to the host's resolver at once
   * @param denied - hears of names that the policy forbids
   */
  constructor(
    sockets: HostNetwork,
    egress: Egress,
    isOwn: (ip: Ip) => boolean,
    now: () => number,
    most: number,
    denied: (name: string) => void,
  ) {
    this.#sockets = sockets;
    this.#egress = egress;
    this.#isOwn = isOwn;
    this.#now = now;
    this.#most = most;
    this.#denied = denied;
  }

  /** The answer to a message; undefined when there is none. Never rejects. */
  async answer(message: Uint8Array, isUdp: boolean): Promise<Uint8Array | undefined> {
    const question = readQuestion(message);
    if (question === undefined) return undefined;
    const { code, records } = await this.#look(question);
    return writeAnswer(question, code, records, isUdp ? question.udpBytes : MOST_TCP);
  }

  async #look({ name, type, fault }: DnsQuestion): Promise<{ code: DnsCode; records: readonly DnsRecord[] }> {
    if (fault !== DnsCode.OK) return { code: fault, records: [] };
    if (!(await this.#mayResolve(name))) {
      this.#denied(name);
      return { code: DnsCode.NO_NAME, records: [] };
    }
    // Of a type that nobody here knows there is nothing.
    if (type === undefined || name === "") return { code: DnsCode.OK, records: [] };
    const result = await this.#resolve(name, type);
    if (result === "no-name") return { code: DnsCode.NO_NAME, records: [] };
    if (result === "failed") return { code: DnsCode.FAILED, records: [] };
    return {
      code: DnsCode.OK,
      records: result.filter((record) => record.type === type && this.#mayTell(name, record)),
    };
  }

  async #mayResolve(name: string): Promise<boolean> {
    try {
      return await this.#egress.mayResolve(name);
    } catch {
      return false;
    }
  }

  /** Addresses that the guest may not learn are left out; those that it learns are remembered with their name. */
  #mayTell(name: string, record: DnsRecord): boolean {
    if (record.type !== "A" && record.type !== "AAAA") return true;
    const ip = Ip.parse(record.address);
    if (ip === undefined || this.#isOwn(ip) || !this.#egress.mayAnswer(ip)) return false;
    this.#egress.remember(name, ip);
    return true;
  }

  async #resolve(name: string, type: DnsRecordType): Promise<DnsResult> {
    const key = `${type} ${name}`;
    const now = this.#now();
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.until > now) return aged(kept, now);
    const pending = this.#pending.get(key);
    if (pending !== undefined) return pending;
    if (this.#pending.size >= this.#most) return "failed";
    const asked = this.#ask(name, type).finally(() => this.#pending.delete(key));
    this.#pending.set(key, asked);
    const result = await asked;
    this.#keep(key, result);
    return result;
  }

  async #ask(name: string, type: DnsRecordType): Promise<DnsResult> {
    try {
      return await this.#sockets.resolve(name, type);
    } catch {
      return "failed";
    }
  }

  #keep(key: string, result: DnsResult): void {
    if (result === "failed") return;
    const now = this.#now();
    const seconds =
      typeof result === "string" || result.length === 0 ? KEEP_NOTHING / 1000 : Math.min(...result.map(ttlOf));
    this.#kept.delete(key);
    this.#kept.set(key, { result, since: now, until: now + seconds * 1000 });
    if (this.#kept.size > MOST_KEPT) this.#kept.delete(this.#kept.keys().next().value!);
  }
}

/** An answer that has been kept for a while may be believed for less long. */
function aged({ result, since }: Kept, now: number): DnsResult {
  if (typeof result === "string") return result;
  const seconds = Math.floor((now - since) / 1000);
  return result.map((record) => ({ ...record, ttl: Math.max(0, ttlOf(record) - seconds) }));
}
