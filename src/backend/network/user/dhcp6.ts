/** A stateless DHCPv6 server: it tells of the DNS, addresses come by router advertisements. (RFC 8415, "Information-request") */

import type { Addresses } from "./options.ts";
import { encodeDomain } from "./dhcp.ts";
import { get16, put16 } from "../headers.ts";

const INFORMATION_REQUEST = 11;
const REPLY = 7;

/** Options. (IANA, "DHCPv6 Parameters") */
const Option = { CLIENT: 1, SERVER: 2, DNS: 23, SEARCH: 24 } as const;

/** The server's name: an arbitrary one, by a hardware address. */
const SERVER = Uint8Array.of(0, 3, 0, 1, 0x52, 0x55, 0, 0, 0, 2);

/** The answer to a message that lies between two places; undefined when there is none. */
export function answerDhcp6(
  { dns6 }: Addresses,
  dnssearch: readonly string[],
  bytes: Uint8Array,
  at: number,
  end: number,
): Uint8Array | undefined {
  if (end - at < 4 || bytes[at] !== INFORMATION_REQUEST) return undefined;
  const reply = new Uint8Array(1200);
  reply.set(bytes.subarray(at, at + 4));
  reply[0] = REPLY;
  let used = 4;
  const put = (option: number, value: Uint8Array) => {
    if (value.length === 0 || used + 4 + value.length > reply.length) return;
    put16(reply, used, option);
    put16(reply, used + 2, value.length);
    reply.set(value, used + 4);
    used += 4 + value.length;
  };
  for (let place = at + 4; place + 4 <= end;) {
    const length = get16(bytes, place + 2);
    if (place + 4 + length > end) break;
    const option = get16(bytes, place);
    const value = bytes.subarray(place + 4, place + 4 + length);
    // Who asks another server by its name is not answered.
    if (option === Option.SERVER && !(length === SERVER.length && SERVER.every((byte, i) => byte === value[i])))
      return undefined;
    if (option === Option.CLIENT && length <= 130) put(Option.CLIENT, value);
    place += 4 + length;
  }
  const dns = new Uint8Array(16);
  dns6.write6(dns, 0);
  put(Option.SERVER, SERVER);
  put(Option.DNS, dns);
  put(Option.SEARCH, Uint8Array.from(dnssearch.flatMap((domain) => [...encodeDomain(domain)])));
  return reply.subarray(0, used);
}
