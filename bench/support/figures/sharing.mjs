// Waldspurger's figure 4: what equal guests share, by their number. Each has booted by itself.

import { Host } from "../../../dist/src/index.js";
import { booted, MIB, progress } from "../in-process.mjs";

const MEMORY = "192M";

const PAGE = 4096;
const ZEROS = Buffer.alloc(PAGE);

/** Bytes of pages in which something is not zero. */
function heldBytes({ memory }) {
  let bytes = 0;
  for (let at = 0; at < memory.size; at += MIB) {
    const piece = memory.read(memory.start + at, MIB);
    for (let page = 0; page < MIB; page += PAGE) if (ZEROS.compare(piece, page, page + PAGE) !== 0) bytes += PAGE;
  }
  return bytes;
}

/** Bytes that the VMs have touched; of these, what is zeros, what shares a frame, and what is free again. */
function shareOnce(host) {
  const vms = [...host.vms];
  const sum = (each) => vms.reduce((bytes, vm) => bytes + each(vm), 0);
  for (const { memory } of vms) memory.breakSharing();
  const all = sum(({ memory }) => memory.statistics().touchedBytes);
  const zeros = all - sum(heldBytes);
  const reclaimed = host.shareMemory();
  return { all, shared: sum(({ memory }) => memory.statistics().sharedBytes), zeros, reclaimed };
}

export async function sharing({ quick }) {
  const host = await Host.create({ worker: false });
  const points = [];
  let last;
  for (let vms = 1; vms <= (quick ? 2 : 10); vms++) {
    progress(`sharing, ${vms} Debian VMs`);
    await booted(host, { memory: MEMORY });
    for (const vm of host.vms) vm.pause();
    const { all, shared, zeros, reclaimed } = (last = shareOnce(host));
    const parts = { "all of their memory": all, shared, reclaimed, "zeros, a part of both": zeros };
    for (const [what, bytes] of Object.entries(parts))
      points.push({ VMs: vms, MiB: Number((bytes / MIB).toFixed(1)), what });
    for (const vm of host.vms) vm.resume();
  }
  const count = host.vms.size;
  host.close();
  const percent = (bytes) => `${((100 * bytes) / last.all).toFixed(0)}%`;
  const got = `${percent(last.shared)}, ${percent(last.reclaimed)}`;
  const spread = `of ${(last.all / MIB).toFixed(0)} MiB; zeros ${percent(last.zeros)}`;
  return {
    rows: [{ what: `${count} equal VMs: shared, reclaimed`, got, spread, paper: "10 VMs: 67%, 60%" }],
    plot: { points, axes: { x: "VMs", y: "MiB", line: "what" } },
  };
}
