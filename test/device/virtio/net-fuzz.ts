/** Hostile drivers and networks at a network device: a few in the tests, any number by `npm run fuzz -- net-device`. */

import { MAX_FRAME, Offload } from "../../../src/backend/network/network.ts";
import { offersGso } from "../../../src/backend/network/segment.ts";
import { Random } from "../../../src/isa/random/values.ts";
import { tcp } from "../../backend/network/packets.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { RAM_PA } from "./driver.ts";
import { act, odd } from "./hostile-queue.ts";
import { frame, Nic, OTHER, OWN, RX, TX } from "./net-rig.ts";

/** One driver, and what is at the far end of its cable. It fails by throwing. */
export async function fuzzNetDevice(seed: number): Promise<void> {
  const random = new Random(seed);
  const rig = new Nic({
    layout: random.oneIn(3) ? "legacy" : "modern",
    pairs: random.oneIn(3) ? 1 + random.below(8) : 1,
    mtu: random.pick([68, 1500, 9000, 65_535]),
    link: !random.oneIn(8),
    ...(random.oneIn(4) ? { limits: { packets: 1 + random.below(100_000), bytes: 1 + random.below(1e7) } } : {}),
  });
  const offers = () => ({ checksum: random.oneIn(2), tcp4: random.oneIn(2), tcp6: random.oneIn(2), udp: false });
  rig.network.offers = offers();
  checkFrames(rig, seed);
  begin(rig, random);
  for (let round = 0; round < 40; round++) {
    if (random.oneIn(4)) await act(rig, random);
    else await netAct(rig, random, offers);
    const deadline = rig.slot.nextDeadline?.();
    if (deadline !== undefined && random.oneIn(2)) {
      rig.clock.now = deadline > rig.clock.now ? deadline : rig.clock.now;
      rig.slot.update?.();
    }
  }
  await rig.arrivals.settle();
  if (rig.errors.length > 0) throw rig.errors[0];
  // Whatever has happened, a reset makes it well.
  rig.network.offers = { checksum: false, tcp4: false, tcp6: false, udp: false };
  rig.network.room = Infinity;
  rig.model.setLink(true);
  await rig.arrivals.settle();
  rig.clock.now += 10n ** 12n;
  rig.begin([], 2);
  rig.clock.now += 10n ** 12n;
  rig.slot.update?.();
  const before = rig.counters.framesSent;
  rig.transmit(frame(60));
  if (rig.counters.framesSent !== before + 1) throw new Error(`seed ${seed}: it cannot be reset`);
}

function begin(rig: Nic, random: Random): void {
  const bits = [0, 1, 2, 5, 7, 8, 9, 11, 12, 13, 15, 17, 18, 19, 20, 22, 23, 28, 29, 34];
  rig.begin(bits.filter(() => random.oneIn(6)));
}

/** Has every frame that comes out checked: it is one, and needs nothing that the network does not do. */
function checkFrames(rig: Nic, seed: number): void {
  const { network } = rig;
  const send = network.send.bind(network);
  network.send = (bytes, at, length, info) => {
    const wrong =
      length < 14 ||
      length > MAX_FRAME ||
      at + length > bytes.length ||
      (info.gso !== 0 && !offersGso(network, info.gso)) ||
      ((info.flags & Offload.NEEDS_CHECKSUM) !== 0 &&
        (!network.offers.checksum || info.checksumStart + info.checksumOffset + 2 > length));
    if (wrong) throw new Error(`seed ${seed}: a frame of ${length} bytes came out as ${JSON.stringify(info)}`);
    const taken = send(bytes, at, length, info);
    network.sent.length = Math.min(network.sent.length, 1);
    return taken;
  };
}

/** A frame that is nearly right. */
function nearly(random: Random): { bytes: Uint8Array; head: number; tcp: number; gso: number } {
  const version = random.oneIn(2) ? 4 : 6;
  const payload = random.oneIn(4) ? random.below(65_000) : random.below(3000);
  const made = tcp({ version, payload, options: 4 * random.below(3), ...(random.oneIn(4) ? { vlan: 5 } : {}) });
  for (let i = random.oneIn(3) ? random.below(4) : 0; i > 0; i--)
    made.bytes[random.below(made.head)] = random.below(256);
  if (random.oneIn(2)) made.bytes.set(random.pick([OWN, OTHER, new Uint8Array(6).fill(255)]));
  const bytes = random.oneIn(8) ? made.bytes.subarray(0, random.below(made.bytes.length)) : made.bytes;
  return { ...made, bytes, gso: version === 4 ? 1 : 4 };
}

async function netAct(rig: Nic, random: Random, offers: () => Nic["network"]["offers"]): Promise<void> {
  switch (random.below(9)) {
    case 0:
    case 1: {
      const { bytes, head, tcp: start, gso } = nearly(random);
      return rig.transmit(
        bytes,
        {
          flags: random.oneIn(8) ? random.below(256) : 1,
          gso: random.oneIn(8) ? random.below(256) : random.pick([0, gso, gso | 0x80]),
          headerBytes: random.oneIn(4) ? odd(random) & 0xffff : head,
          segmentBytes: random.oneIn(4) ? odd(random) & 0xffff : 1448,
          start: random.oneIn(8) ? odd(random) & 0xffff : start,
          offset: random.oneIn(8) ? odd(random) & 0xffff : 16,
          pieces: 1 + random.below(5),
          table: random.oneIn(2),
        },
        random.oneIn(8) ? random.below(rig.model.queueSizes.length) : TX,
      );
    }
    case 2: {
      const { bytes, head, tcp: checksumStart, gso } = nearly(random);
      const flags = random.below(4);
      const isCut = random.oneIn(2) && flags === 1;
      rig.deliver(bytes, {
        flags,
        gso: isCut ? gso : random.oneIn(8) ? random.below(256) : 0,
        segmentBytes: 1448,
        headerBytes: head,
        checksumStart,
        checksumOffset: 16,
      });
      return;
    }
    case 3: {
      const length = random.oneIn(3) ? random.below(64) : random.below(4096);
      rig.lend(length, { pieces: 1 + random.below(3), table: random.oneIn(2) });
      return rig.notify(RX);
    }
    case 4: {
      const data = Array.from({ length: random.below(24) }, () => (random.oneIn(2) ? random.below(4) : 0));
      const queue = random.oneIn(4) ? random.below(rig.model.queueSizes.length) : 2;
      return void rig.command(random.below(7), random.below(7), data, queue);
    }
    case 5:
      rig.network.room = random.oneIn(3) ? 0 : random.below(100);
      rig.network.port.onRoom();
      return random.oneIn(2) ? rig.arrivals.settle() : undefined;
    case 6:
      // The network may change its mind only while no frame waits for it: a frame is cut for one sink.
      if (rig.counters.sendWaits === 0) rig.network.offers = offers();
      return random.oneIn(2) ? rig.model.setLink(random.oneIn(2)) : rig.model.announce();
    case 7:
      rig.put([{ pa: RAM_PA + 0x6_0000, length: odd(random), write: random.oneIn(4) }], undefined, TX);
      return rig.notify(TX);
    default:
      if (random.oneIn(4)) begin(rig, random);
  }
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzNetDeviceMany = fuzzMany(
  "net-device",
  fuzzNetDevice,
  "drivers: nothing was thrown, what came out were frames, and every reset helped",
);
