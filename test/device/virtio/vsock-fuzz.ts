/** Packets of sockets that make no sense, or nearly: a few in the tests, any number by `npm run fuzz -- vsock`. */

import type { VsockConnection, VsockEnd } from "../../../src/device/virtio/vsock/connection.ts";
import { VsockOp } from "../../../src/device/virtio/vsock/protocol.ts";
import { Random } from "../../../src/isa/random/values.ts";
import { Vsockets, type VsockSocket } from "../../../src/vmm/vsock.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { FakeEnd, VsockRig } from "./vsock-rig.ts";

/** One driver. It fails by throwing: the device has thrown, or cannot be used any more. */
export function fuzzVsock(seed: number, random = new Random(seed)): void {
  const driver = new VsockRig();
  for (const port of [1, 2]) driver.ends.set(port, new FakeEnd());
  const own: VsockConnection[] = [];
  const port = (): number => random.pick([0, 1, 1, 2, 3, 0xffff_ffff]);
  for (let round = 0; round < 100; round++) {
    const known = [...own, ...driver.accepted];
    switch (random.below(8)) {
      case 0:
        driver.offer(random.below(8));
        break;
      case 1: {
        const made = driver.device.connect(port(), port(), new FakeEnd());
        if (made !== undefined) own.push(made);
        break;
      }
      case 2:
        if (known.length > 0) driver.device.send(random.pick(known), new Uint8Array(random.below(9000)));
        break;
      case 3:
        if (known.length > 0) driver.device.used(random.pick(known), random.below(100_000));
        break;
      case 4:
        if (known.length > 0) driver.device[random.oneIn(2) ? "endSending" : "abort"](random.pick(known));
        break;
      case 5:
        driver.raw(Uint8Array.from({ length: random.below(80) }, () => random.below(256)));
        break;
      default:
        driver.send(random.below(9), port(), port(), {
          flags: random.below(4),
          alloc: random.pick([0, 1, 65_536, 0xffff_ffff]),
          forwarded: random.pick([0, 1, 0xffff_ffff]),
          type: random.oneIn(10) ? random.below(3) : 1,
          data: "x".repeat(random.below(200)),
          ...(random.oneIn(5) ? { length: random.below(2 ** 32) } : {}),
        });
    }
    if (random.oneIn(30)) driver.device.restore();
  }
  driver.device.restore();
  driver.got();
  driver.ends.set(9, new FakeEnd());
  driver.send(VsockOp.REQUEST, 9, 9);
  driver.offer(8);
  if (!driver.got().some(({ op, hostPort }) => op === VsockOp.RESPONSE && hostPort === 9)) {
    throw new Error(`seed ${seed}: it cannot be used any more`);
  }
}

/** The guest's side of the streams of a program, which reads and writes as it likes. It fails by throwing, or when a stream does not end. */
export async function fuzzVsockets(seed: number, random = new Random(seed)): Promise<void> {
  const driver = new VsockRig();
  const sockets = new Vsockets();
  const acts: (() => void)[] = [];
  [sockets.device, sockets.whenAtRest] = [driver.device, (act) => void acts.push(act)];
  driver.device.onAccepted = (connection) => sockets.accepted(connection);
  const held: VsockSocket[] = [];
  const use = (socket: VsockSocket): void => {
    held.push(socket);
    if (random.oneIn(2)) void socket.readable.pipeTo(new WritableStream()).catch(() => undefined);
    const writer = socket.writable.getWriter();
    writer.closed.catch(() => undefined);
    for (let count = random.below(4); count > 0; count--)
      writer.write(new Uint8Array(random.pick([0, 1, 5000, 300_000]))).catch(() => undefined);
    if (random.oneIn(3)) writer.close().catch(() => undefined);
  };
  for (const port of [1, 2]) {
    const end = (): VsockEnd | undefined => sockets.accept(port, 5);
    sockets.listen(port, use);
    driver.accepts.set(port, end);
  }
  const rest = async (): Promise<void> => {
    for (const act of acts.splice(0)) act();
    await Promise.resolve();
  };
  for (let round = 0; round < 60; round++) {
    if (random.oneIn(8)) sockets.connect(random.pick([3, 4])).then(use, () => undefined);
    if (random.oneIn(10)) held.pop()?.close();
    if (random.oneIn(4)) driver.offer(random.below(8));
    const hostPort = random.pick([1, 1, 2, 2 ** 16, 2 ** 16 + 1]);
    for (let times = random.oneIn(10) ? 300 : 1; times > 0; times--)
      driver.send(random.pick([1, 1, 2, 3, 4, 5, 5, 5, 5, 6, 7]), hostPort, random.pick([3, 3, 4, 5]), {
        flags: random.below(4),
        alloc: random.pick([0, 65_536, 0xffff_ffff]),
        data: "x".repeat(random.pick([0, 1, 1, 1, 4000])),
      });
    if (random.oneIn(2)) await rest();
    if (random.oneIn(30)) driver.device.restore();
    driver.got();
  }
  for (const socket of held) socket.close();
  await rest();
  driver.device.reset();
  await rest();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise((_, reject) => (timer = setTimeout(reject, 5000, new Error("a stream does not end"))));
  await Promise.race([Promise.all(held.map(({ closed }) => closed)), late]).finally(() => clearTimeout(timer));
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzVsockMany = fuzzMany(
  "vsock",
  (seed) => {
    fuzzVsock(seed);
    return fuzzVsockets(seed);
  },
  "drivers of sockets: nothing was thrown",
);
