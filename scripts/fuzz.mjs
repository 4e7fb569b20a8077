// `npm run fuzz -- [hostile] [first seed] [programs]`: random programs against QEMU (test/diff/fuzz.ts), or hostile ones on all engines at
// once (test/hostile/hostile.ts). Needs the built core.
// `npm run fuzz -- qcow2 [first seed] [images]`: damaged disk images (test/disk/fuzz.ts).
// `npm run fuzz -- servers [first seed] [servers]`: servers and compressed files that answer wrongly (test/disk/fuzz-servers.ts).
// `npm run fuzz -- virtio [first seed] [drivers]`: drivers that break every rule (test/device/virtio/fuzz.ts).
// `npm run fuzz -- ports [first seed] [drivers]`: consoles and named ports (test/device/virtio/ports-fuzz.ts).
// `npm run fuzz -- fw-cfg|pflash [first seed] [drivers]`: firmware's devices (test/device/fw-cfg-fuzz.ts, test/device/pflash-fuzz.ts).
// `npm run fuzz -- net-device [first seed] [drivers]`: the same with the network device (test/device/virtio/net-fuzz.ts).
// `npm run fuzz -- switch [first seed] [networks]`: hostile devices and control programs at a switch (test/net/switch/fuzz.ts).
// `npm run fuzz -- user-net [first seed] [guests]`: hostile guests and servers on a user network (test/backend/network/user/fuzz.ts).
// `npm run fuzz -- agent [first seed] [agents]`: guest agents that talk nonsense (test/vmm/agent/fuzz.ts).
// `npm run fuzz -- balloon [first seed] [drivers]`: drivers of memory balloons (test/device/virtio/balloon-fuzz.ts).
// `npm run fuzz -- snapshot [first seed] [snapshots]`: snapshots that make no sense (test/vmm/snapshot-fuzz.ts).
// `npm run fuzz -- migration [first seed] [sides]`: sources and destinations of migrations that make no sense (test/vmm/migration-fuzz.ts).
// `npm run fuzz -- vsock [first seed] [drivers]`: packets of sockets that make no sense (test/device/virtio/vsock-fuzz.ts).
// `npm run fuzz -- 9p [first seed] [drivers]`: messages to shared folders that make no sense (test/device/virtio/9p-fuzz.ts).
// `npm run fuzz -- vxlan|relay|wisp|fetch [first seed] [count]`: peers, relays, VMs and guests that talk nonsense (test/net/tunnels-fuzz.ts).
// `npm run fuzz -- machine-file|control [first seed] [count]`: machine files, and clients of a supervisor (test/lifecycle/fuzz.ts).
// `npm run fuzz -- cables [first seed] [cables]`: the far ends of cables between threads, tabs and hosts (test/net/switch/cable-fuzz.ts).
// `npm run fuzz -- images [first seed] [images]`: kernels, device trees and other images (test/machine/loader/fuzz.ts).
// `npm run fuzz -- packages [first seed] [files]`: what Debian's mirrors might send (test/linux/fuzz.ts).
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { createServer } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Imports such as `#disk` lead to the sources, not to dist/ (package.json, "imports"). */
const environments = { ssr: { resolve: { conditions: ["wasmvisor-source", "node"] } } };

/** A program takes milliseconds. */
const HANGS_AFTER_SECONDS = 60;

/** Calls `use` with a module, which may import others until that is done. */
async function withModule(file, use) {
  const server = await createServer({
    root,
    configFile: false,
    logLevel: "error",
    appType: "custom",
    environments,
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    return await use(await server.ssrLoadModule(`/${file}`));
  } finally {
    await server.close();
  }
}

function numbers(args, count) {
  const [first = String(Date.now() % 1_000_000_000), programs = count, ...rest] = args;
  if (rest.length === 0 && [first, programs].every((value) => /^\d{1,15}$/.test(value)))
    return [first, programs].map(Number);
  console.error(
    "fuzz: Give a first seed and a number of programs, such as npm run fuzz -- 1 10000 or npm run fuzz -- hostile 1 100000, or neither.",
  );
  process.exit(2);
}

/** What runs in a thread of its own: the file, and the function in it. */
const WATCHED = {
  hostile: ["test/hostile/hostile.ts", "hostile"],
  qcow2: ["test/disk/fuzz.ts", "fuzzQcow2Many"],
  servers: ["test/disk/fuzz-servers.ts", "fuzzServersMany"],
  "net-device": ["test/device/virtio/net-fuzz.ts", "fuzzNetDeviceMany"],
  switch: ["test/net/switch/fuzz.ts", "fuzzSwitchMany"],
  "user-net": ["test/backend/network/user/fuzz.ts", "fuzzUserNetworkMany"],
  agent: ["test/vmm/agent/fuzz.ts", "fuzzAgentMany"],
  balloon: ["test/device/virtio/balloon-fuzz.ts", "fuzzBalloonMany"],
  snapshot: ["test/vmm/snapshot-fuzz.ts", "fuzzSnapshotMany"],
  migration: ["test/vmm/migration-fuzz.ts", "fuzzMigrationMany"],
  vsock: ["test/device/virtio/vsock-fuzz.ts", "fuzzVsockMany"],
  "9p": ["test/device/virtio/9p-fuzz.ts", "fuzz9pMany"],
  vxlan: ["test/net/tunnels-fuzz.ts", "fuzzVxlanMany"],
  relay: ["test/net/tunnels-fuzz.ts", "fuzzRelayMany"],
  wisp: ["test/net/tunnels-fuzz.ts", "fuzzWispMany"],
  fetch: ["test/net/tunnels-fuzz.ts", "fuzzFetchMany"],
  virtio: ["test/device/virtio/fuzz.ts", "fuzzVirtioMany"],
  ports: ["test/device/virtio/ports-fuzz.ts", "fuzzPortsMany"],
  "fw-cfg": ["test/device/fw-cfg-fuzz.ts", "fuzzFwCfgMany"],
  pflash: ["test/device/pflash-fuzz.ts", "fuzzPFlashMany"],
  cables: ["test/net/switch/cable-fuzz.ts", "fuzzCablesMany"],
  images: ["test/machine/loader/fuzz.ts", "fuzzImagesMany"],
  packages: ["test/linux/fuzz.ts", "fuzzPackagesMany"],
  "machine-file": ["test/lifecycle/fuzz.ts", "fuzzMachineFileMany"],
  control: ["test/lifecycle/fuzz.ts", "fuzzControlMany"],
};

/** Runs them in a thread of its own, so that there is somebody to notice when one never comes back. */
function watch(kind, [first, count]) {
  const worker = new Worker(new URL(import.meta.url), { workerData: { kind, first, count } });
  let seed = first;
  let at = Date.now();
  worker.on("message", (now) => {
    seed = now;
    at = Date.now();
  });
  setInterval(() => {
    if (Date.now() - at < HANGS_AFTER_SECONDS * 1000) return;
    console.log(`seed ${seed} never ends (repeat it with: npm run fuzz -- ${kind} ${seed} 1)`);
    process.exit(1);
  }, 1000).unref();
  worker.on("exit", (code) => (process.exitCode = code));
}

const args = process.argv.slice(2);
if (!isMainThread) {
  const { kind, first, count } = workerData;
  const [file, name] = WATCHED[kind];
  const isGood = await withModule(file, (module) => module[name](first, count, (seed) => parentPort.postMessage(seed)));
  process.exitCode = isGood ? 0 : 1;
} else if (Object.hasOwn(WATCHED, args[0] ?? "")) {
  watch(args[0], numbers(args.slice(1), "10000"));
} else {
  const isGood = await withModule("test/diff/fuzz.ts", ({ fuzz }) => fuzz(...numbers(args, "10000")));
  process.exitCode = isGood ? 0 : 1;
}
