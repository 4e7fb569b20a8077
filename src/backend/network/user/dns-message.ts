/** DNS messages: reading questions and writing answers. (RFC 1035, "Messages") */

import { embeddedName } from "./dns-name.ts";
import { encodeDomain } from "./dhcp.ts";
import { Ip } from "../address.ts";
import type { DnsRecord, DnsRecordType } from "./host-network.ts";
import { get16, put16, put32 } from "../headers.ts";
import { copyOf } from "./wire.ts";

/** Codes of answers. (RFC 1035, "Header section format") */
export enum DnsCode {
  OK = 0,
  FORMAT = 1,
  FAILED = 2,
  NO_NAME = 3,
  NOT_IMPLEMENTED = 4,
  REFUSED = 5,
}

const TYPES: ReadonlyMap<number, DnsRecordType> = new Map([
  [1, "A"],
  [2, "NS"],
  [5, "CNAME"],
  [6, "SOA"],
  [12, "PTR"],
  [15, "MX"],
  [16, "TXT"],
  [28, "AAAA"],
  [33, "SRV"],
]);

const NUMBERS: ReadonlyMap<DnsRecordType, number> = new Map([...TYPES].map(([number, type]) => [type, number]));

const HEADER_BYTES = 12;
const OPT = 41;
const INTERNET = 1;

/** Bytes of an answer over UDP that a guest takes who says nothing, and that are sent at most. (RFC 6891) */
const LEAST_UDP = 512;
const MOST_UDP = 1232;

/** A question of the guest's. */
export interface DnsQuestion {
  readonly id: number;
  /** What is sent back as it is: the first question. */
  readonly question: Uint8Array;
  /** In small letters, without a dot at the end. */
  readonly name: string;
  /** Undefined for a type that nobody here knows. */
  readonly type: DnsRecordType | undefined;
  /** Whether the guest wants the resolver to ask others: what it asks for is sent back. */
  readonly wantsRecursion: boolean;
  /** Whether the guest has spoken EDNS, and how large an answer it takes over UDP. */
  readonly hasEdns: boolean;
  readonly udpBytes: number;
  /** A code when this cannot be answered. */
  readonly fault: DnsCode;
}

/** Reads a question; undefined when not even a refusal can be sent. */
export function readQuestion(bytes: Uint8Array): DnsQuestion | undefined {
  if (bytes.length < HEADER_BYTES || (bytes[2]! & 0x80) !== 0) return undefined;
  const opcode = (bytes[2]! >> 3) & 15;
  const found = get16(bytes, 4) === 1 ? embeddedName(bytes, HEADER_BYTES) : undefined;
  const isWhole = found !== undefined && found.end + 4 <= bytes.length;
  const end = isWhole ? found.end + 4 : HEADER_BYTES;
  const edns = isWhole ? ednsOf(bytes, end) : undefined;
  const isInternet = isWhole && get16(bytes, end - 2) === INTERNET;
  return {
    id: get16(bytes, 0),
    question: copyOf(bytes, HEADER_BYTES, end),
    name: isWhole ? found.name.toLowerCase() : "",
    type: isWhole ? TYPES.get(get16(bytes, end - 4)) : undefined,
    wantsRecursion: (bytes[2]! & 1) === 1,
    hasEdns: edns !== undefined,
    udpBytes: Math.min(MOST_UDP, Math.max(LEAST_UDP, edns ?? 0)),
    fault:
      opcode !== 0
        ? DnsCode.NOT_IMPLEMENTED
        : !isWhole
          ? DnsCode.FORMAT
          : isInternet
            ? DnsCode.OK
            : DnsCode.NOT_IMPLEMENTED,
  };
}

/** The size that a record of EDNS tells, which is looked for in the first place alone. (RFC 6891, "Wire Format") */
function ednsOf(bytes: Uint8Array, at: number): number | undefined {
  const isFirst = get16(bytes, 6) === 0 && get16(bytes, 8) === 0 && get16(bytes, 10) > 0;
  if (!isFirst || at + 11 > bytes.length || bytes[at] !== 0 || get16(bytes, at + 1) !== OPT) return undefined;
  return get16(bytes, at + 3);
}

/** Writes an answer of at most `most` bytes; what does not fit is left out, and said to be. */
export function writeAnswer(
  question: DnsQuestion,
  code: DnsCode,
  records: readonly DnsRecord[],
  most: number,
): Uint8Array {
  const edns = question.hasEdns ? 11 : 0;
  const first = HEADER_BYTES + question.question.length;
  const parts: Uint8Array[] = [];
  let length = first + edns;
  let isCut = false;
  for (const record of records) {
    const part = encodeRecord(record);
    if (part === undefined) continue;
    isCut = length + part.length > most;
    if (isCut) break;
    parts.push(part);
    length += part.length;
  }
  const bytes = new Uint8Array(length);
  put16(bytes, 0, question.id);
  put16(bytes, 2, 0x8080 | (question.wantsRecursion ? 0x100 : 0) | (isCut ? 0x200 : 0) | code);
  put16(bytes, 4, question.question.length > 0 ? 1 : 0);
  put16(bytes, 6, parts.length);
  put16(bytes, 10, edns > 0 ? 1 : 0);
  bytes.set(question.question, HEADER_BYTES);
  let at = first;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  if (edns > 0) {
    put16(bytes, at + 1, OPT);
    put16(bytes, at + 3, MOST_UDP);
  }
  return bytes;
}

const DEFAULT_TTL = 60;
const MOST_TTL = 3600;

/** The seconds for which a record may be believed. */
export function ttlOf({ ttl = DEFAULT_TTL }: DnsRecord): number {
  return Math.max(0, Math.min(MOST_TTL, Math.floor(ttl)));
}

/** A record of the name that was asked for; undefined when it is malformed. */
function encodeRecord(record: DnsRecord): Uint8Array | undefined {
  const data = encodeData(record);
  if (data === undefined || data.length > 65_535) return undefined;
  const bytes = new Uint8Array(12 + data.length);
  // The name is the question's.
  put16(bytes, 0, 0xc000 | HEADER_BYTES);
  put16(bytes, 2, NUMBERS.get(record.type)!);
  put16(bytes, 4, INTERNET);
  put32(bytes, 6, ttlOf(record));
  put16(bytes, 10, data.length);
  bytes.set(data, 12);
  return bytes;
}

function encodeData(record: DnsRecord): Uint8Array | undefined {
  switch (record.type) {
    case "A":
    case "AAAA": {
      const ip = Ip.parse(record.address);
      if (ip === undefined || ip.isV4 !== (record.type === "A")) return undefined;
      const bytes = new Uint8Array(ip.isV4 ? 4 : 16);
      if (ip.isV4) ip.write4(bytes, 0);
      else ip.write6(bytes, 0);
      return bytes;
    }
    case "CNAME":
    case "NS":
    case "PTR":
      return encodeDomain(record.name);
    case "MX":
      return joined([record.preference], record.name);
    case "SRV":
      return joined([record.priority, record.weight, record.port], record.name);
    case "TXT":
      return Uint8Array.from(
        record.texts.flatMap((text) => {
          const letters = new TextEncoder().encode(text).subarray(0, 255);
          return [letters.length, ...letters];
        }),
      );
    case "SOA": {
      const names = [...encodeDomain(record.primary), ...encodeDomain(record.admin)];
      const bytes = new Uint8Array(names.length + 20);
      bytes.set(names);
      const { serial, refresh, retry, expire, minimum } = record;
      [serial, refresh, retry, expire, minimum].forEach((value, i) => put32(bytes, names.length + 4 * i, value));
      return bytes;
    }
  }
}

/** Numbers of 16 bits and a name. */
function joined(numbers: readonly number[], name: string): Uint8Array {
  return Uint8Array.from([...numbers.flatMap((number) => [(number >> 8) & 255, number & 255]), ...encodeDomain(name)]);
}
