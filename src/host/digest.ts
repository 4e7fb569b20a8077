/** Digests and signatures, by node's own cryptography. */

import { createHash, createPublicKey, verify } from "node:crypto";

/** A SHA-256 in the making. */
export function sha256(): { update: (bytes: Uint8Array) => void; hex(): string } {
  const hash = createHash("sha256");
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
}

/** The digest of some bytes. */
export function digest(algorithm: "sha256" | "sha512", bytes: Uint8Array): Uint8Array {
  return createHash(algorithm).update(bytes).digest();
}

/** Whether `signature` is that of `message` by an Ed25519 key of 32 bytes. */
export function verifyEd25519(key: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  const jwk = { kty: "OKP", crv: "Ed25519", x: Buffer.from(key).toString("base64url") };
  return verify(null, message, createPublicKey({ key: jwk, format: "jwk" }), signature);
}
