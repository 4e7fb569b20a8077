/** Messages of 9P that make no sense, or nearly: a few in the tests, any number by `npm run fuzz -- 9p`. */

import { MapShare } from "../../../src/backend/share/map.ts";
import type { Share } from "../../../src/backend/share/share.ts";
import { Message, NO_FID } from "../../../src/device/virtio/9p/protocol.ts";
import { Random } from "../../../src/isa/random/values.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { message, type Part, ShareRig } from "./9p-rig.ts";

const TYPES = Object.values(Message).filter((value) => typeof value === "number");
const NAMES = ["a", "d", "b", "new", "..", ".", "", "a/b", "x".repeat(300), "\0", "ü"];

function part(random: Random): Part {
  switch (random.below(6)) {
    case 0:
      return [random.below(6), 4];
    case 1:
      return [random.pick([0, 1, 2, 0o1101, 0x200, 0xffff_ffff]), 4];
    case 2:
      return [random.pick([0n, 1n, 5n, 2n ** 53n, 2n ** 64n - 1n]), 8];
    case 3:
      return [random.below(4), 2];
    case 4:
      return random.pick(NAMES);
    default:
      return Uint8Array.from({ length: random.below(40) }, () => random.below(256));
  }
}

/** The parts that a request has, with odd values in them. */
function likely(random: Random): Uint8Array {
  const fid = (): Part => [random.pick([0, 0, 1, 2, 3, NO_FID]), 4];
  const name = (): Part => random.pick(NAMES);
  const count = (): Part => [random.pick([0, 1, 100, 70_000, 0xffff_ffff]), 4];
  const offset = (): Part => [random.pick([0n, 3n, 2n ** 40n, 2n ** 64n - 1n]), 8];
  const flags = (): Part => [random.pick([0, 1, 2, 0o1001, 0o2001, 0o200000]), 4];
  switch (random.below(16)) {
    case 0:
      return message(Message.WALK, fid(), fid(), [2, 2], name(), name());
    case 1:
      return message(Message.LOPEN, fid(), flags());
    case 2:
      return message(Message.LCREATE, fid(), name(), flags(), [0o644, 4], [0, 4]);
    case 3:
      return message(Message.READ, fid(), offset(), count());
    case 4:
      return message(Message.WRITE, fid(), offset(), count(), new Uint8Array(random.below(100)));
    case 5:
      return message(Message.READDIR, fid(), offset(), count());
    case 6:
      return message(Message.RENAMEAT, fid(), name(), fid(), name());
    case 7:
      return message(Message.UNLINKAT, fid(), name(), [random.pick([0, 0x200]), 4]);
    case 8:
      return message(Message.MKDIR, fid(), name(), [0o755, 4], [0, 4]);
    case 9:
      return message(
        Message.SETATTR,
        fid(),
        [random.below(0x200), 4],
        [0o777, 4],
        [0, 4],
        [0, 4],
        offset(),
        ...times(),
      );
    case 10:
      return message(Message.CLUNK, fid());
    case 11:
      return message(Message.XATTRWALK, fid(), fid(), random.pick(["", "user.a", "security.b"]));
    case 12:
      return message(Message.XATTRCREATE, fid(), random.pick(["user.a", "", "n/o"]), offset(), flags());
    case 13:
      return message(Message.MKNOD, fid(), name(), [random.below(0x1_0000), 4], count(), count(), [0, 4]);
    case 14:
      return message(Message.LINK, fid(), fid(), name());
    default:
      return message(random.pick(TYPES), fid(), name(), fid(), name());
  }
}

const times = (): Part[] => Array.from({ length: 4 }, () => [1n, 8] as const);

/** One driver's messages. It fails by throwing: the device has thrown, or cannot be used any more. */
export async function fuzzShare(seed: number, share: Share): Promise<void> {
  const random = new Random(seed);
  const rig = ShareRig.make(share, random.oneIn(8));
  rig.attach();
  for (let round = 0; round < 60; round++) {
    const request = random.oneIn(2)
      ? likely(random)
      : message(random.pick(TYPES), ...Array.from({ length: random.below(8) }, () => part(random)));
    if (random.oneIn(8)) new DataView(request.buffer).setUint32(0, random.below(2 ** 32), true);
    rig.send(
      random.oneIn(16) ? request.subarray(0, random.below(request.length)) : request,
      random.pick([8, 11, 100, 8192]),
    );
    if (rig.status() !== 15) rig.start();
    if (random.oneIn(30)) rig.attach();
    if (random.oneIn(20)) rig.slot.restore(rig.slot.save());
  }
  rig.attach();
  if (rig.walk(100) !== 0) throw new Error(`seed ${seed}: it cannot be used any more`);
  share.close();
  await Promise.resolve();
}

/** Over files in memory. */
export const fuzz9pMany = fuzzMany(
  "9p",
  (seed) =>
    fuzzShare(
      seed,
      new MapShare(
        new Map<string, string | Uint8Array>([
          ["a", "in a"],
          ["d/b", "in b"],
        ]),
      ),
    ),
  "drivers of shared folders: nothing was thrown",
);
