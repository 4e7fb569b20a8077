/** The source's side of a migration (docs/design/migration.md). */

import { WasmvisorError } from "../../error.ts";
import type { Ram } from "../../memory/ram.ts";
import { migrationError, type NoteName } from "../../migration/format.ts";
import { Inbox } from "../../migration/inbox.ts";
import { type ByteStreams, Line } from "../../migration/line.ts";
import { BlockKind, DISKS_MOST } from "../../snapshot/format.ts";
import {
  checkSections,
  diskBytes,
  disksTooLarge,
  pageBlocks,
  pagesBlock,
  type Plain,
  runsBytes,
  runsIn,
  sectionBlocks,
  type StillRam,
  ZERO_RUNS,
  zeroBlocks,
} from "../../snapshot/write.ts";
import { PAGE_BYTES, type Section } from "../../state/section.ts";
import type { Drive } from "../drives.ts";
import { giveWay } from "../event-loop.ts";
import type { Unsubscribe } from "../events.ts";
import type { VmCpuChoice, VmCpuSettings } from "../scheduler/settings.ts";
import type { DriveDescription, MachineDescription, SnapshotDescription } from "../snapshot/description.ts";
import { describeDrive, piecesOf } from "../snapshot/disks.ts";
import { FLASH_DISK, flashPieces } from "../snapshot/take.ts";
import type { VmState } from "../vm-types.ts";
import { Convergence, type NextStep } from "./convergence.ts";
import { isLate } from "./late.ts";
import { Mirror } from "./mirror.ts";
import type { MigrateChoice, MigrationProgress, MigrationStatistics } from "./options.ts";

/** What of a VM is moved. */
export interface MovedVm {
  state(): VmState;
  readonly cpu: VmCpuChoice;
  readonly drives: readonly Drive[];
  setCpu(settings: VmCpuSettings): void;
  onState(changed: (to: VmState) => void): Unsubscribe;
  readonly ram: Ram;
  describe(): Omit<SnapshotDescription, "machine"> & { readonly machine: Omit<MachineDescription, "drives"> };
  readonly files: readonly Section[];
  /** The parts of its state. */
  save(): readonly Section[];
  /** The contents of its flash banks. */
  flash(): readonly Uint8Array[];
  /** Pages that its devices use when something happens to them. */
  devicePages(): ReadonlySet<number>;
  /** Has its harts stand still until what is returned is called. */
  hold(): () => void;
  /** Resolves when no restart is under way, and its devices wait for nothing. */
  settled(): Promise<void>;
  /** Whether it must not run on by what its owner calls. */
  setAway(isAway: boolean): void;
  /** It stands still until its owner says otherwise; `restore` undoes what the migration has done to it. */
  strand(restore: () => Promise<void>): void;
  /** It lives elsewhere. */
  leave(): void;
}

/** The parts of its thread that a VM gets, one after another, when it stores faster than can be sent. */
const SLOWER = 0.5;
const CAP_LEAST = 0.02;

/** Pages of a block that follows: one that is wanted waits for a few of these. */
const FOLLOW_PAGES = 16;

/** Milliseconds after which others have the thread. */
const TURN = 4;

/** How often, and after how many milliseconds, a disk is opened again that the destination may still have. */
const REOPENINGS = 100;
const REOPEN_AFTER = 100;

/**
 * Moves a VM. Whatever goes wrong until the destination has been told to run it, it runs on here.
 * @throws WasmvisorError as `Vm.migrateTo` does
 */
export function migrate(vm: MovedVm, streams: ByteStreams, choice: MigrateChoice): Promise<MigrationStatistics> {
  return new Migration(vm, streams, choice).run();
}

class Migration {
  readonly #vm: MovedVm;
  readonly #choice: MigrateChoice;
  readonly #line: Line;
  readonly #cpu: VmCpuChoice;
  readonly #wasTracked: boolean;
  readonly #startedAt = performance.now();
  readonly #closed: Drive[] = [];
  #inbox: Inbox | undefined;
  #epoch = 0;
  #round = 0;
  #pages = 0;
  #cap: number;
  #stoppedAt = 0;
  #ranAt = 0;
  #gaveWayAt = 0;
  #goOn: () => void = () => undefined;
  /** A byte for each page that follows when the VM runs there; undefined when none does. */
  #following: Uint8Array | undefined;
  /** Pages that have followed, and those that are still to. */
  #followed = 0;
  #followLeft = 0;
  #hasLateDisks = false;
  #mirror: Mirror | undefined;

  constructor(vm: MovedVm, streams: ByteStreams, choice: MigrateChoice) {
    this.#vm = vm;
    this.#choice = choice;
    const { key, patience, bandwidth, compress } = choice;
    this.#line = new Line(streams, { isSource: true, key, patience, bandwidth, compress });
    this.#cpu = vm.cpu;
    this.#cap = vm.cpu.cap;
    this.#wasTracked = vm.ram.isTracked;
  }

  async run(): Promise<MigrationStatistics> {
    const { signal } = this.#choice;
    const giveUp = (): void => this.#line.break(signal?.reason);
    signal?.addEventListener("abort", giveUp);
    const forget = this.#vm.onState((to) => {
      if (to === "exited" || to === "destroyed") this.#line.break(ended(to));
    });
    try {
      signal?.throwIfAborted();
      await this.#agree();
      const left = await this.#whileItRuns();
      await this.#whileItStands(left);
      this.#report("handover", 0);
      this.#expectSound();
    } catch (error) {
      const why = (await this.#inbox?.lastWord(error)) ?? error;
      await this.#undo(why);
      throw why;
    } finally {
      signal?.removeEventListener("abort", giveUp);
      forget();
    }
    await this.#handOver();
    return this.#statistics();
  }

  /** Tells the destination what comes. It looks whether it can take that before the first page. */
  async #agree(): Promise<void> {
    await this.#line.open();
    this.#inbox = new Inbox(this.#line, (error) => this.#line.break(error));
    await this.#expect("hello");
    const drives = await this.#drivesAtRest();
    // Those that it writes to have other sums when it stops.
    await this.#describe(drives.map((drive) => (isChanging(drive) ? { ...drive, sums: [] } : drive)));
    for (const file of this.#vm.files) await this.#sendAll(sectionBlocks(file));
    await this.#line.note({ is: "offer" });
    await this.#expect("accept");
  }

  /** Sends pages until the rest is few. Which are left. */
  async #whileItRuns(): Promise<Uint8Array> {
    const { ram } = this.#vm;
    const convergence = new Convergence(this.#choice);
    this.#epoch = ram.trackStores();
    let wanted: Uint8Array | undefined;
    if (this.#choice.disks === "mirror") await this.#beginMirror();
    if (this.#choice.mode === "post") {
      if (this.#mirror !== undefined) await this.#sendDisksFirst(this.#mirror);
      return this.#follow(new Uint8Array(ram.pages).fill(1));
    }
    for (;;) {
      const [from, before] = [performance.now(), this.#sentPages];
      await this.#sendMirrored("disks");
      await this.#sendRound(wanted, "pages");
      await this.#endRound();
      const dirty = ram.dirtyFrames(this.#epoch);
      this.#epoch = dirty.epoch;
      wanted = new Uint8Array(ram.pages);
      for (const page of dirty.pages) wanted[page] = 1;
      const sent = { pages: this.#sentPages - before, milliseconds: performance.now() - from };
      const next = convergence.next(sent, dirty.pages.length + this.#pendingOfDisks);
      if (next === "stop") return wanted;
      if (next === "follow") return this.#follow(wanted);
      if (next === "slower") this.#slowDown();
    }
  }

  /** Pages that have been sent, and as much of disks. */
  get #sentPages(): number {
    return this.#pages + (this.#mirror?.bytes ?? 0) / PAGE_BYTES;
  }

  /** What is to be sent again of disks, in pages. */
  get #pendingOfDisks(): number {
    return (this.#mirror?.pending ?? 0) / PAGE_BYTES;
  }

  /** Notes what is written to disks from now on. */
  async #beginMirror(): Promise<void> {
    const goOn = this.#vm.hold();
    try {
      await this.#line.until(this.#vm.settled());
      this.#expectSound();
      this.#mirror = new Mirror(this.#vm.drives);
    } finally {
      goOn();
    }
  }

  /** Disks must be there when it goes, even when its pages need not: sends them until what is left is few. */
  async #sendDisksFirst(mirror: Mirror): Promise<void> {
    const convergence = new Convergence({ ...this.#choice, mode: "pre" });
    for (let next: NextStep = "again"; next !== "stop";) {
      const [from, before] = [performance.now(), this.#sentPages];
      await this.#sendMirrored("disks");
      await this.#endRound();
      const sent = { pages: this.#sentPages - before, milliseconds: performance.now() - from };
      next = convergence.next(sent, mirror.pending / PAGE_BYTES);
      if (next === "slower") this.#slowDown();
    }
  }

  async #sendMirrored(phase: MigrationProgress["phase"]): Promise<void> {
    if (this.#mirror === undefined) return;
    this.#report(phase, this.#pendingOfDisks);
    for await (const piece of this.#mirror.pieces()) {
      await this.#send({ kind: BlockKind.DISK, bytes: diskBytes(piece) });
      this.#report(phase, this.#pendingOfDisks);
    }
  }

  /** Waits until the destination has all of a round. */
  async #endRound(): Promise<void> {
    await this.#line.note({ is: "sent", round: Math.max(1, this.#round) });
    await this.#expect("got");
  }

  /** What is left when it stops is sent when it runs there. */
  #follow(wanted: Uint8Array): Uint8Array {
    const following = (this.#following = new Uint8Array(this.#vm.ram.pages));
    this.#inbox!.follow((page) => following[page] === 1);
    return wanted;
  }

  /** Has pages follow, but for those that devices use: they must be there at once. */
  async #sendLater(wanted: Uint8Array): Promise<void> {
    const [following, { ram }] = [this.#following!, this.#vm];
    const needed = this.#vm.devicePages();
    // Pages that hold nothing and have never been sent are zeros there.
    const isNew = this.#round === 0;
    for (let page = 0; page < ram.pages; page++) {
      if (wanted[page] === 0 || needed.has(page) || (isNew && !ram.holds(page))) continue;
      following[page] = 1;
      wanted[page] = 0;
      this.#followLeft++;
    }
    const runs = runsIn(pagesIn(following));
    for (let at = 0; at < runs.length; at += ZERO_RUNS)
      await this.#send({ kind: BlockKind.LATER, bytes: runsBytes(runs.slice(at, at + ZERO_RUNS)) });
  }

  /** Sends all that is left, and has the destination say that it could go on. */
  async #whileItStands(wanted: Uint8Array): Promise<void> {
    const vm = this.#vm;
    this.#goOn = vm.hold();
    vm.setAway(true);
    this.#stoppedAt = performance.now();
    await this.#line.until(vm.settled());
    this.#expectSound();
    const running = vm.state() === "running";
    for (const page of vm.ram.dirtyFrames(this.#epoch).pages) wanted[page] = 1;
    if (this.#following !== undefined) await this.#sendLater(wanted);
    await this.#sendRound(wanted, "stopped");
    await this.#sendMirrored("stopped");
    const drives = await this.#drives();
    await this.#sendDisks(drives);
    const sections = vm.save();
    checkSections(sections);
    for (const section of sections) await this.#sendAll(sectionBlocks(section));
    await this.#describe(drives);
    await this.#closeDisks(drives);
    await this.#line.note({ is: "state", running });
    await this.#expect("ready");
  }

  /** From here on it must not run by itself: the destination may, whatever is heard of it. */
  async #handOver(): Promise<void> {
    try {
      await this.#line.note({ is: "go" });
      await this.#expect("running");
    } catch (error) {
      if (error instanceof WasmvisorError && error.code === "migration-refused") {
        await this.#undo(error);
        throw error;
      }
      this.#vm.strand(() => this.#restore());
      this.#goOn();
      this.#line.end("dropped");
      throw unknown(error, this.#following !== undefined);
    }
    this.#ranAt = performance.now();
    if (this.#following !== undefined) await this.#sendFollowing(this.#following);
    this.#mirror?.end();
    this.#vm.leave();
    this.#goOn();
    this.#line.end("dropped");
  }

  /** It runs there, and needs what is still here. Whatever goes wrong now, it must not run on here by itself. */
  async #sendFollowing(following: Uint8Array): Promise<void> {
    const inbox = this.#inbox!;
    try {
      for (let next = 0; !inbox.hears("got");) {
        while (following[next] === 0) next++;
        const wanted = inbox.takeWanted();
        if (wanted === undefined && next === following.length) break;
        await this.#sendFrom(following, wanted ?? next);
      }
      await this.#expect("got");
    } catch (error) {
      await this.#line.refuse(error);
      this.#vm.strand(() => this.#takeBack());
      this.#goOn();
      throw broken(error);
    }
  }

  /** Sends the page, and a few of those behind it that are left. */
  async #sendFrom(following: Uint8Array, first: number): Promise<void> {
    const { ram, state } = this.#vm;
    if (state() === "destroyed") throw ended("destroyed");
    const pages: number[] = [];
    for (let page = first; page < first + FOLLOW_PAGES && page < following.length; page++) {
      if (following[page] === 0) continue;
      following[page] = 0;
      pages.push(page);
    }
    this.#pages += pages.length;
    this.#followed += pages.length;
    this.#followLeft -= pages.length;
    const [full, zeros] = [pages.filter((page) => ram.holds(page)), pages.filter((page) => !ram.holds(page))];
    const read = (page: number, into: Uint8Array): void => ram.copyOut(page, into);
    if (full.length > 0) await this.#send(pagesBlock({ read }, runsIn(full)));
    if (zeros.length > 0) await this.#send({ kind: BlockKind.ZEROS, bytes: runsBytes(runsIn(zeros)) });
    this.#report("follow", this.#followLeft);
  }

  /** It has run there. @throws WasmvisorError `migration-unknown` when its disks are no more those of its memory here */
  async #takeBack(): Promise<void> {
    if (this.#hasLateDisks) throw diskWritten();
    await this.#restore();
  }

  /** It runs on here. @throws WasmvisorError `migration-drive` when it cannot */
  async #undo(error: unknown): Promise<void> {
    await this.#line.refuse(error);
    try {
      await this.#restore();
      this.#vm.setAway(false);
    } catch (failure) {
      this.#vm.strand(() => this.#restore());
      throw failure;
    } finally {
      this.#goOn();
    }
  }

  /** It is as it was before. @throws WasmvisorError `migration-drive` */
  async #restore(): Promise<void> {
    const vm = this.#vm;
    if (vm.state() === "destroyed") return;
    if (this.#cap !== this.#cpu.cap) vm.setCpu({ cap: this.#cpu.cap, reservation: this.#cpu.reservation });
    this.#cap = this.#cpu.cap;
    if (!this.#wasTracked) vm.ram.stopTracking();
    this.#mirror?.end();
    for (let drive = this.#closed[0]; drive !== undefined; drive = this.#closed[0]) {
      await reopen(drive);
      this.#closed.shift();
    }
  }

  async #expect(word: NoteName): Promise<void> {
    await this.#inbox!.expect(word);
  }

  /** What a VM has changed in memory must not change while sums are made of what lies below. */
  async #drivesAtRest(): Promise<DriveDescription[]> {
    const goOn = this.#vm.hold();
    try {
      return await this.#drives();
    } finally {
      goOn();
    }
  }

  #drives(): Promise<DriveDescription[]> {
    return Promise.all(this.#vm.drives.map((drive) => describeDrive(drive, this.#choice.disks)));
  }

  async #describe(drives: readonly DriveDescription[]): Promise<void> {
    const { machine, ...others } = this.#vm.describe();
    const description: SnapshotDescription = { ...others, machine: { ...machine, drives } };
    const bytes = new TextEncoder().encode(JSON.stringify(description));
    await this.#line.send({ kind: BlockKind.DESCRIPTION, bytes });
  }

  /** @param wanted - a byte for each page that is to be sent; undefined: all that hold something */
  async #sendRound(wanted: Uint8Array | undefined, phase: MigrationProgress["phase"]): Promise<void> {
    this.#round++;
    const ram = this.#stillRam(wanted);
    let left = wanted === undefined ? ram.pages : wanted.reduce((sum, is) => sum + is, 0);
    this.#report(phase, left);
    for (const block of pageBlocks(ram)) {
      const count = block.runs!.reduce((sum, run) => sum + run.count, 0);
      this.#pages += count;
      left -= count;
      await this.#send(block);
      this.#report(phase, left);
    }
    if (wanted !== undefined) await this.#sendAll(zeroBlocks(ram));
  }

  /** RAM as it is when it is looked at: what is stored to afterwards is sent again. */
  #stillRam(wanted: Uint8Array | undefined): StillRam {
    const { ram } = this.#vm;
    return {
      pages: ram.pages,
      has: (page) => wanted?.[page] !== 0,
      holds: (page) => ram.holds(page),
      read: (page, into) => ram.copyOut(page, into),
    };
  }

  async #sendDisks(drives: readonly DriveDescription[]): Promise<void> {
    let bytes = 0;
    for (const [index, { backend }] of this.#vm.drives.entries()) {
      if (backend === undefined) continue;
      for await (const piece of piecesOf(index, backend, drives[index]!.content)) {
        bytes += piece.bytes.length;
        if (bytes > DISKS_MOST) throw disksTooLarge();
        await this.#send({ kind: BlockKind.DISK, bytes: diskBytes(piece) });
      }
    }
    for (const [unit, flash] of this.#vm.flash().entries())
      for (const piece of flashPieces(FLASH_DISK + unit, flash))
        await this.#send({ kind: BlockKind.DISK, bytes: diskBytes(piece) });
  }

  async #sendAll(blocks: Iterable<Plain>): Promise<void> {
    for (const block of blocks) await this.#send(block);
  }

  /** Sends a block, and lets others have the thread, the VM among them. */
  async #send(block: Plain): Promise<void> {
    await this.#line.send(block);
    if (performance.now() - this.#gaveWayAt > TURN) {
      await giveWay();
      this.#gaveWayAt = performance.now();
    }
    this.#expectSound();
  }

  /** @throws what has gone wrong meanwhile */
  #expectSound(): void {
    const { broken } = this.#line;
    if (broken !== undefined) throw broken.error;
  }

  /** Disks that are files are the destination's from here on, if all goes well. One that its owner has made stays open: it knows who uses it. */
  async #closeDisks(drives: readonly DriveDescription[]): Promise<void> {
    for (const [index, drive] of this.#vm.drives.entries()) {
      if (!isLate(drives[index]!)) continue;
      this.#hasLateDisks = true;
      if (typeof drive.options.source !== "string") continue;
      this.#closed.push(drive);
      await drive.letGo();
    }
  }

  #slowDown(): void {
    const { reservation } = this.#cpu;
    this.#cap = Math.max(CAP_LEAST, this.#cap * SLOWER);
    this.#vm.setCpu({ cap: this.#cap, reservation: Math.min(reservation, this.#cap) });
  }

  #report(phase: MigrationProgress["phase"], left: number): void {
    const [round, pages, bytes, cap] = [this.#round, this.#pages, this.#line.bytesSent, this.#cap];
    this.#choice.onProgress?.({ phase, round, pages, left, bytes, cap });
  }

  #statistics(): MigrationStatistics {
    const now = performance.now();
    return {
      rounds: this.#round,
      pages: this.#pages,
      followed: this.#followed,
      diskBytes: this.#mirror?.bytes ?? 0,
      bytes: this.#line.bytesSent,
      downtime: this.#ranAt - this.#stoppedAt,
      milliseconds: now - this.#startedAt,
      cap: this.#cap,
    };
  }
}

/** Whether what a disk holds is another thing when the VM goes. */
function isChanging(drive: DriveDescription): boolean {
  return isLate(drive) || drive.content === "mirror";
}

/** @throws WasmvisorError `migration-drive` */
async function reopen(drive: Drive): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await drive.takeBack();
    } catch (error) {
      const isUsed = error instanceof WasmvisorError && error.code === "image-locked";
      if (!isUsed || attempt === REOPENINGS) throw stranded(drive, error);
    }
    await new Promise((resolve) => setTimeout(resolve, REOPEN_AFTER));
  }
}

function ended(state: "exited" | "destroyed"): WasmvisorError {
  const what = state === "exited" ? "the guest has ended" : "the VM has been destroyed";
  return new WasmvisorError("vm-state", `The VM was not moved, because ${what} before that was done.`, { state });
}

function unknown(cause: unknown, follows: boolean): WasmvisorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const sentence = `It is not known whether the VM runs at its destination, which was told to run it and has not answered (${why}); look there, and call vm.reclaim() if it ${follows ? "has never run" : "does not run"}, or vm.destroy() if it ${follows ? "has" : "does"}.`;
  return migrationError("migration-unknown", sentence, {}, cause);
}

function broken(cause: unknown): WasmvisorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const sentence = `The VM ran at its destination, and it is not known whether all of its pages have come there (${why}); look there, and call vm.destroy() if it runs, or vm.reclaim() if it has ended and may go on as it was when it left.`;
  return migrationError("migration-unknown", sentence, {}, cause);
}

function diskWritten(): WasmvisorError {
  const sentence =
    "The VM cannot go on as it was when it left, because it may have written to its disks at the destination; destroy it, and start it anew from them.";
  return migrationError("migration-unknown", sentence);
}

function* pagesIn(flags: Uint8Array): Generator<number> {
  for (let page = 0; page < flags.length; page++) if (flags[page] === 1) yield page;
}

function stranded({ slot }: Drive, cause: unknown): WasmvisorError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const sentence = `The VM was not moved, and it stands still, because its disk in slot ${slot} cannot be opened again (${why}); see to that, and call vm.reclaim().`;
  return migrationError("migration-drive", sentence, { slot }, cause);
}
