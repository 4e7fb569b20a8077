/** The destination's side of a migration (docs/design/migration.md). */

import { diskHost } from "#disk";
import { isAddress } from "../../disk/source.ts";
import { WasmvisorError } from "../../error.ts";
import { decodeNote, garbled, migrationError, ROUNDS_MOST } from "../../migration/format.ts";
import { type ByteStreams, Line, type LineBlock, translated } from "../../migration/line.ts";
import { readRuns } from "../../snapshot/bytes.ts";
import { BlockKind } from "../../snapshot/format.ts";
import { inBlock, Order, Sections, take as takeBlock } from "../../snapshot/read.ts";
import type { Section } from "../../state/section.ts";
import { Reader } from "../../state/table.ts";
import { backendOf, type Drive } from "../drives.ts";
import { known } from "../known.ts";
import { outOfMemory } from "../machine.ts";
import { checkDescription, type DriveDescription, type SnapshotDescription } from "../snapshot/description.ts";
import { differenceOf } from "../snapshot/disks.ts";
import {
  configOf,
  planOf,
  RESTORE_KEYS,
  type RestoredDrive,
  type RestoreOptions,
  split,
  VmSink,
  type VmMaker,
} from "../snapshot/restore.ts";
import type { Vm } from "../vm.ts";
import { AwaitedBlock, isLate } from "./late.ts";
import { clear, MirrorTargets } from "./mirror-target.ts";
import { checkPatience, checkStreams, PATIENCE } from "./options.ts";

/** What a VM that arrives has beside what its source says. */
export type ReceiveOptions = Omit<RestoreOptions, "parents" | "track"> & {
  /** Whether it runs as soon as it is here, if it ran at its source. Default true; else `start` has it run. */
  readonly start?: boolean;
  /** Milliseconds of silence after which the source counts as gone, 100 to 1,000,000. Default 60,000. */
  readonly patience?: number;
};

const KEYS = [...RESTORE_KEYS.filter((key) => key !== "parents" && key !== "track"), "start", "patience"];

/** @throws WasmvisorError as `Host.receive` does */
export async function receiveVm(streams: ByteStreams, options: ReceiveOptions, host: VmMaker): Promise<Vm> {
  known({ code: "option", where: "receive" }, options, KEYS);
  checkStreams(streams);
  const { start = true, patience = PATIENCE, key, signal, ...others } = options;
  checkPatience(patience);
  signal?.throwIfAborted();
  const line = new Line(streams, { isSource: false, key, patience, bandwidth: Infinity, compress: false });
  const giveUp = (): void => line.break(signal?.reason);
  signal?.addEventListener("abort", giveUp);
  const arriving = new Arriving(line, { ...others, ...(signal === undefined ? {} : { signal }) }, host);
  try {
    await line.open();
    const running = await arriving.untilGo();
    if (running && start) arriving.vm!.start();
    // It runs here, whether its source hears of it or not.
    const said = line.note({ is: "running" }).then(() => arriving.follow());
    said.then(
      () => line.end("said"),
      (error: unknown) => void line.refuse(error),
    );
    return arriving.vm!;
  } catch (error) {
    // Its disks are the source's again before that hears of it.
    await arriving.giveUp();
    await line.refuse(error);
    throw error;
  } finally {
    signal?.removeEventListener("abort", giveUp);
  }
}

/** A VM on its way. */
class Arriving {
  readonly #line: Line;
  readonly #options: RestoreOptions;
  readonly #host: VmMaker;
  readonly #targets = new MirrorTargets();
  /** It, as soon as it has been made. */
  vm: Vm | undefined;

  constructor(line: Line, options: RestoreOptions, host: VmMaker) {
    this.#line = line;
    this.#options = options;
    this.#host = host;
  }

  /** Nothing stays of it. */
  async giveUp(): Promise<void> {
    await this.vm?.close().catch(() => undefined);
    await this.#targets.discard().catch(() => undefined);
  }

  /** Takes the pages that come when it runs already. @throws what breaks the line; the VM has ended then */
  async follow(): Promise<void> {
    const postCopy = this.vm!.postCopy;
    if (postCopy === undefined) return;
    try {
      postCopy.open((page) => void this.#line.note({ is: "want", page }).catch(() => undefined));
      while (!postCopy.isOver) {
        const block = await Promise.race([this.#line.receive(), postCopy.done]);
        if (block !== undefined) await postCopy.take(block);
      }
      await this.#line.note({ is: "got" });
    } catch (error) {
      postCopy.fail(error);
      throw error;
    }
  }

  /** Takes it, and resolves when it is to run here: whether it ran. */
  async untilGo(): Promise<boolean> {
    await this.#line.note({ is: "hello" });
    const { description, sections: files } = await this.#parts("offer");
    const vm = await this.#make(description, files);
    await this.#line.note({ is: "accept" });
    const { description: last, sections, running, later } = await this.#state(vm, description);
    await this.#openLateDisks(vm, description.machine.drives, last.machine.drives);
    await this.#flush(vm, description);
    await expectLater(vm, later, sections);
    vm.restoreSections(sections);
    this.#options.signal?.throwIfAborted();
    await this.#line.note({ is: "ready" });
    const { kind, bytes } = await this.#line.receive();
    if (kind !== BlockKind.NOTE || decodeNote(bytes).is !== "go") throw garbled("it does not say go");
    this.#expectThere(vm);
    vm.arrived();
    return running;
  }

  async #make(description: SnapshotDescription, sections: readonly Section[]): Promise<Vm> {
    const { drives } = description.machine;
    const { files, own } = split(sections);
    if (own.length > 0) throw garbled("it sends parts of its state too early");
    const options = { ...this.#options, drives: await this.#given(drives) };
    const config = await forMigration(() => configOf(description, files, options));
    const vm = await this.#host.make(config, planOf(description, this.#options));
    this.vm = vm;
    for (const [index, drive] of vm.drives.entries()) {
      const described = drives[index]!;
      if (described.content === "mirror") await this.#clear(index, drive);
      if (!isLate(described)) expectSame(index, described, await differenceOf(drive.backend, described));
    }
    return vm;
  }

  /** What has been made for the disk holds zeros already. */
  async #clear(index: number, { backend }: Drive): Promise<void> {
    if (typeof this.#options.drives?.[index]?.source === "string") return;
    await clear(backend!, () => this.#line.note({ is: "still" }));
  }

  /** The disks, with a stand-in for each that the source still has open. */
  #given(drives: readonly DriveDescription[]): Promise<(RestoredDrive | undefined)[]> {
    const { drives: given = [] } = this.#options;
    if (given.length > drives.length) {
      const sentence = `The VM that comes has ${drives.length} disks; give no more than these as drives.`;
      throw migrationError("migration-machine", sentence, { drives: drives.length });
    }
    return Promise.all(
      drives.map(async (described, index) => {
        const drive = given[index];
        if (described.content === "mirror") return this.#targets.drive(index, described, drive);
        const isNeeded = described.content === "same" || described.content === "changes";
        if (isNeeded) await expectGiven(index, described, drive);
        return isLate(described) ? { source: new AwaitedBlock(described.size), format: "raw" as const } : drive;
      }),
    );
  }

  /** Reads what is said of it, up to a word. */
  async #parts(end: "offer"): Promise<{ description: SnapshotDescription; sections: Section[] }> {
    const sections = new Sections();
    let description: SnapshotDescription | undefined;
    for (;;) {
      const block = await this.#line.receive();
      if (block.kind === BlockKind.DESCRIPTION && description === undefined) description = descriptionIn(block);
      else if (block.kind === BlockKind.NOTE && decodeNote(block.bytes).is === end && description !== undefined)
        return { description, sections: sections.finish() };
      else await addSection(sections, block);
    }
  }

  /** Takes its pages, round by round, and in the end all the rest. */
  async #state(vm: Vm, first: SnapshotDescription): Promise<Arrived> {
    const sink = new VmSink(vm, first, true, this.#options.signal);
    const sections = new Sections();
    let description: SnapshotDescription | undefined;
    const order = new Order(mirroredSizes(first));
    const later = new Set<number>();
    for (let rounds = 0; ;) {
      const block = await this.#line.receive();
      this.#expectThere(vm);
      switch (block.kind) {
        case BlockKind.PAGES:
        case BlockKind.ZEROS:
        case BlockKind.DISK:
          await translated(() => inBlock(() => takeBlock(block, new Reader(block.bytes), sink, order)));
          await this.#line.note({ is: "still" });
          break;
        case BlockKind.LATER:
          await translated(() => inBlock(() => addLater(vm.machine.space.ram.pages, block.bytes, later)));
          break;
        case BlockKind.DESCRIPTION:
          description = descriptionIn(block);
          break;
        case BlockKind.NOTE: {
          const { is, running = false } = decodeNote(block.bytes);
          if (is === "state" && description !== undefined)
            return { description, sections: sections.finish(), running, later };
          if (is !== "sent" || ++rounds > ROUNDS_MOST) throw garbled(`it says ${is} in the middle of its pages`);
          order.again();
          await this.#flush(vm, first);
          await this.#line.note({ is: "got" });
          break;
        }
        default:
          await addSection(sections, block);
      }
    }
  }

  /** Opens the disks that the source has closed now, and looks whether all are as they were there. */
  async #openLateDisks(vm: Vm, before: readonly DriveDescription[], now: readonly DriveDescription[]): Promise<void> {
    for (const [index, drive] of vm.drives.entries()) {
      const [first, last] = [before[index]!, now[index]];
      if (last?.content !== first.content || last.size !== first.size || last.readonly !== first.readonly) {
        const sentence = `Disk ${index} of the VM that comes has been changed for another one meanwhile; try again.`;
        throw migrationError("migration-drive", sentence, { index });
      }
      if (isLate(last)) {
        const given = this.#options.drives![index]!;
        const backend = await backendOf({ ...given, readonly: given.readonly ?? false });
        const { source: _source, format: _format, ...shape } = drive.options;
        drive.arrive(backend, { ...shape, ...given });
      }
      expectSame(index, last, await differenceOf(drive.backend, last));
    }
    if (now.length !== before.length) throw garbled("it has other disks than it said");
  }

  /** What has been copied stays, whatever comes; round by round, so that little is left when the VM stands still. */
  async #flush(vm: Vm, { machine }: SnapshotDescription): Promise<void> {
    for (const [index, drive] of vm.drives.entries())
      if (machine.drives[index]!.content === "mirror") await drive.flush();
  }

  #expectThere(vm: Vm): void {
    if (vm.state !== "created")
      throw new WasmvisorError("vm-state", "The VM has been destroyed before all of it was there; move it again.");
  }
}

/** All that there is of it before it runs. */
interface Arrived {
  readonly description: SnapshotDescription;
  readonly sections: Section[];
  /** Whether it ran. */
  readonly running: boolean;
  /** Pages that come when it runs. */
  readonly later: ReadonlySet<number>;
}

/** The disks that are copied, by number. */
function mirroredSizes({ machine }: SnapshotDescription): ReadonlyMap<number, number> {
  const drives = machine.drives.map(({ content, size }, index) => ({ content, size, index }));
  return new Map(drives.filter(({ content }) => content === "mirror").map(({ index, size }) => [index, size]));
}

/**
 * Notes pages that come later, each once.
 * @param pages - how many RAM has
 * @throws WasmvisorError `migration-damaged`, `snapshot-damaged`; Misfit
 */
export function addLater(pages: number, bytes: Uint8Array, later: Set<number>): void {
  for (const { first, count } of readRuns(new Reader(bytes))) {
    if (count > pages - first) throw garbled("a page is outside of its RAM");
    // Seen at the first of them, so that a block of many runs makes no endless work.
    for (let page = first; page < first + count; page++) {
      if (later.has(page)) throw garbled("a page is to come later twice");
      later.add(page);
    }
  }
}

/** Has pages come later. What devices use must be here. */
async function expectLater(vm: Vm, later: ReadonlySet<number>, sections: readonly Section[]): Promise<void> {
  if (later.size === 0) return;
  const { ram } = vm.machine.space;
  await vm.expectPages([...later]);
  if (ram.resident + later.size > ram.limit) throw outOfMemory();
  if (!vm.hasFor(sections)) throw garbled("pages that its devices use are not there");
}

async function addSection(sections: Sections, { kind, bytes }: LineBlock): Promise<void> {
  await translated(() =>
    inBlock(() => {
      if (kind === BlockKind.SECTION) sections.add(new Reader(bytes));
      else if (kind === BlockKind.MORE) sections.more(bytes);
      else throw garbled("it sends something at the wrong time");
    }),
  );
}

/** @throws WasmvisorError `migration-damaged` */
function descriptionIn({ bytes }: LineBlock): SnapshotDescription {
  try {
    return checkDescription(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes)), true);
  } catch (cause) {
    throw garbled("its description is none of a machine", cause);
  }
}

/** @throws WasmvisorError `migration-drive` when a disk that must be given is not, or its file is not there */
async function expectGiven(
  index: number,
  { description }: DriveDescription,
  given: RestoredDrive | undefined,
): Promise<void> {
  const file = given?.overlay ?? given?.source;
  const isThere = typeof file !== "string" || isAddress(file) || (await diskHost.allocatedBytes(file)) !== undefined;
  if (given !== undefined && isThere) return;
  const why = given === undefined ? "must be given as well" : "is not there";
  const sentence = `Disk ${index} of the VM that comes, "${description}", ${why}; give it at the destination, in drives.`;
  throw migrationError("migration-drive", sentence, { index, description });
}

/** @throws WasmvisorError `migration-drive` */
function expectSame(index: number, { description }: DriveDescription, difference: string | undefined): void {
  if (difference === undefined) return;
  const sentence = `Disk ${index} of the VM that comes is "${description}", and the one given ${difference}; give the same disk at the destination.`;
  throw migrationError("migration-drive", sentence, { index, description });
}

/** What must be given is said in a snapshot's words. */
async function forMigration<Value>(make: () => Value): Promise<Value> {
  try {
    return await make();
  } catch (cause) {
    if (!(cause instanceof WasmvisorError) || cause.code !== "snapshot-machine") throw cause;
    const sentence = cause.message.replace("The snapshot's VM", "The VM that comes");
    throw migrationError("migration-machine", sentence, cause.data, cause);
  }
}
