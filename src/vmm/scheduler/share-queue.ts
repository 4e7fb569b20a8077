/**
 * Who runs next: proportional shares with reservations and caps (docs/design/scheduler.md). Three times are kept of each who wants to run, all
 * in milliseconds: `reservedAt` moves on by the time used divided by the reservation, `allowedAt` by the time used divided by the cap, and `virtual` by
 * the time used divided by the shares. The first two are compared with the clock, the third with the others'.
 */

import type { CpuChoice } from "./settings.ts";

/** What who has slept may make up for before the others get on, in milliseconds of the thread. */
const CREDIT = 10;

/** How far a cap may be exceeded for a moment, because timers are late, in milliseconds of the thread. */
const BURST = 10;

/**
 * How far a reservation may be counted as used ahead of the clock (in its milliseconds), and behind it when tasks come late, and how far ahead of the
 * others the shares of who lives by a reservation may be (in milliseconds of the thread).
 */
const LEAD = 20;

/** One who may run, or a group of them. */
export class Entity {
  settings: CpuChoice;
  /** Wants to run. A group does when one of its members does. */
  ready = false;
  readonly members: Entity[] = [];
  parent: Entity | undefined;
  virtual = 0;
  reservedAt = 0;
  allowedAt = 0;
  /** How far the shares of the members have been served: where the one began that was chosen last. */
  served = 0;
  /** Chosen for its reservation. */
  #byReservation = false;

  constructor(settings: CpuChoice) {
    this.settings = settings;
  }

  /** Becomes a member of `parent`, as one who has slept until now. */
  join(parent: Entity): void {
    this.leave();
    this.parent = parent;
    this.virtual = parent.served;
    parent.members.push(this);
  }

  leave(): void {
    const { parent } = this;
    if (parent === undefined) return;
    parent.members.splice(parent.members.indexOf(this), 1);
    this.parent = undefined;
  }

  /** The member (or its member) that is to run at `now`; undefined when none may, yet. */
  choose(now: number): Entity | undefined {
    let reserved: Entity | undefined;
    let shared: Entity | undefined;
    for (const member of this.members) {
      if (!member.mayRun(now)) continue;
      if (member.settings.reservation > 0 && member.reservedAt <= now) {
        if (reserved === undefined || member.reservedAt < reserved.reservedAt) reserved = member;
      }
      if (shared === undefined || member.virtual < shared.virtual) shared = member;
    }
    const chosen = reserved ?? shared;
    if (chosen === undefined) return undefined;
    chosen.#byReservation = reserved !== undefined;
    if (reserved === undefined) this.served = Math.max(this.served, chosen.virtual);
    return chosen.members.length > 0 ? chosen.choose(now) : chosen;
  }

  /** When one of the members may run; Infinity when none wants to. */
  earliest(): number {
    let earliest = Infinity;
    for (const member of this.members) {
      const at = member.ready ? member.allowedAt : Math.max(member.allowedAt, member.earliest());
      if (at < earliest) earliest = at;
    }
    return earliest;
  }

  /** It has been chosen, and has run from `startedAt` on for `milliseconds`. */
  charge(milliseconds: number, startedAt: number): void {
    const { shares, reservation, cap } = this.settings;
    const { parent } = this;
    if (parent === undefined) return;
    const { served } = parent;
    this.virtual = Math.max(this.virtual, served - CREDIT / shares) + milliseconds / shares;
    if (this.#byReservation) this.virtual = Math.min(this.virtual, served + LEAD / shares);
    if (cap < 1) this.allowedAt = Math.max(this.allowedAt, startedAt - BURST / cap) + milliseconds / cap;
    if (reservation > 0) {
      const used = Math.max(this.reservedAt, startedAt - LEAD / reservation) + milliseconds / reservation;
      this.reservedAt = this.#byReservation ? used : Math.min(used, startedAt + milliseconds + LEAD);
    }
    parent.charge(milliseconds, startedAt);
  }

  /** Has what has been counted by other settings end: a lower cap or reservation begins now. */
  change(settings: CpuChoice, now: number): void {
    this.settings = settings;
    this.allowedAt = Math.min(this.allowedAt, now);
    this.reservedAt = Math.min(this.reservedAt, now);
  }

  private mayRun(now: number): boolean {
    if (this.allowedAt > now) return false;
    return this.ready || this.members.some((member) => member.mayRun(now));
  }
}
