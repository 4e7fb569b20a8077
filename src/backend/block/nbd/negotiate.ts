/** How a client and a server agree on an export: the fixed newstyle negotiation. */

import { Can, Handshake, Info, NBD_MAGIC, Option, OPTION_MAGIC, OPTION_REPLY_MAGIC, OptionReply } from "./protocol.ts";
import type { Incoming, Transport } from "./transport.ts";

/** What a server has. */
export interface Export {
  /** Bytes. */
  readonly size: number;
  /** `Can` bits. */
  readonly flags: number;
  /** Addresses and lengths of requests are whole numbers of it. */
  readonly minimum: number;
  /** Bytes of a request's data at most. */
  readonly maximum: number;
}

const MOST_REPLY_BYTES = 65_536;
const MOST_REPLIES = 64;

/** What is wrong with a server, as the end of a sentence. */
export class Unusable extends Error {}

/**
 * Agrees on the export called `name`.
 * @throws Unusable; the connection's error
 */
export async function negotiate(incoming: Incoming, transport: Transport, name: string): Promise<Export> {
  const greeting = await incoming.take(18);
  if (greeting.getBigUint64(0) !== NBD_MAGIC) throw new Unusable("it is no NBD server; check the address");
  const flags = greeting.getUint16(16);
  if (greeting.getBigUint64(8) !== OPTION_MAGIC || !(flags & Handshake.FIXED_NEWSTYLE))
    throw new Unusable("it speaks an old form of NBD; use a newer server");
  const noZeroes = flags & Handshake.NO_ZEROES;
  transport.send(words(Handshake.FIXED_NEWSTYLE | noZeroes));
  return (await go(incoming, transport, name)) ?? (await exportName(incoming, transport, name, noZeroes !== 0));
}

/** Asks for the export by `GO`; undefined when the server does not know that. */
async function go(incoming: Incoming, transport: Transport, name: string): Promise<Export | undefined> {
  const text = new TextEncoder().encode(name);
  const data = new Uint8Array(4 + text.length + 4);
  const view = new DataView(data.buffer);
  view.setUint32(0, text.length);
  data.set(text, 4);
  view.setUint16(4 + text.length, 1);
  view.setUint16(6 + text.length, Info.BLOCK_SIZE);
  transport.send(option(Option.GO, data));
  let size: number | undefined;
  let flags = 0;
  let minimum = 1;
  let maximum = 2 ** 25;
  for (let replies = 0; replies < MOST_REPLIES; replies++) {
    const head = await incoming.take(20);
    const type = head.getUint32(12);
    const length = head.getUint32(16);
    if (head.getBigUint64(0) !== OPTION_REPLY_MAGIC || head.getUint32(8) !== Option.GO || length > MOST_REPLY_BYTES)
      throw new Unusable("its answer is no NBD; check the address");
    const body = await incoming.take(length);
    if (type === OptionReply.ACK) {
      if (size === undefined) throw new Unusable("it does not say how large the export is; use another server");
      return { size, flags, minimum, maximum };
    }
    if (type === OptionReply.UNSUPPORTED) return undefined;
    if (type >= OptionReply.ERROR) throw new Unusable(refusal(type, name));
    if (type !== OptionReply.INFO || length < 2) continue;
    const kind = body.getUint16(0);
    if (kind === Info.EXPORT && length === 12) {
      size = sizeOf(body.getBigUint64(2));
      flags = body.getUint16(10);
    } else if (kind === Info.BLOCK_SIZE && length === 14) {
      minimum = body.getUint32(2);
      maximum = body.getUint32(10);
      if (minimum < 1 || minimum > 65_536 || (minimum & (minimum - 1)) !== 0 || maximum < minimum)
        throw new Unusable("it asks for blocks of a size that cannot be; use another server");
    }
  }
  throw new Unusable("it does not come to an end with what it says of the export; use another server");
}

/** The older way; a server that refuses closes the connection. */
async function exportName(incoming: Incoming, transport: Transport, name: string, noZeroes: boolean): Promise<Export> {
  transport.send(option(Option.EXPORT_NAME, new TextEncoder().encode(name)));
  const answer = await incoming.take(10);
  if (!noZeroes) await incoming.skip(124);
  return { size: sizeOf(answer.getBigUint64(0)), flags: answer.getUint16(8), minimum: 1, maximum: 2 ** 25 };
}

function sizeOf(bytes: bigint): number {
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) throw new Unusable(`it says that the export has ${bytes} bytes`);
  return Number(bytes);
}

function refusal(type: number, name: string): string {
  if (type === OptionReply.UNKNOWN)
    return name === ""
      ? "it has no export without a name; name one behind the address"
      : `it has no export ${JSON.stringify(name)}; check the name`;
  if (type === OptionReply.TLS_REQUIRED) return "it wants TLS, which is not supported; use a tunnel";
  if (type === OptionReply.POLICY) return "it does not allow that; ask who runs it";
  return `it refuses the export (error ${type - OptionReply.ERROR}); check the server`;
}

function words(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

function option(number: Option, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16 + data.length);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, OPTION_MAGIC);
  view.setUint32(8, number);
  view.setUint32(12, data.length);
  bytes.set(data, 16);
  return bytes;
}

/** Whether an export can do something. */
export const can = ({ flags }: Export, what: Can): boolean => (flags & Can.HAS_FLAGS) !== 0 && (flags & what) !== 0;
