/**
 * Checks the signature of a clear-signed text by an Ed25519 key: as much of OpenPGP as the Debian archive's index needs.
 * (RFC 9580, "Cleartext Signature Framework", "Version 4 Signature Packet Format")
 */

/** What computes; the platform's cryptography. */
export interface Crypto {
  /** The digest of some bytes. */
  digest(algorithm: "sha256" | "sha512", bytes: Uint8Array): Uint8Array;
  /** Whether `signature` (64 bytes) is that of `message` by the key (32 bytes). */
  verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

const SIGNED = "-----BEGIN PGP SIGNED MESSAGE-----";
const SIGNATURE = "-----BEGIN PGP SIGNATURE-----";
const END = "-----END PGP SIGNATURE-----";

const SIGNATURE_PACKET = 2;
const TEXT_SIGNATURE = 1;
const EDDSA_LEGACY = 22;
const DIGESTS: Readonly<Record<number, "sha256" | "sha512">> = { 8: "sha256", 10: "sha512" };

/**
 * The text of a clear-signed message, when one of its signatures is by `key`; undefined when none is. Nothing before or after
 * the signed text is in what is returned.
 */
export function signedText(message: string, key: Uint8Array, crypto: Crypto): string | undefined {
  const lines = message.split(/\r?\n/);
  const [begin, middle, end] = [SIGNED, SIGNATURE, END].map((line) => lines.indexOf(line)) as [number, number, number];
  const start = lines.indexOf("", begin) + 1;
  if (begin < 0 || start === 0 || middle < start || end < middle) return undefined;
  const text = lines.slice(start, middle).map((line) => line.replace(/^- /, "").replace(/[ \t]+$/, ""));
  const data = new TextEncoder().encode(text.join("\r\n"));
  const armor = lines.slice(lines.indexOf("", middle) + 1, end).filter((line) => !line.startsWith("="));
  const signatures = packets(fromBase64(armor.join("")));
  return signatures.some((packet) => isBy(packet, data, key, crypto)) ? `${text.join("\n")}\n` : undefined;
}

function isBy(packet: Uint8Array, data: Uint8Array, key: Uint8Array, crypto: Crypto): boolean {
  const [version, type, algorithm, hash] = packet;
  const digest = DIGESTS[hash ?? 0];
  if (version !== 4 || type !== TEXT_SIGNATURE || algorithm !== EDDSA_LEGACY || digest === undefined) return false;
  const hashed = 6 + word(packet, 4);
  const numbers = hashed + 2 + word(packet, hashed) + 2;
  const signature = new Uint8Array(64);
  for (let index = 0, at = numbers; index < 2; index++) {
    const length = Math.ceil(word(packet, at) / 8);
    if (length > 32 || at + 2 + length > packet.length) return false;
    // Numbers leave out the zeros that they begin with.
    signature.set(packet.subarray(at + 2, at + 2 + length), 32 * (index + 1) - length);
    at += 2 + length;
  }
  const trailer = Uint8Array.of(4, 0xff, 0, 0, hashed >> 8, hashed & 0xff);
  const signed = crypto.digest(digest, join(data, packet.subarray(0, hashed), trailer));
  return crypto.verifyEd25519(key, signed, signature);
}

/** The bodies of the signature packets; of damaged data those before the damage. */
function packets(bytes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at]!;
    const isNew = (tag & 0x40) !== 0;
    const first = bytes[at + 1] ?? 0;
    let header = 2;
    let length = first;
    if (isNew && first >= 192) {
      if (first >= 224) break;
      header = 3;
      length = (first - 192) * 256 + (bytes[at + 2] ?? 0) + 192;
    } else if (!isNew && (tag & 3) !== 0) {
      if ((tag & 3) !== 1) break;
      header = 3;
      length = word(bytes, at + 1);
    }
    if (at + header + length > bytes.length) break;
    const kind = isNew ? tag & 63 : (tag >> 2) & 15;
    if (kind === SIGNATURE_PACKET) found.push(bytes.subarray(at + header, at + header + length));
    at += header + length;
  }
  return found;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function fromBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}
