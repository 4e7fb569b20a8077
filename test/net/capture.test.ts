import { expect, test } from "vitest";
import { sumBytes } from "../../src/backend/network/headers.ts";
import { Gso, Offload } from "../../src/backend/network/network.ts";
import { plainInfo } from "../../src/backend/network/segment.ts";
import { Capture } from "../../src/net/capture.ts";
import { isRight, tcp } from "../backend/network/packets.ts";

const MAC = Uint8Array.of(0x52, 0x54, 0, 0, 0, 1);

interface Block {
  readonly type: number;
  readonly body: DataView;
  readonly bytes: Uint8Array;
}

/** Blocks of a file, by the words of the draft: length in front and behind, all multiples of 4. */
function blocks(file: Uint8Array): Block[] {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const found: Block[] = [];
  for (let at = 0; at < file.length;) {
    const length = view.getUint32(at + 4, true);
    expect([length % 4, view.getUint32(at + length - 4, true)]).toEqual([0, length]);
    const bytes = file.slice(at + 8, at + length - 4);
    found.push({ type: view.getUint32(at, true), body: new DataView(bytes.buffer), bytes });
    at += length;
  }
  return found;
}

/** Options by code, from `at` to the end of a block. */
function options({ body, bytes }: Block, at: number): Map<number, Uint8Array> {
  const found = new Map<number, Uint8Array>();
  for (;;) {
    const [code, length] = [body.getUint16(at, true), body.getUint16(at + 2, true)];
    if (code === 0) break;
    found.set(code, bytes.slice(at + 4, at + 4 + length));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  expect(at + 4).toBe(bytes.length);
  return found;
}

async function read(stream: ReadableStream<Uint8Array>): Promise<Uint8Array> {
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

test("a capture is a section, interfaces, and frames with their times and directions", async () => {
  const capture = new Capture(
    [
      { name: "virtio7", mac: MAC },
      { name: "virtio6", mac: MAC },
    ],
    () => undefined,
  );
  const frame = Uint8Array.from({ length: 61 }, (_, i) => i);
  capture.add(1, true, 0x1234_5678_9abc_def0n, frame, 1, 60, plainInfo());
  capture.add(0, false, 5n, frame, 0, 61, plainInfo());
  capture.close();
  const [section, first, second, ...packets] = blocks(await read(capture.stream));
  expect(section!.type).toBe(0x0a0d_0d0a);
  expect([section!.body.getUint32(0, true), section!.body.getUint16(4, true)]).toEqual([0x1a2b_3c4d, 1]);
  expect(new TextDecoder().decode(options(section!, 16).get(4))).toBe("wasmvisor");
  for (const [index, one] of [first!, second!].entries()) {
    expect([one.type, one.body.getUint16(0, true), one.body.getUint32(4, true)]).toEqual([1, 1, 0]);
    const found = options(one, 8);
    expect(new TextDecoder().decode(found.get(2))).toBe(`virtio${7 - index}`);
    expect([found.get(6), found.get(9)]).toEqual([MAC, Uint8Array.of(9)]);
  }
  expect(packets.map(({ type, body }) => [type, body.getUint32(0, true)])).toEqual([
    [6, 1],
    [6, 0],
  ]);
  const [sent, received] = packets as [Block, Block];
  expect([sent.body.getUint32(4, true), sent.body.getUint32(8, true)]).toEqual([0x1234_5678, 0x9abc_def0]);
  expect([sent.body.getUint32(12, true), sent.body.getUint32(16, true)]).toEqual([60, 60]);
  expect(sent.bytes.slice(20, 80)).toEqual(frame.slice(1));
  expect(options(sent, 80).get(2)).toEqual(Uint8Array.of(2, 0, 0, 0));
  expect(options(received, 84).get(2)).toEqual(Uint8Array.of(1, 0, 0, 0));
});

test("a frame's checksum is finished in the file, and in the file only", async () => {
  const capture = new Capture([{ name: "a", mac: MAC }], () => undefined);
  const whole = tcp({ payload: 3001 });
  const before = sumBytes(whole.bytes, 0, whole.bytes.length);
  const info = { ...plainInfo(), flags: Offload.NEEDS_CHECKSUM, gso: Gso.TCP4, segmentBytes: 1000 };
  capture.add(0, true, 0n, whole.bytes, 0, whole.bytes.length, {
    ...info,
    checksumStart: whole.tcp,
    checksumOffset: 16,
  });
  capture.close();
  const packet = blocks(await read(capture.stream))[2]!;
  expect(isRight(packet.bytes.slice(20, 20 + whole.bytes.length), whole.ip, 4, whole.tcp)).toBe(true);
  expect(sumBytes(whole.bytes, 0, whole.bytes.length)).toBe(before);
});

test("what nobody reads is left out and counted", async () => {
  const capture = new Capture([{ name: "a", mac: MAC }], () => undefined);
  const frame = new Uint8Array(60_000);
  for (let i = 0; i < 200; i++) capture.add(0, true, 0n, frame, 0, frame.length, plainInfo());
  const reader = capture.stream.getReader();
  let count = 0;
  while (count < 130) {
    await reader.read();
    count++;
  }
  capture.add(0, true, 0n, frame, 0, 60, plainInfo());
  capture.close();
  let last: Uint8Array | undefined;
  for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) {
    last = chunk.value;
    count++;
  }
  // Section and interface; the last one after a gap.
  const drops = 200 - (count - 3);
  expect(drops).toBeGreaterThan(50);
  expect(options(blocks(last!)[0]!, 80).get(4)).toEqual(Uint8Array.of(drops, 0, 0, 0, 0, 0, 0, 0));
});

test("a reader that goes away ends it", async () => {
  let cancelled = 0;
  const capture = new Capture([{ name: "a", mac: MAC }], () => cancelled++);
  await capture.stream.cancel();
  capture.add(0, true, 0n, new Uint8Array(60), 0, 60, plainInfo());
  capture.close();
  expect(cancelled).toBe(1);
});
