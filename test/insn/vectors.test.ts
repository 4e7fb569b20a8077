import { beforeAll, describe, expect, test } from "vitest";
import { Runner } from "./runner.ts";

let runner: Runner;
beforeAll(async () => {
  runner = await Runner.create();
});

const op = (name: string, a: bigint, b: bigint) => runner.binary(name, a, b);
const op1 = (name: string, a: bigint) => runner.unary(name, a);
const u32 = (value: bigint) => BigInt.asUintN(32, value);
const u64 = (value: bigint) => BigInt.asUintN(64, value);

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex.replaceAll(" ", ""), "hex"));
const hex = (value: bigint, digits: number) => value.toString(16).padStart(digits, "0");

type Half = [low: bigint, high: bigint];

const halves = (text: string): Half => {
  const view = new DataView(bytes(text).buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
};
const text = ([low, high]: Half) => {
  const view = new DataView(new ArrayBuffer(16));
  view.setBigUint64(0, low, true);
  view.setBigUint64(8, high, true);
  return Buffer.from(view.buffer).toString("hex");
};
const xor = ([a, b]: Half, [c, d]: Half): Half => [a ^ c, b ^ d];

/** The round keys of AES-128, by the sequence that the scalar cryptography extension intends. */
function keys128(key: string): Half[] {
  const keys = [halves(key)];
  for (let round = 0; round < 10; round++) {
    const [low, high] = keys[keys.length - 1]!;
    const step = runner.unary("aes64ks1i", high, round);
    const newLow = op("aes64ks2", step, low);
    keys.push([newLow, op("aes64ks2", newLow, high)]);
  }
  return keys;
}

/** The round keys of AES-256. */
function keys256(key: string): Half[] {
  const keys = [halves(key.slice(0, 32)), halves(key.slice(32))];
  for (let round = 0; keys.length < 15; round++) {
    const [low, high] = keys[keys.length - 2]!;
    const even = keys.length % 2 === 0;
    const step = runner.unary("aes64ks1i", keys[keys.length - 1]![1], even ? round / 2 : 10);
    const newLow = op("aes64ks2", step, low);
    keys.push([newLow, op("aes64ks2", newLow, high)]);
  }
  return keys;
}

function encrypt(keys: readonly Half[], plain: string): string {
  let state = xor(halves(plain), keys[0]!);
  for (const [round, key] of keys.slice(1).entries()) {
    const name = round === keys.length - 2 ? "aes64es" : "aes64esm";
    state = xor([op(name, state[0], state[1]), op(name, state[1], state[0])], key);
  }
  return text(state);
}

/** The equivalent inverse cipher: the inner round keys go through aes64im. */
function decrypt(keys: readonly Half[], cipher: string): string {
  const inverse = [...keys].reverse();
  let state = xor(halves(cipher), inverse[0]!);
  for (const [round, key] of inverse.slice(1).entries()) {
    const last = round === inverse.length - 2;
    const name = last ? "aes64ds" : "aes64dsm";
    const mixed: Half = last ? key : [op1("aes64im", key[0]), op1("aes64im", key[1])];
    state = xor([op(name, state[0], state[1]), op(name, state[1], state[0])], mixed);
  }
  return text(state);
}

describe("AES, FIPS 197 appendix C", () => {
  const plain = "00112233445566778899aabbccddeeff";
  const key = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";

  test("AES-128 encrypts and decrypts the example", () => {
    const keys = keys128(key.slice(0, 32));
    expect(text(keys[10]!)).toBe("13111d7fe3944a17f307a78b4d2b30c5");
    expect(encrypt(keys, plain)).toBe("69c4e0d86a7b0430d8cdb78070b4c55a");
    expect(decrypt(keys, "69c4e0d86a7b0430d8cdb78070b4c55a")).toBe(plain);
  });

  test("AES-256 encrypts and decrypts the example", () => {
    const keys = keys256(key);
    expect(encrypt(keys, plain)).toBe("8ea2b7ca516745bfeafc49904b496089");
    expect(decrypt(keys, "8ea2b7ca516745bfeafc49904b496089")).toBe(plain);
  });
});

/** One padded block of "abc" in big-endian words of `width` bits. */
function blockOfAbc(width: 32 | 64): bigint[] {
  const words = Array<bigint>(16).fill(0n);
  words[0] = 0x61626380n << BigInt(width - 32);
  words[15] = 24n;
  return words;
}

/** The first `bits` bits of the fraction of the `degree`-th root of the first primes: where SHA-2's constants come from. */
function rootFractions(count: number, degree: 2 | 3, bits: number): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0n)) primes.push(n);
  }
  return primes.map((prime) => BigInt.asUintN(bits, root(prime << BigInt(bits * degree), degree)));
}

function root(value: bigint, degree: 2 | 3): bigint {
  let low = 0n;
  let high = 1n << 80n;
  while (high - low > 1n) {
    const middle = (low + high) >> 1n;
    if (middle ** BigInt(degree) <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** One block of SHA-256 or SHA-512 with the instructions for its four functions. */
function sha2(width: 32 | 64, rounds: number): string {
  const prefix = width === 32 ? "sha256" : "sha512";
  const wrap = (value: bigint) => BigInt.asUintN(width, value);
  const f = (name: string, value: bigint) => wrap(op1(prefix + name, value));
  const constants = rootFractions(rounds, 3, width);
  const initial = rootFractions(8, 2, width);
  const w = blockOfAbc(width);
  for (let t = 16; t < rounds; t++) {
    w.push(wrap(f("sig1", w[t - 2]!) + w[t - 7]! + f("sig0", w[t - 15]!) + w[t - 16]!));
  }
  let [a, b, c, d, e, g, h, i] = initial as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  for (let t = 0; t < rounds; t++) {
    const choice = (e & g) ^ (~e & h);
    const t1 = i + f("sum1", e) + choice + constants[t]! + w[t]!;
    const t2 = f("sum0", a) + ((a & b) ^ (a & c) ^ (b & c));
    [a, b, c, d, e, g, h, i] = [wrap(t1 + t2), a, b, c, wrap(d + t1), e, g, h];
  }
  return [a, b, c, d, e, g, h, i].map((value, n) => hex(wrap(value + initial[n]!), width / 4)).join("");
}

describe("SHA-2, FIPS 180-4", () => {
  test('SHA-256 of "abc"', () => {
    expect(sha2(32, 64)).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });

  test('SHA-512 of "abc"', () => {
    expect(sha2(64, 80)).toBe(
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a" +
        "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    );
  });
});

const rol = (value: bigint, by: number) => u32((value << BigInt(by % 32)) | (value >> BigInt(32 - (by % 32))));

function sm3(block: readonly bigint[]): string {
  const p0 = (value: bigint) => u32(op1("sm3p0", value));
  const p1 = (value: bigint) => u32(op1("sm3p1", value));
  const w = [...block];
  for (let j = 16; j < 68; j++) {
    w.push(p1(w[j - 16]! ^ w[j - 9]! ^ rol(w[j - 3]!, 15)) ^ rol(w[j - 13]!, 7) ^ w[j - 6]!);
  }
  const initial = [
    0x7380166fn,
    0x4914b2b9n,
    0x172442d7n,
    0xda8a0600n,
    0xa96f30bcn,
    0x163138aan,
    0xe38dee4dn,
    0xb0fb0e4en,
  ];
  let [a, b, c, d, e, f, g, h] = initial as [bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint];
  for (let j = 0; j < 64; j++) {
    const early = j < 16;
    const ss1 = rol(u32(rol(a, 12) + e + rol(early ? 0x79cc4519n : 0x7a879d8an, j)), 7);
    const ff = early ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
    const gg = early ? e ^ f ^ g : (e & f) | (u32(~e) & g);
    const tt1 = u32(ff + d + (ss1 ^ rol(a, 12)) + (w[j]! ^ w[j + 4]!));
    const tt2 = u32(gg + h + ss1 + w[j]!);
    [a, b, c, d, e, f, g, h] = [tt1, a, rol(b, 9), c, p0(tt2), e, rol(f, 19), g];
  }
  return [a, b, c, d, e, f, g, h].map((value, n) => hex(value ^ initial[n]!, 8)).join("");
}

test('SM3 of "abc", GB/T 32905 example 1', () => {
  expect(sm3(blockOfAbc(32))).toBe("66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
});

/** Four bytes of SM4's T or T' function: the instruction for each byte in turn. */
function sm4(name: "sm4ed" | "sm4ks", sum: bigint, value: bigint): bigint {
  return [0, 1, 2, 3].reduce((result, bs) => runner.binary(name, result, value, bs), sum);
}

/** Little-endian words, as software on RISC-V loads them. */
function words(from: string): bigint[] {
  const view = new DataView(bytes(from).buffer);
  return [0, 4, 8, 12].map((at) => BigInt(view.getUint32(at, true)));
}

const swapped = (value: bigint) => BigInt(Buffer.from(hex(u32(value), 8), "hex").readUInt32LE());

function sm4RoundKeys(key: string): bigint[] {
  const family = [0xa3b1bac6n, 0x56aa3350n, 0x677d9197n, 0xb27022dcn];
  const k = words(key).map((value, i) => value ^ swapped(family[i]!));
  for (let i = 0; i < 32; i++) {
    const constant = [0, 1, 2, 3].reduce((value, j) => (value << 8n) | BigInt(((4 * i + j) * 7) & 0xff), 0n);
    k.push(u32(sm4("sm4ks", k[i]!, k[i + 1]! ^ k[i + 2]! ^ k[i + 3]! ^ swapped(constant))));
  }
  return k.slice(4);
}

function sm4Block(roundKeys: readonly bigint[], block: string): string {
  const x = words(block);
  for (const [i, key] of roundKeys.entries()) {
    x.push(u32(sm4("sm4ed", x[i]!, x[i + 1]! ^ x[i + 2]! ^ x[i + 3]! ^ key)));
  }
  return x
    .slice(-4)
    .reverse()
    .map((value) => hex(swapped(value), 8))
    .join("");
}

test("SM4 encrypts and decrypts the example of GB/T 32907", () => {
  const key = "0123456789abcdeffedcba9876543210";
  const roundKeys = sm4RoundKeys(key);
  expect(sm4Block(roundKeys, key)).toBe("681edf34d206965e86b3e94f536e4246");
  expect(sm4Block([...roundKeys].reverse(), "681edf34d206965e86b3e94f536e4246")).toBe(key);
});

test("GHASH's field product by clmul and clmulh agrees with the GCM specification's test case 2", () => {
  // H = E(0^128, 0), X1 = C1, GHASH(H, {}, C) = f38cbb1ad69223dcc3457ae5b6b0f885. (McGrew, Viega: "The Galois/Counter Mode")
  const keys = keys128("00".repeat(16));
  const h = encrypt(keys, "00".repeat(16));
  const c = "0388dace60b6a392f328c2b971b2fe78";
  const lengths = "00000000000000000000000000000080";
  const reflect = (from: string) => {
    const [low, high] = halves(from);
    return [op1("brev8", low), op1("brev8", high)] as Half;
  };
  const multiply = ([a0, a1]: Half, [b0, b1]: Half): Half => {
    const wide = (a: bigint, b: bigint) => op("clmul", a, b) | (op("clmulh", a, b) << 64n);
    let product = wide(a0, b0) ^ ((wide(a0, b1) ^ wide(a1, b0)) << 64n) ^ (wide(a1, b1) << 128n);
    for (let bit = 255n; bit >= 128n; bit--) {
      if ((product >> bit) & 1n) product ^= 0x1_0000_0000_0000_0000_0000_0000_0000_0087n << (bit - 128n);
    }
    return [u64(product), product >> 64n];
  };
  const hash = multiply(xor(multiply(reflect(c), reflect(h)), reflect(lengths)), reflect(h));
  const [low, high] = hash;
  expect(text([op1("brev8", low), op1("brev8", high)])).toBe("f38cbb1ad69223dcc3457ae5b6b0f885");
});
