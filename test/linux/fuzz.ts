/** Mirrors that send what makes no sense, or nearly: a few in the tests, any number by `npm run fuzz -- packages`. */

import { WasmvisorError } from "../../src/error.ts";
import { digest, verifyEd25519 } from "../../src/host/digest.ts";
import { Random } from "../../src/isa/random/values.ts";
import { ByteReader } from "../../src/linux/byte-reader.ts";
import { extractFiles } from "../../src/linux/deb.ts";
import { signedText } from "../../src/linux/openpgp.ts";
import { unxz } from "../../src/linux/xz.ts";
import { fuzzMany } from "../support/fuzz-many.ts";
import { inPieces, makeDeb, makeSigner, makeTar, storeXz } from "./archive-maker.ts";
import { XZ_SAMPLES } from "./xz-samples.ts";

/** Bytes that an input may unpack to here. */
const MOST = 2 ** 24;

const FILES = [
  ["./boot/", new Uint8Array(0), "5"],
  ["././@LongLink", new TextEncoder().encode("./boot/a-name-of-another-kind\0"), "L"],
  ["./boot/a", new Uint8Array(700).fill(1)],
  ["./boot/b", new Uint8Array(5).fill(2)],
] as const;

const SAMPLES = XZ_SAMPLES.map(([, , base64]) => new Uint8Array(Buffer.from(base64, "base64"))).filter(
  ({ length }) => length < 20_000,
);
const DEBS = [makeDeb(makeTar(FILES)), makeDeb(storeXz(makeTar(FILES)), "data.tar.xz")];
const SIGNER = makeSigner();
const KEY = Uint8Array.from(Buffer.from(SIGNER.key, "hex"));
const SIGNED = new TextEncoder().encode(SIGNER.clearSign("Codename: x\nDate: y\n- z\n"));

function damaged(original: Uint8Array, random: Random, alphabet: readonly number[] = []): Uint8Array {
  let bytes = original.slice();
  const at = (): number => random.below(random.oneIn(2) ? Math.min(200, bytes.length) : bytes.length);
  for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
    const where = at();
    switch (random.below(6)) {
      case 0:
        bytes = bytes.slice(0, where);
        break;
      case 1:
        bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, where), bytes.subarray(at())]));
        break;
      case 2:
        bytes[where] = alphabet.length > 0 ? random.pick(alphabet) : random.pick([0, 1, 2, 0x7f, 0x80, 0xe0, 0xff]);
        break;
      default:
        bytes[where] = random.below(256);
    }
  }
  return bytes;
}

/** What is refused is refused in a sentence. */
async function refusing(act: () => Promise<void>): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof WasmvisorError) || error.code !== "archive") throw error;
  }
}

async function unpacks(bytes: Uint8Array, piece: number): Promise<void> {
  let length = 0;
  for await (const part of unxz(new ByteReader(inPieces(bytes, piece)))) if ((length += part.length) > MOST) return;
}

async function extracts(bytes: Uint8Array, piece: number): Promise<void> {
  const found = await extractFiles(new ByteReader(inPieces(bytes, piece)), ["boot/a", "boot/b"], 1000);
  if (found.size !== 2 || [...found.values()].some(({ length }) => length > 1000))
    throw new Error("other files were found");
}

function signed(bytes: Uint8Array): void {
  const text = signedText(Buffer.from(bytes).toString("latin1"), KEY, { digest, verifyEd25519 });
  if (text !== undefined && text !== "Codename: x\nDate: y\n- z\n")
    throw new Error(`a text that nobody has signed: ${text}`);
}

/** The signed text, with another signature. */
function withPacket(random: Random): Uint8Array {
  const text = new TextDecoder().decode(SIGNED);
  const [, packet = ""] = /\n\n([A-Za-z0-9+/=]+)\n=abcd/.exec(text)!;
  const other = damaged(new Uint8Array(Buffer.from(packet, "base64")), random, [0, 1, 2, 8, 32, 64, 192, 255]);
  return new TextEncoder().encode(text.replace(packet, Buffer.from(other).toString("base64")));
}

const DIGITS = [..."0123456789 `\n/."].map((letter) => letter.charCodeAt(0));

/** One file of a mirror's. It fails by throwing. */
export async function fuzzPackages(seed: number): Promise<void> {
  const random = new Random(seed);
  const piece = random.pick([1, 7, 512, 2 ** 20]);
  switch (random.below(3)) {
    case 0:
      return refusing(() => unpacks(damaged(random.pick(SAMPLES), random), piece));
    case 1:
      return refusing(() => extracts(damaged(random.pick(DEBS), random, DIGITS), piece));
    default:
      signed(random.oneIn(2) ? damaged(SIGNED, random, [45, 10, 13, 32, 61, 65]) : withPacket(random));
  }
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzPackagesMany = fuzzMany(
  "packages",
  fuzzPackages,
  "files of mirrors: unpacked, or refused in a sentence",
);
