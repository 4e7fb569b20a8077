import { describe, expect, test } from "vitest";
import { FrameHeaders, get16, get32, sumBytes } from "../../../src/backend/network/headers.ts";
import { type FrameInfo, Gso, MAX_FRAME, Offload } from "../../../src/backend/network/network.ts";
import { plainInfo, Segmenter, SEGMENTS_MOST } from "../../../src/backend/network/segment.ts";
import { EVERYTHING, FakeNetwork, NOTHING, type Sent } from "../../support/cable.ts";
import { ipLength, isRight, tcp, type Tcp } from "./packets.ts";

const gsoInfo = (frame: Tcp, gso: number, segmentBytes: number): FrameInfo => ({
  flags: Offload.NEEDS_CHECKSUM,
  gso,
  segmentBytes,
  headerBytes: frame.head,
  checksumStart: frame.tcp,
  checksumOffset: 16,
});

/** Sends a frame that does not begin at the beginning of its bytes. */
function send(sink: FakeNetwork, { bytes }: { readonly bytes: Uint8Array }, info: FrameInfo, cutter = new Segmenter()) {
  const all = new Uint8Array(bytes.length + 12);
  all.set(bytes, 7);
  return cutter.send(sink, all, 7, bytes.length, info);
}

function sink(offers = NOTHING): FakeNetwork {
  const network = new FakeNetwork();
  network.offers = offers;
  return network;
}

describe.each<[4 | 6, number]>([
  [4, Gso.TCP4],
  [6, Gso.TCP6],
])("TCP over IPv%i", (version, gso) => {
  test.each<[string, number | undefined, number]>([
    ["plain", undefined, 0],
    ["with options", undefined, 12],
    ["in a VLAN", 5, 0],
  ])("%s is cut into segments that are right by themselves and hold all of it", (_how, vlan, options) => {
    const network = sink();
    const whole = tcp({ version, payload: 5000, flags: 0x19, seq: 0xffff_f000, options, ...(vlan ? { vlan } : {}) });
    expect(send(network, whole, gsoInfo(whole, gso, 1400))).toBe(true);
    const { head, ip, tcp: at } = whole;
    expect(network.sent.map(({ bytes }) => bytes.length - head)).toEqual([1400, 1400, 1400, 800]);
    network.sent.forEach(({ bytes, info }, i) => {
      expect(info).toMatchObject({ flags: 0, gso: 0 });
      expect(isRight(bytes, ip, version, at)).toBe(true);
      expect(ipLength(bytes, ip, version)).toBe(bytes.length - ip);
      expect(get32(bytes, at + 4)).toBe((0xffff_f000 + i * 1400) >>> 0);
      // FIN and PSH in the last one only.
      expect(bytes[at + 13]).toBe(i === 3 ? 0x19 : 0x10);
      if (version === 4) expect(get16(bytes, ip + 4)).toBe(0x12ff + i);
    });
    const payload = network.sent.flatMap(({ bytes }) => [...bytes.subarray(head)]);
    expect(payload).toEqual([...whole.bytes.subarray(head)]);
  });

  test("leaves checksums to a sink that takes them", () => {
    const network = sink({ ...NOTHING, checksum: true });
    const whole = tcp({ version, payload: 3000 });
    send(network, whole, gsoInfo(whole, gso, 1000));
    for (const { bytes, info } of network.sent) {
      expect(info).toMatchObject({ flags: Offload.NEEDS_CHECKSUM, checksumStart: whole.tcp, checksumOffset: 16 });
      expect(get16(bytes, whole.tcp + 16)).toBe(
        get16(tcp({ version, payload: bytes.length - whole.head }).bytes, whole.tcp + 16),
      );
    }
  });

  test("goes whole to a sink that takes it", () => {
    const network = sink(EVERYTHING);
    const whole = tcp({ version, payload: 5000 });
    send(network, whole, gsoInfo(whole, gso, 1000));
    expect(network.sent).toEqual([{ bytes: whole.bytes, info: gsoInfo(whole, gso, 1000) } satisfies Sent]);
  });

  test("has congestion told of in the first segment only", () => {
    const network = sink();
    const whole = tcp({ version, payload: 3000, flags: 0x90 });
    send(network, whole, gsoInfo(whole, gso | Gso.ECN, 1000));
    expect(network.sent.map(({ bytes }) => bytes[whole.tcp + 13])).toEqual([0x90, 0x10, 0x10]);
  });

  test("goes on where there was no room, and sends nothing twice", () => {
    const network = sink();
    network.room = 2;
    const whole = tcp({ version, payload: 4500 });
    const cutter = new Segmenter();
    const info = gsoInfo(whole, gso, 1000);
    expect(send(network, whole, info, cutter)).toBe(false);
    expect(send(network, whole, info, cutter)).toBe(false);
    network.room = 9;
    expect(send(network, whole, info, cutter)).toBe(true);
    expect(network.sent.flatMap(({ bytes }) => [...bytes.subarray(whole.head)])).toEqual([
      ...whole.bytes.subarray(whole.head),
    ]);
    // The next frame begins at its beginning.
    expect(send(network, whole, info, cutter)).toBe(true);
    expect(network.sent.length).toBe(10);
  });

  test("a checksum is finished, in a copy", () => {
    const network = sink();
    const whole = tcp({ version, payload: 333 });
    const before = whole.bytes.slice();
    send(network, whole, { ...gsoInfo(whole, Gso.NONE, 0) });
    expect(isRight(network.sent[0]!.bytes, whole.ip, version, whole.tcp)).toBe(true);
    expect(network.sent[0]!.info.flags).toBe(0);
    expect(whole.bytes).toEqual(before);
  });

  test("frames that lie about what they are are dropped", () => {
    const network = sink();
    const whole = tcp({ version, payload: 5000 });
    const info = gsoInfo(whole, gso, 1400);
    const other = gso === Gso.TCP4 ? Gso.TCP6 : Gso.TCP4;
    const lies: [FrameInfo, (bytes: Uint8Array) => void][] = [
      [{ ...info, gso: other }, () => undefined],
      [{ ...info, gso: Gso.UDP }, () => undefined],
      [{ ...info, segmentBytes: 0 }, () => undefined],
      [info, (bytes) => (bytes[12] = 9)],
      [info, (bytes) => (bytes[whole.ip] = 0)],
      [info, (bytes) => (bytes[whole.ip] = version === 4 ? 0x44 : 0x40)],
      [info, (bytes) => (bytes[whole.ip + (version === 4 ? 9 : 6)] = 17)],
      [info, (bytes) => (bytes[whole.tcp + 12] = 0x40)],
    ];
    for (const [lie, change] of lies) {
      const bytes = whole.bytes.slice();
      change(bytes);
      expect(send(network, { bytes }, lie)).toBe(true);
    }
    for (const length of [0, 13, 14, 20, 33, 34, 53]) {
      expect(send(network, { bytes: whole.bytes.slice(0, length) }, info)).toBe(true);
    }
    expect(network.sent).toEqual([]);
  });
});

test("a frame is cut into so many segments at most", () => {
  const network = sink();
  const whole = tcp({ payload: SEGMENTS_MOST * 2 + 1 });
  send(network, whole, gsoInfo(whole, Gso.TCP4, 2));
  expect(network.sent).toEqual([]);
  send(network, whole, gsoInfo(whole, Gso.TCP4, 3));
  expect(network.sent.length).toBe(Math.ceil((SEGMENTS_MOST * 2 + 1) / 3));
});

test("the largest frame is cut", () => {
  const network = sink();
  const whole = tcp({ payload: MAX_FRAME - 54 });
  send(network, whole, gsoInfo(whole, Gso.TCP4, 1448));
  expect(network.sent.every(({ bytes }) => isRight(bytes, 14, 4, 34))).toBe(true);
});

test("a sum folds, whatever it is of and however long", () => {
  const bytes = new Uint8Array(70_001).fill(0xff);
  expect(sumBytes(bytes, 0, 70_000)).toBe(0xffff);
  expect(sumBytes(bytes, 0, 70_001)).toBe(0xff00);
  expect(sumBytes(Uint8Array.of(1, 2, 3), 0, 3, 0x1_fffe)).toBe(0x0402 + 1 - 1 + 0);
});

describe("headers", () => {
  const headers = new FrameHeaders();

  test("end where the packet does", () => {
    const { bytes } = tcp({ payload: 4 });
    const padded = new Uint8Array(80);
    padded.set(bytes);
    headers.read(padded, 0, 80);
    expect([headers.version, headers.protocol, headers.transport, headers.end]).toEqual([4, 6, 34, 58]);
  });

  test("of IPv6 are followed, but for ever", () => {
    const { bytes } = tcp({ version: 6, payload: 60 });
    const extended = new Uint8Array(300);
    extended.set(bytes.subarray(0, 54));
    extended[20] = 0;
    extended.set([43, 1], 54);
    extended.set([6, 0], 70);
    headers.read(extended, 0, 300);
    expect([headers.protocol, headers.transport]).toEqual([6, 78]);
    for (let at = 54; at < 300; at += 8) extended.set([60, 0], at);
    headers.read(extended, 0, 300);
    expect(headers.protocol).toBe(-1);
  });

  test("of a later fragment are not those of its bytes", () => {
    const { bytes } = tcp();
    bytes[14 + 7] = 5;
    headers.read(bytes, 0, bytes.length);
    expect([headers.version, headers.protocol]).toEqual([4, -1]);
  });
});

test("a frame without anything left to do goes as it is", () => {
  const network = sink();
  send(network, { bytes: new Uint8Array(60) }, plainInfo());
  expect(network.sent.length).toBe(1);
});
