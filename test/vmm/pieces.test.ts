import { expect, test } from "vitest";
import { Random } from "../../src/isa/random/values.ts";
import { Inflow } from "../../src/vmm/agent/flow.ts";
import { Gathered, Pieces } from "../../src/vmm/pieces.ts";

test("bytes come out as they were put in, whatever they were cut into, put back or forgotten", () => {
  for (let seed = 1; seed <= 200; seed++) {
    const random = new Random(seed);
    const pieces = new Pieces();
    const [all, got] = [new Gathered(), new Gathered()];
    let next = 0;
    for (let round = 0; round < 200; round++) {
      if (random.below(3) > 0) {
        const piece = Uint8Array.from(
          { length: random.pick([0, 1, 1, 3, 500, 2047, 2048, 5000]) },
          () => next++ & 0xff,
        );
        all.add(piece);
        pieces.push(piece, random.oneIn(2));
        continue;
      }
      const first = pieces.shift();
      if (first === undefined) continue;
      const taken = random.below(first.length + 1);
      got.add(first.subarray(0, taken));
      if (taken < first.length) pieces.putBack(first.subarray(taken));
    }
    for (let first = pieces.shift(); first !== undefined; first = pieces.shift()) got.add(first);
    expect(pieces.isEmpty).toBe(true);
    expect(Buffer.compare(got.take(), all.take()), `seed ${seed}`).toBe(0);
    pieces.push(Uint8Array.of(1));
    pieces.clear();
    expect([pieces.isEmpty, pieces.shift()]).toEqual([true, undefined]);
  }
});

test("many small pieces become a few, whose memory is their own", () => {
  const pieces = new Pieces();
  const chunk = new Uint8Array(2 ** 16);
  for (let at = 0; at < 2 ** 16; at++) pieces.push(chunk.subarray(at, at + 1), true);
  const found: Uint8Array[] = [];
  for (let first = pieces.shift(); first !== undefined; first = pieces.shift()) found.push(first);
  expect(found.length).toBeLessThanOrEqual(16);
  expect(found.reduce((sum, { buffer }) => sum + buffer.byteLength, 0)).toBe(2 ** 16);
  // What is handed out stays as it is.
  pieces.push(Uint8Array.of(1));
  const one = pieces.shift()!;
  pieces.push(Uint8Array.of(2));
  expect([...one]).toEqual([1]);
});

test("a byte of an agent's does not hold what it came with", async () => {
  const inflow = new Inflow(() => undefined, 2 ** 16);
  inflow.take(new Uint8Array(2 ** 20).subarray(5, 6));
  inflow.take(new Uint8Array(2 ** 20).subarray(0, 3000));
  const large = new Uint8Array(5000);
  inflow.take(large.subarray(1));
  const chunks = [await inflow.read(), await inflow.read(), await inflow.read()];
  expect(chunks.map((chunk) => [chunk!.length, chunk!.buffer.byteLength])).toEqual([
    [1, 1],
    [3000, 3000],
    [4999, 5000],
  ]);
});
