/** Hostile devices and wild control programs at a switch: some in the tests, any number by `npm run fuzz -- switch`. */

import { Gso, MAX_FRAME, Offload } from "../../../src/backend/network/network.ts";
import { offersGso } from "../../../src/backend/network/segment.ts";
import { Random } from "../../../src/isa/random/values.ts";
import type { FlowAction, FlowMatch } from "../../../src/net/switch/flow.ts";
import type { SwitchPortOptions } from "../../../src/net/switch/port.ts";
import { tcp } from "../../backend/network/packets.ts";
import { fuzzMany } from "../../support/fuzz-many.ts";
import { BROADCAST, type FakeDevice, frameOf, macOf, SwitchRig } from "./rig.ts";

/** One network. It fails by throwing: something has thrown, a frame came out that is none, or in a VLAN that is not its port's. */
export function fuzzSwitch(seed: number): void {
  const random = new Random(seed);
  const rig = new SwitchRig({ addresses: 1 + random.below(20), addressesOfPort: 1 + random.below(10) });
  const devices = Array.from({ length: 2 + random.below(4) }, () => plug(rig, random, seed));
  for (let round = 0; round < 60; round++) act(rig, random, devices, seed);
  rig.settle();
  const known = rig.network.addresses().length;
  if (known > 20) throw new Error(`seed ${seed}: ${known} addresses`);
}

function plug(rig: SwitchRig, random: Random, seed: number): FakeDevice {
  const vlans: (SwitchPortOptions["vlan"] | undefined)[] = [
    undefined,
    { access: 1 + random.below(3) },
    { trunk: [1, 2] },
    { trunk: "all", native: 3 },
  ];
  const vlan = random.pick(vlans);
  const guard = random.oneIn(4) ? { macs: ["02:00:00:00:00:01"], ips: ["10.0.0.1"] } : random.oneIn(4);
  const device = rig.plug({
    ...(vlan === undefined ? {} : { vlan }),
    guard,
    ...(random.oneIn(4) ? { limits: { packets: 1 + random.below(100), bytes: 1 + random.below(1e6) } } : {}),
    ...(random.oneIn(4) ? { group: "far" } : {}),
  });
  device.offers = { checksum: random.oneIn(2), tcp4: random.oneIn(2), tcp6: random.oneIn(2), udp: false };
  const send = device.send.bind(device);
  device.send = (bytes, at, length, info) => {
    const isFrame = length >= 14 && length <= MAX_FRAME && at >= 0 && at + length <= bytes.length;
    const needs = (info.flags & Offload.NEEDS_CHECKSUM) !== 0;
    const isAsTaken =
      (info.gso === Gso.NONE || offersGso(device, info.gso)) &&
      (!needs || (device.offers.checksum && info.checksumStart + info.checksumOffset + 2 <= length));
    const tag = bytes[at + 12] === 0x81 && bytes[at + 13] === 0 ? ((bytes[at + 14]! & 15) << 8) | bytes[at + 15]! : 0;
    const isInVlan = vlan === undefined || !("trunk" in vlan) || vlan.trunk === "all" || tag === 0 || tag < 3;
    if (!isFrame || !isAsTaken || !isInVlan)
      throw new Error(`seed ${seed}: ${length} bytes came out as ${JSON.stringify(info)} with tag ${tag}`);
    const taken = send(bytes, at, length, info);
    device.got.length = Math.min(device.got.length, 4);
    return taken;
  };
  return device;
}

function act(rig: SwitchRig, random: Random, devices: FakeDevice[], seed: number): void {
  const device = random.pick(devices);
  switch (random.below(10)) {
    case 0:
    case 1:
    case 2: {
      const {
        bytes,
        head,
        tcp: checksumStart,
      } = tcp({
        version: random.oneIn(2) ? 4 : 6,
        payload: random.oneIn(8) ? random.below(65_000) : random.below(2000),
        ...(random.oneIn(3) ? { vlan: random.below(5) } : {}),
      });
      bytes.set(random.oneIn(3) ? BROADCAST : macOf(1 + random.below(4)));
      bytes.set(macOf(random.below(30)), 6);
      for (let i = random.below(3); i > 0; i--) bytes[random.below(head)] = random.below(256);
      const gso = random.pick([0, 0, Gso.TCP4, Gso.TCP6, Gso.TCP4 | Gso.ECN]);
      const flags = gso === 0 ? random.below(2) : 1;
      device.says(random.oneIn(9) ? bytes.subarray(0, random.below(bytes.length)).slice() : bytes, {
        flags: bytes.length >= checksumStart + 18 ? flags : 0,
        gso,
        segmentBytes: 1 + random.below(3000),
        headerBytes: head,
        checksumStart,
        checksumOffset: 16,
      });
      return;
    }
    case 3:
      rig.settle();
      return;
    case 4:
      device.room = random.oneIn(2) ? 0 : random.below(50);
      return device.port.onRoom();
    case 5:
      rig.now += random.below(5000);
      return;
    case 6: {
      const flows = rig.network.flows.list();
      if (flows.length > 4 || random.oneIn(3)) {
        for (const { id } of flows) if (random.oneIn(2)) rig.network.flows.remove(id);
        return;
      }
      rig.network.flows.add({
        priority: random.below(4),
        match: match(random),
        actions: Array.from({ length: random.below(5) }, () => action(random)),
        ...(random.oneIn(2) ? { idleTimeout: 1 + random.below(5), hardTimeout: 1 + random.below(9) } : {}),
      });
      return;
    }
    case 7:
      switch (random.below(3)) {
        case 0:
          return device.port.reset();
        case 1:
          return rig.network.mirror(device.port)();
        default:
          return rig.network.probe();
      }
    case 8: {
      // What came out of one port goes in at another.
      const [frame] = device.got;
      if (frame !== undefined) random.pick(devices).says(frame.bytes, frame.info);
      return;
    }
    default:
      rig.network.send(
        { bytes: frameOf(1, 2), port: random.below(4), vlan: random.below(5) },
        random.pick([1, 2, "flood", "normal"] as const),
      );
      if (random.oneIn(9) && devices.length < 8) devices.push(plug(rig, random, seed));
  }
}

function match(random: Random): FlowMatch {
  const all: FlowMatch[] = [
    {},
    { inPort: 1 },
    { ethSrc: "02:00:00:00:00:01" },
    { ethType: 0x0800 },
    { vlan: 2 },
    { ipSrc: "10.0.0.0/8", protocol: 6 },
    { dstPort: 2000 },
  ];
  return random.pick(all);
}

function action(random: Random): FlowAction {
  const all: FlowAction[] = [
    { output: random.below(5) },
    { output: "flood" },
    { output: "normal" },
    { output: "in-port" },
    { output: "controller" },
    { set: { ipSrc: "10.9.9.9", srcPort: 5, ethDst: "02:00:00:00:00:03" } },
    { set: { vlan: 1 + random.below(4) } },
    { pushVlan: 1 + random.below(2) },
    { popVlan: true },
  ];
  return random.pick(all);
}

/** That many of them from a seed on; false when one has failed, which is printed. */
export const fuzzSwitchMany = fuzzMany(
  "switch",
  (seed) => Promise.resolve(fuzzSwitch(seed)),
  "networks: nothing was thrown, and what came out were frames, in the VLANs of their ports",
);
