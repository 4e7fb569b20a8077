/** What the programs read: text of words with a skewed distribution, and a few tones as a WAV file; the same bytes each time. */

const BYTES = 6 * 2 ** 20;
const WORDS = 20_000;
const LETTERS = "etaoinshrdlcumwfgypbvkxjqz";

/** Marsaglia's xorshift32. */
function generator(seed) {
  let state = seed;
  return (limit) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % limit;
  };
}

/** Six MiB of lines of ten words each; the n-th word comes about once in n. */
export function text() {
  const next = generator(2463534242);
  const word = () => {
    let letters = "";
    for (let left = 2 + next(9); left > 0; left--) letters += LETTERS[Math.min(next(26), next(26))];
    return letters;
  };
  const words = Array.from({ length: WORDS }, word);
  const lines = [];
  for (let bytes = 0; bytes < BYTES; bytes += lines.at(-1).length + 1) {
    const line = Array.from({ length: 10 }, () => words[next(1 + next(1 + next(WORDS)))]);
    lines.push(line.join(" "));
  }
  return Buffer.from(`${lines.join("\n")}\n`).subarray(0, BYTES);
}

const RATE = 44_100;

/** `seconds` of two tones that swell, and noise: one channel, 16 bits. */
export function wave(seconds) {
  const next = generator(88172645);
  const samples = new Int16Array(RATE * seconds);
  for (let i = 0; i < samples.length; i++) {
    const time = i / RATE;
    const tones = Math.sin(2765 * time) + 0.5 * Math.sin(8293 * time + Math.sin(7 * time));
    samples[i] = 9000 * tones * (0.6 + 0.4 * Math.sin(time)) + next(400);
  }
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + samples.byteLength, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(2 * RATE, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(samples.byteLength, 40);
  return Buffer.concat([header, Buffer.from(samples.buffer)]);
}
