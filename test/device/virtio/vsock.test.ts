import { expect, test } from "vitest";
import { Random } from "../../../src/isa/random/values.ts";
import { BUFFER_BYTES } from "../../../src/device/virtio/vsock/connection.ts";
import { VsockOp } from "../../../src/device/virtio/vsock/protocol.ts";
import { fuzzVsock, fuzzVsockets } from "./vsock-fuzz.ts";
import { FakeEnd, VsockRig } from "./vsock-rig.ts";

function listening(port: number): { driver: VsockRig; end: FakeEnd } {
  const [driver, end] = [new VsockRig(), new FakeEnd()];
  driver.ends.set(port, end);
  driver.offer();
  return { driver, end };
}

const ops = (driver: VsockRig): VsockOp[] => driver.got().map(({ op }) => op);

test("a guest's request is accepted where somebody listens, and refused elsewhere", () => {
  const { driver, end } = listening(80);
  driver.send(VsockOp.REQUEST, 81, 1000);
  driver.send(VsockOp.REQUEST, 80, 1001);
  expect(driver.got()).toMatchObject([
    { op: VsockOp.RST, hostPort: 81, guestPort: 1000 },
    { op: VsockOp.RESPONSE, hostPort: 80, guestPort: 1001, alloc: BUFFER_BYTES },
  ]);
  driver.send(VsockOp.RW, 80, 1001, { data: "hello" });
  expect(end.log).toEqual(["opened", "data hello"]);
});

test("the host's request is answered; what is sent before waits, in pieces that fit and no faster than the guest allows", () => {
  const [driver, end] = [new VsockRig(), new FakeEnd()];
  const connection = driver.device.connect(5000, 22, end)!;
  driver.device.send(connection, new TextEncoder().encode("a".repeat(10_000)));
  driver.offer(64);
  expect(ops(driver)).toEqual([VsockOp.REQUEST]);
  driver.send(VsockOp.RESPONSE, 5000, 22, { alloc: 6000 });
  expect(driver.got().map(({ data }) => data.length)).toEqual([4052, 1948]);
  driver.send(VsockOp.CREDIT_UPDATE, 5000, 22, { alloc: 6000, forwarded: 6000 });
  expect(driver.got().map(({ data }) => data.length)).toEqual([4000]);
  expect(end.log).toEqual(["opened"]);
});

test("a guest that sends more than it may, or twice accepts, is reset", () => {
  const { driver, end } = listening(80);
  driver.send(VsockOp.REQUEST, 80, 1);
  for (let i = 0; i < 64; i++) driver.send(VsockOp.RW, 80, 1, { data: "x".repeat(4096) });
  expect(ops(driver)).toEqual([VsockOp.RESPONSE]);
  driver.send(VsockOp.RW, 80, 1, { data: "x" });
  expect(ops(driver)).toEqual([VsockOp.RST]);
  expect(end.log.at(-1)).toBe("closed");
  driver.send(VsockOp.REQUEST, 80, 2);
  driver.send(VsockOp.RESPONSE, 80, 2);
  driver.send(VsockOp.REQUEST, 80, 3);
  driver.send(VsockOp.RW, 80, 3, { data: "x", length: 100 });
  expect(ops(driver).filter((op) => op === VsockOp.RST).length).toBe(2);
});

test("what has been used is told, so that the guest may send more", () => {
  const { driver } = listening(80);
  driver.send(VsockOp.REQUEST, 80, 1);
  const [connection] = driver.accepted;
  for (let i = 0; i < 20; i++) driver.send(VsockOp.RW, 80, 1, { data: "x".repeat(4096) });
  driver.got();
  driver.device.used(connection!, 1000);
  expect(driver.got()).toEqual([]);
  driver.device.used(connection!, 79_000);
  expect(driver.got()).toMatchObject([{ op: VsockOp.CREDIT_UPDATE, forwarded: 80_000 }]);
  driver.send(VsockOp.CREDIT_REQUEST, 80, 1);
  expect(driver.got()).toMatchObject([{ op: VsockOp.CREDIT_UPDATE }]);
});

test("either side ends its half, and both end the stream", () => {
  const { driver, end } = listening(80);
  driver.send(VsockOp.REQUEST, 80, 1);
  const [connection] = driver.accepted;
  driver.send(VsockOp.SHUTDOWN, 80, 1, { flags: 2 });
  expect(end.log).toEqual(["opened", "ended"]);
  driver.device.send(connection!, new TextEncoder().encode("answer"));
  driver.device.endSending(connection!);
  expect(driver.got().map(({ op, data }) => [op, data])).toEqual([
    [VsockOp.RESPONSE, ""],
    [VsockOp.RW, "answer"],
    [VsockOp.RST, ""],
  ]);
  expect(end.log.at(-1)).toBe("closed");
  driver.send(VsockOp.REQUEST, 80, 2);
  driver.device.endSending(driver.accepted[1]!);
  expect(driver.got()).toMatchObject([{ op: VsockOp.RESPONSE }, { op: VsockOp.SHUTDOWN, flags: 2 }]);
  driver.send(VsockOp.SHUTDOWN, 80, 2, { flags: 3 });
  expect(ops(driver)).toEqual([VsockOp.RST]);
});

test("packets of another guest, of another type, or that belong to nothing are dropped or refused, and an RST is not answered", () => {
  const { driver } = listening(80);
  driver.send(VsockOp.REQUEST, 80, 1, { cid: 4 });
  driver.send(VsockOp.RST, 80, 1);
  expect(driver.got()).toEqual([]);
  driver.send(VsockOp.RW, 80, 1, { data: "x" });
  driver.send(VsockOp.REQUEST, 80, 1, { type: 2 });
  driver.raw(new Uint8Array(10));
  expect(ops(driver)).toEqual([VsockOp.RST, VsockOp.RST]);
});

test("a guest that takes no answers is not listened to for ever", () => {
  const driver = new VsockRig();
  for (let i = 0; i < 1000; i++) driver.send(VsockOp.RW, 1, i);
  driver.offer(64);
  let answers = 0;
  for (let some = driver.got().length; some > 0; some = driver.got().length) {
    answers += some;
    driver.offer(64);
  }
  expect(answers).toBe(1000);
});

test("a restored device tells its driver that its connections are gone", () => {
  const { driver, end } = listening(80);
  driver.send(VsockOp.REQUEST, 80, 1);
  driver.device.restore();
  expect(end.log.at(-1)).toBe("closed");
  driver.offerEvent();
  expect(driver.event.used.map(({ written }) => written)).toEqual([4]);
  driver.offerEvent();
  expect(driver.event.used.length).toBe(1);
});

test("drivers that break every rule do no harm, and programs' streams end whatever they do", async () => {
  for (let seed = 1; seed <= 100; seed++) {
    fuzzVsock(seed, new Random(seed));
    await fuzzVsockets(seed);
  }
});
