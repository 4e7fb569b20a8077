/** What a snapshot says of the machine that it is of: enough to make such a machine, but for what only its owner has. */

import { count, finite, listOf, objectOf, oneOf, type Shape, text, truth } from "../../snapshot/shape.ts";
import { damaged } from "../../snapshot/format.ts";
import { MAX_HARTS } from "../config.ts";

const SLOT = count(7);
const MOST = Number.MAX_SAFE_INTEGER;
const LIMITS = objectOf({}, { operations: finite(), operationsBurst: finite(), bytes: finite(), bytesBurst: finite() });
const NETWORK_LIMITS = objectOf(
  {},
  { packets: finite(), packetsBurst: finite(), bytes: finite(), bytesBurst: finite() },
);

/** Bytes of a disk by which it is known again: where, and their CRC-32. */
const SUM = objectOf({ at: count(MOST), sum: count(0xffff_ffff) });
/** Sums of a disk. */
export const SUMS_MOST = 32;
/** Bytes that a sum is of. */
export const SUM_BYTES = 4096;

const DRIVE = objectOf(
  {
    /**
     * Where its bytes are: `same`: in the disk, which must be given again as it was; `changes`: what is not in the snapshot is in that disk;
     * `whole`: in the snapshot; `mirror`: copied to another disk, by a migration alone; `none`: the drive was empty.
     */
    content: oneOf("same", "changes", "whole", "mirror", "none"),
    size: count(MOST),
    readonly: truth(),
    description: text(4096),
    sums: listOf(SUM, SUMS_MOST),
  },
  { serial: text(20), queues: count(16, 1), blockSize: count(4096), slot: SLOT, limits: LIMITS },
);

const NETWORK = objectOf(
  { mac: text(17), mtu: count(65_535) },
  { queues: count(8, 1), slot: SLOT, limits: NETWORK_LIMITS, link: oneOf("up", "down") },
);

const SERIAL = objectOf(
  {},
  { console: truth(), slot: SLOT, ports: listOf(objectOf({ name: text(64) }, { connected: truth() }), 30) },
);

const MACHINE = objectOf(
  {
    memory: count(2 ** 34),
    harts: count(MAX_HARTS, 1),
    clock: oneOf("host", "deterministic"),
    virtio: oneOf("legacy", "modern"),
    /** Who answers SBI calls: the host, nobody, or firmware that is in the guest's memory. */
    bios: oneOf("builtin", "none", "image"),
    agent: truth(),
    onTrapStorm: oneOf("continue", "stop"),
    drives: listOf(DRIVE, 8),
    networks: listOf(NETWORK, 8),
    shares: listOf(objectOf({ tag: text(64) }, { readonly: truth(), slot: SLOT }), 8),
    /** For each bank, whether it had an image. */
    flash: listOf(truth(), 2),
    /** How many devices its owner had made. */
    devices: count(1024),
  },
  {
    memoryLimit: count(2 ** 34),
    rng: objectOf({}, { slot: SLOT, maxBytes: count(MOST, 1), period: count(MOST, 1) }),
    virtioSerial: SERIAL,
    balloon: objectOf({}, { deflateOnOom: truth(), freePageReporting: truth(), slot: SLOT }),
    vsock: objectOf({}, { slot: SLOT, cid: count(MOST), agent: truth() }),
    /** Whether the guest has a generation ID, which is among its devices' states. */
    generationId: truth(),
    watchdogTimer: truth(),
    /** For each bank of flash, whether it was read only. */
    flashReadonly: listOf(truth(), 2),
  },
);

const DESCRIPTION = objectOf(
  {
    machine: MACHINE,
    /** Milliseconds since 1970. */
    created: count(MOST),
    /** Named addresses of its kernel that wasmvisor uses: of HTIF, and of a signature. */
    symbols: listOf(objectOf({ name: text(64), address: text(18) }), 16),
    /** Instructions that had been executed. */
    instructions: count(MOST),
  },
  { parent: text(32), name: text(256) },
);

type Of<S> = S extends Shape<infer Value> ? Value : never;

export type DriveDescription = Of<typeof DRIVE>;
export type MachineDescription = Of<typeof MACHINE>;
export type SnapshotDescription = Of<typeof DESCRIPTION>;

/**
 * @param isMigration - whether its disks may be copied
 * @throws WasmvisorError `snapshot-damaged`
 */
export function checkDescription(value: unknown, isMigration = false): SnapshotDescription {
  if (!DESCRIPTION.is(value)) throw damaged("its description is none of a machine");
  if (!isMigration && value.machine.drives.some(({ content }) => content === "mirror"))
    throw damaged("a disk is nowhere");
  if (!value.symbols.every(({ address }) => /^0x[0-9a-f]{1,16}$/.test(address))) throw damaged("an address is none");
  return value;
}
