/** Packets of sockets that make no sense, or nearly: a few in the tests, any number by `npm run fuzz -- vsock`. */

import type { VsockConnection } from "../../../src/device/virtio/vsock/connection.ts";
import { VsockOp } from "../../../src/device/virtio/vsock/protocol.ts";
import { Random } from "../../../src/isa/random/values.ts";
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

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzVsockMany = fuzzMany(
  "vsock",
  (seed) => {
    fuzzVsock(seed);
    return Promise.resolve();
  },
  "drivers of sockets: nothing was thrown",
);
