/** The contract of network backends, for each of them. */

import { MessageChannel } from "node:worker_threads";
import { Gso, Offload } from "../../src/backend/network/network.ts";
import { NoNetwork } from "../../src/backend/network/none.ts";
import { plainInfo } from "../../src/backend/network/segment.ts";
import { openUser } from "../../src/backend/network/user/user.ts";
import { hostNetwork } from "../../src/host/network-node.ts";
import { joinBackend } from "../../src/net/switch/cable.ts";
import { joinByBroadcast } from "../../src/net/switch/broadcast.ts";
import { joinByMessages } from "../../src/net/switch/channel.ts";
import { Switch } from "../../src/net/switch/switch.ts";
import { relayNetwork } from "../../src/net/relay/client.ts";
import { Relay } from "../../src/net/relay/relay.ts";
import { VXLAN_BYTES, writeVxlan } from "../../src/net/vxlan/header.ts";
import { openTunnel } from "../../src/net/vxlan/vxlan.ts";
import { tcp } from "../backend/network/packets.ts";
import { FakeDevice, frameOf } from "../net/switch/rig.ts";
import { socketPair } from "../net/relay/socket-pair.ts";
import { FakeNetwork, type Sent } from "../support/cable.ts";
import { networkContract, type NetworkRig } from "./network-contract.ts";

const GUEST = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);

function frameNumber(number: number): Uint8Array {
  return frameOf(9, GUEST, { fill: number & 0xff, length: 60 + number });
}

function largeFrame() {
  const { bytes, tcp: at, head } = tcp({ payload: 60_000 });
  bytes.set(GUEST);
  const info = {
    flags: Offload.NEEDS_CHECKSUM,
    gso: Gso.TCP4,
    segmentBytes: 1400,
    headerBytes: head,
    checksumStart: at,
    checksumOffset: 16,
  };
  return { bytes, info };
}

networkContract("NoNetwork", { make: (): NetworkRig => ({ backend: new NoNetwork() }) });

networkContract("UserNetwork", {
  async make(): Promise<NetworkRig> {
    const backend = await openUser({ sockets: hostNetwork, policy: { default: "deny" }, ipv6: false });
    let number = 0;
    return {
      backend,
      // Somebody else each time asks who has the gateway's address. (RFC 826)
      produce(count) {
        for (const end = number + count; number < end; number++) {
          const bytes = frameOf(1, new Uint8Array(6).fill(255), { type: 0x0806, fill: 0 });
          const [sender, target] = [
            [10, 0, 2, 20 + number],
            [10, 0, 2, 2],
          ];
          bytes.set([0, 1, 8, 0, 6, 4, 0, 1, ...GUEST, ...sender, 0, 0, 0, 0, 0, 0, ...target], 14);
          backend.send(bytes, 0, bytes.length, plainInfo());
        }
      },
    };
  },
});

/** A device at a port of a switch as the far end. */
function farDevice(far: FakeDevice): Omit<NetworkRig, "backend"> {
  let number = 0;
  return {
    arrived: () => far.got,
    produce(count) {
      for (const end = number + count; number < end; number++) far.says(frameNumber(number));
    },
    produceLarge() {
      const { bytes, info } = largeFrame();
      far.says(bytes, info);
    },
    block(isBlocked) {
      far.room = isBlocked ? 0 : Infinity;
      if (!isBlocked) far.port.onRoom();
    },
  };
}

networkContract("SwitchPort", {
  make(): NetworkRig {
    const network = new Switch();
    return { backend: network.port(), ...farDevice(new FakeDevice(network.port(), 2, queueMicrotask)) };
  },
});

networkContract("two switches joined by messages", {
  make(): NetworkRig {
    const [here, there] = [new Switch(), new Switch()];
    const { port1, port2 } = new MessageChannel();
    const ends = [joinByMessages(here.port(), port1), joinByMessages(there.port(), port2)];
    return {
      backend: here.port(),
      ...farDevice(new FakeDevice(there.port(), 2, queueMicrotask)),
      async cleanUp() {
        for (const end of ends) await end();
        port1.close();
      },
    };
  },
});

let channels = 0;

networkContract("two switches joined by a channel for many", {
  make(): NetworkRig {
    const [here, there] = [new Switch(), new Switch()];
    const name = `contract ${++channels}`;
    const lines = [new BroadcastChannel(name), new BroadcastChannel(name)] as const;
    const ends = [joinByBroadcast(here.port(), lines[0]), joinByBroadcast(there.port(), lines[1])];
    return {
      backend: here.port(),
      ...farDevice(new FakeDevice(there.port(), 2, queueMicrotask)),
      async cleanUp() {
        for (const end of ends) await end();
        for (const line of lines) line.close();
      },
    };
  },
});

/** A backend of the test's own as the far end. */
function farNetwork(far: FakeNetwork): Omit<NetworkRig, "backend"> {
  let number = 0;
  return {
    arrived: () => far.sent,
    produce(count) {
      // Nobody is there any more.
      if (far.closed > 0 || far.enter === undefined) return;
      far.enter(() => {
        for (const end = number + count; number < end; number++) {
          const bytes = frameNumber(number);
          far.port.send(bytes, 0, bytes.length, plainInfo());
        }
      });
    },
    produceLarge() {
      const { bytes, info } = largeFrame();
      far.enter(() => void far.port.send(bytes, 0, bytes.length, info));
    },
    block(isBlocked) {
      far.room = isBlocked ? 0 : Infinity;
      if (!isBlocked) far.enter(() => far.port.onRoom());
    },
  };
}

networkContract("a backend behind a switch", {
  make(): NetworkRig {
    const network = new Switch();
    const far = new FakeNetwork();
    joinBackend(network.port(), far);
    return { backend: network.port(), ...farNetwork(far) };
  },
});

networkContract("RelayNetwork", {
  make(): NetworkRig {
    const far = new FakeNetwork();
    const relay = new Relay({ tenants: [{ network: () => far }] });
    const backend = relayNetwork({ url: "wss://relay.test/" }, () => {
      const [here, there] = socketPair();
      relay.accept(there);
      return here;
    });
    return { backend, ...farNetwork(far), cleanUp: () => relay.close() };
  },
});

networkContract("VxlanNetwork", {
  async make(): Promise<NetworkRig> {
    const arrived: Sent[] = [];
    const events = {
      data: (packet: Uint8Array) =>
        void arrived.push({ bytes: new Uint8Array(packet.subarray(VXLAN_BYTES)), info: plainInfo() }),
      close: () => undefined,
    };
    const far = await hostNetwork.bind(4, events, "127.0.0.1");
    const backend = await openTunnel(
      { vni: 42, address: "127.0.0.1", port: 0, peers: [{ address: "127.0.0.1", port: far.port }] },
      hostNetwork,
    );
    let number = 0;
    return {
      backend,
      arrived: () => arrived,
      produce(count) {
        for (const end = number + count; number < end; number++) {
          const bytes = frameNumber(number);
          const packet = new Uint8Array(VXLAN_BYTES + bytes.length);
          writeVxlan(packet, 0, 42);
          packet.set(bytes, VXLAN_BYTES);
          far.send(packet, "127.0.0.1", backend.port);
        }
      },
      cleanUp: () => far.close(),
    };
  },
});
