/** What `wasmvisor help up` and the like print. */

import type { LifecycleName } from "./options.ts";

const NAMES = "NAME is a machine of wasmvisor.json; without names, all are meant.";
const PROJECT = `  --project FOLDER    the folder of wasmvisor.json, or one in it (default: the present one)
`;

/** By command. */
export const LIFECYCLE_HELP: Readonly<Record<LifecycleName, string>> = {
  init: `wasmvisor init [options]

Writes wasmvisor.json, which describes a machine: Debian's kernel with busybox, unless a kernel is named. wasmvisor up starts it.

  --kernel FILE       what it boots, with --initrd FILE and --append STRING
  -m, --memory SIZE   RAM, such as 64M or 2G (default 256M)
  -f, --force         in place of a file that is there
${PROJECT}
The file is JSON, without comments. A machine has:
  linux               "debian": a Linux that wasmvisor fetches, once
  kernel, initrd, append, bios
                      what it boots otherwise
  memory, harts, cpu  "512M"; 2; { "shares": 200, "reservation": 0.1, "cap": 0.5 }
  drives              [{ "file": "base.qcow2", "overlay": true }, { "size": "8G" }, …]; also readonly, forget, format, serial
  networks            [{ "type": "user" }, { "type": "lan", "name": "inner" }, …]; also vxlan, relay, mac, mtu, restrict, wisp, fetch
  forwards            ["8080:80", "5353:53/udp"]: ports of this computer's that lead to the guest
  shares              [{ "folder": ".", "tag": "src", "mount": "/src", "readonly": true }]
  provision           ["apt-get update", { "copy": "site", "to": "/srv/" }, { "run": "…", "always": true, "user": "www" }]
  onFailure           "restart" when a failure has ended it, or "restore": to its last checkpoint, { "checkpoints": { "every": 60000 } }
  watchdog            true, or { "heartbeat": 5000, "misses": 6 }: a guest whose agent is silent, or that panics, has failed
  watchdogTimer       true: a guest that does not restart its watchdog in time has failed
  generationId        true: the guest sees that it has been cloned or set back
  memoryReservation, memoryShares
                      "128M"; 200: what it keeps, and whose memory leaves first, when the machines want more than there is
  agent, balloon, engine
Several machines are named: { "machines": { "web": { … }, "db": { … } } }.
`,
  up: `wasmvisor up [options] [NAME…]

Starts machines in the background; they stay when the terminal closes. ${NAMES}
One that was suspended goes on; otherwise it boots, and where the guest has the agent the command waits for it and, the first time, does the
steps of "provision". wasmvisor exec, console, cp, logs and top find machines by --machine NAME, or by nothing when there is one.

  --cold              boots a suspended machine anew; its state is lost
  --no-provision      leaves the steps out
${PROJECT}`,
  status: `wasmvisor status [--json] [NAME…]

Says of each machine what it is doing: not created, off, starting, running, paused or suspended. ${NAMES}

  --json              for programs
${PROJECT}`,
  provision: `wasmvisor provision [NAME…]

Does the steps of "provision" in wasmvisor.json again, as they are now. ${NAMES}

${PROJECT}`,
  pause: `wasmvisor pause [NAME…]

Has machines stand still; their time does, too. wasmvisor resume has them go on. ${NAMES}

${PROJECT}`,
  resume: `wasmvisor resume [NAME…]

Has machines go on that are paused or suspended. ${NAMES}

${PROJECT}`,
  suspend: `wasmvisor suspend [NAME…]

Writes what machines are to .wasmvisor and switches them off; wasmvisor up or resume has them go on from there, after a restart of this computer,
too. One that cannot be written, on a full disk say, runs on. ${NAMES}

${PROJECT}`,
  restore: `wasmvisor restore [--machine NAME] SNAPSHOT

Has a machine be as it was at wasmvisor snapshot SNAPSHOT, with its disks; what it was until now is lost.

  -m, --machine NAME  which (default: the only one)
${PROJECT}`,
  clone: `wasmvisor clone [NAME] NEW

Makes a machine that is as another one is now, and runs: same memory, copies of its disks. Its networks are its own: no port of this computer's leads to
it, and its place in a "lan" is empty, because its addresses are the other's. It is no part of wasmvisor.json; wasmvisor destroy NEW removes it.

${PROJECT}`,
  reload: `wasmvisor reload [options] [NAME…]

Shuts machines down and boots them as wasmvisor.json says now. ${NAMES}

  --no-provision      leaves the steps out
${PROJECT}`,
  down: `wasmvisor down [options] [NAME…]

Shuts machines down by the guest's agent; a guest without one, and one that takes longer, is switched off. ${NAMES}

  -f, --force         switches them off at once
  --timeout SECONDS   for the guest to shut down (default 60)
  --all               all machines, and then the process that holds them
${PROJECT}`,
  destroy: `wasmvisor destroy [--force] [NAME…]

Switches machines off and removes what is kept of them: disks made for them, suspended states, snapshots, logs. Images that wasmvisor.json names stay.
${NAMES}

  -f, --force         does not ask
${PROJECT}`,
  supervisor: `wasmvisor supervisor [options]

Runs the process that holds a project's machines in the foreground, as a service manager wants it; wasmvisor up starts one in the background where none
runs. It answers HTTP at .wasmvisor/supervisor.sock: curl --unix-socket .wasmvisor/supervisor.sock http://localhost/openapi.json describes
it, and /metrics is for Prometheus. SIGTERM suspends the machines, and the next supervisor has them go on.

  --idle SECONDS      ends after that long without a machine and a client (default 60)
${PROJECT}`,
};
