/** Packages, indexes and archives for tests. */

import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { WasmvisorError } from "../../src/error.ts";
import { digest, sha256, verifyEd25519 } from "../../src/host/digest.ts";
import type { Archive } from "../../src/linux/archive-index.ts";

/** `bytes` in pieces of a size. */
export async function* inPieces(bytes: Uint8Array, piece: number): AsyncGenerator<Uint8Array, void> {
  for (let at = 0; at < bytes.length; at += piece) yield await Promise.resolve(bytes.subarray(at, at + piece));
}

/** All that comes. */
export async function collect(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk.slice());
  return new Uint8Array(Buffer.concat(parts));
}

export const hex = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A tar archive of files (or of entries of another type). */
export function makeTar(files: readonly (readonly [name: string, data: Uint8Array, type?: string])[]): Uint8Array {
  const blocks = files.flatMap(([name, data, type = "0"]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write(`${data.length.toString(8).padStart(11, "0")}\0`, 124);
    header.write(type, 156);
    return [header, data, Buffer.alloc((512 - (data.length % 512)) % 512)];
  });
  return new Uint8Array(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

/** A Debian package with this tar archive. */
export function makeDeb(tar: Uint8Array, name = "data.tar"): Uint8Array {
  const member = (member: string, data: Uint8Array) => {
    const header = `${member.padEnd(16)}${"0".padEnd(32)}${String(data.length).padEnd(10)}\`\n`;
    return [Buffer.from(header), data, Buffer.alloc(data.length % 2)];
  };
  const parts = [
    member("debian-binary", Buffer.from("2.0\n")),
    member("control.tar", Buffer.from("odd")),
    member(name, tar),
  ];
  return new Uint8Array(Buffer.concat([Buffer.from("!<arch>\n"), ...parts.flat()]));
}

/** An .xz file that packs nothing. */
export function storeXz(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 65536) {
    const chunk = bytes.subarray(at, at + 65536);
    chunks.push(Uint8Array.of(at === 0 ? 1 : 2, (chunk.length - 1) >> 8, (chunk.length - 1) & 255), chunk);
  }
  const data = Buffer.concat([...chunks, Buffer.alloc(1)]);
  const header = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0, 0, 0, 0, 0]);
  const block = Buffer.from([2, 0, 0x21, 1, 16, 0, 0, 0, 0, 0, 0, 0]);
  return new Uint8Array(
    Buffer.concat([header, block, data, Buffer.alloc((4 - (data.length % 4)) % 4), Buffer.alloc(20)]),
  );
}

/** A key, and what signs texts by it as `gpg --clearsign` does. */
export function makeSigner() {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url").toString("hex");
  const clearSign = (text: string): string => {
    const lines = text.replace(/\n$/, "").split("\n");
    const data = Buffer.from(lines.map((line) => line.trimEnd()).join("\r\n"));
    const hashed = Buffer.from([4, 1, 22, 8, 0, 6, 5, 2, 0, 0, 0, 0]);
    const trailer = Buffer.from([4, 0xff, 0, 0, 0, hashed.length]);
    const signed = digest("sha256", Buffer.concat([data, hashed, trailer]));
    const signature = sign(null, signed, privateKey);
    const number = (bytes: Buffer) => {
      const start = bytes.findIndex((byte) => byte !== 0);
      const bits = 8 * (bytes.length - start) - Math.clz32(bytes[start]!) + 24;
      return Buffer.concat([Buffer.from([bits >> 8, bits & 255]), bytes.subarray(start)]);
    };
    const numbers = [number(signature.subarray(0, 32)), number(signature.subarray(32))];
    const body = Buffer.concat([hashed, Buffer.from([0, 0, signed[0]!, signed[1]!]), ...numbers]);
    const packet = Buffer.concat([Buffer.from([0x88, body.length]), body]).toString("base64");
    const escaped = lines.map((line) => (line.startsWith("-") ? `- ${line}` : line)).join("\n");
    return `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n${escaped}\n-----BEGIN PGP SIGNATURE-----\n\n${packet}\n=abcd\n-----END PGP SIGNATURE-----\n`;
  };
  return { key, clearSign };
}

/** An archive of these files, and how many bytes of each were asked for. */
export function fakeArchive(files: Readonly<Record<string, Uint8Array | string>>) {
  const read: Record<string, number> = {};
  const archive: Archive = {
    crypto: { digest, verifyEd25519 },
    hash: sha256,
    async *open(path) {
      const content = files[path];
      if (content === undefined) throw new WasmvisorError("archive-missing", `There is no ${path}.`);
      read[path] = 0;
      for await (const piece of inPieces(typeof content === "string" ? Buffer.from(content) : content, 1000)) {
        read[path] += piece.length;
        yield piece;
      }
    },
  };
  return { archive, read };
}
