/** Names in DNS messages. (RFC 1035, "Message compression") */

/** A name and where what follows it lies. */
export interface EmbeddedName {
  readonly name: string;
  readonly end: number;
}

/**
 * Reads the name at a place. Undefined when it is malformed, or has letters that nobody's names have (dots within a label among them).
 * Compression leads backwards only, so it ends.
 */
export function embeddedName(bytes: Uint8Array, from: number): EmbeddedName | undefined {
  const labels: string[] = [];
  let end: number | undefined;
  let total = 0;
  for (let at = from, limit = from; ;) {
    const length = bytes[at];
    if (length === undefined) return undefined;
    if (length >= 0xc0) {
      const low = bytes[at + 1];
      if (low === undefined) return undefined;
      end ??= at + 2;
      at = ((length & 0x3f) << 8) | low;
      if (at >= limit) return undefined;
      limit = at;
      continue;
    }
    if (length > 63) return undefined;
    if (length === 0) return { name: labels.join("."), end: end ?? at + 1 };
    total += length + 1;
    const label = String.fromCharCode(...bytes.subarray(at + 1, at + 1 + length));
    if (total > 254 || label.length < length || !/^[!-~]+$/.test(label) || label.includes(".")) return undefined;
    labels.push(label);
    at += 1 + length;
  }
}
