/** Who gets how much, by a clock that only the test moves. */

import { describe, expect, test } from "vitest";
import { type CpuSettings, DEFAULT_CPU } from "../../../src/vmm/scheduler/settings.ts";
import { Entity } from "../../../src/vmm/scheduler/share-queue.ts";

const QUANTUM = 1;

/** One who wants to run, with a pattern of sleep: runs `burst` ms, then sleeps `sleep` ms. */
interface Sleeper {
  readonly burst: number;
  readonly sleep: number;
}

/** A simulated thread. */
class Thread {
  now = 0;
  idle = 0;
  readonly root = new Entity({ shares: 1, reservation: 0.9, cap: 1 });
  readonly used = new Map<Entity, number>();
  readonly #sleepers = new Map<Entity, Sleeper & { left: number; wakesAt: number; waits: number[] }>();
  #random = 1;

  add(settings: CpuSettings = {}, parent = this.root): Entity {
    const { group: _group, ...usual } = DEFAULT_CPU;
    const entity = new Entity({ ...usual, ...settings });
    entity.join(parent);
    entity.ready = true;
    this.used.set(entity, 0);
    return entity;
  }

  group(settings: CpuSettings = {}): Entity {
    const group = this.add(settings);
    group.ready = false;
    this.used.delete(group);
    return group;
  }

  sleeper(pattern: Sleeper, settings: CpuSettings = {}): { entity: Entity; waits: number[] } {
    const entity = this.add(settings);
    const state = { ...pattern, left: pattern.burst, wakesAt: 0, waits: [] };
    this.#sleepers.set(entity, state);
    return { entity, waits: state.waits };
  }

  /** Pseudo-random lengths of tasks, some of them overrun. */
  #task(): number {
    this.#random = (this.#random * 48271) % 0x7fffffff;
    const part = this.#random / 0x7fffffff;
    return part > 0.98 ? 8 * QUANTUM : QUANTUM * (0.5 + part);
  }

  run(milliseconds: number): void {
    const end = this.now + milliseconds;
    while (this.now < end) {
      for (const [entity, sleeper] of this.#sleepers) {
        if (!entity.ready && this.now >= sleeper.wakesAt) entity.ready = true;
      }
      const chosen = this.root.choose(this.now);
      if (chosen === undefined) {
        const wakes = [...this.#sleepers].filter(([entity]) => !entity.ready).map(([, { wakesAt }]) => wakesAt);
        // A timer comes late, by up to a millisecond.
        const next = Math.min(end, Math.ceil(Math.min(this.root.earliest(), ...wakes) + 0.01));
        this.idle += next - this.now;
        this.now = next;
        continue;
      }
      const sleeper = this.#sleepers.get(chosen);
      const took = Math.min(this.#task(), sleeper?.left ?? Infinity);
      const startedAt = this.now;
      if (sleeper !== undefined && sleeper.left === sleeper.burst) sleeper.waits.push(startedAt - sleeper.wakesAt);
      this.now += took;
      chosen.charge(took, startedAt);
      this.used.set(chosen, this.used.get(chosen)! + took);
      if (sleeper === undefined) continue;
      sleeper.left -= took;
      if (sleeper.left > 1e-9) continue;
      sleeper.left = sleeper.burst;
      sleeper.wakesAt = this.now + sleeper.sleep;
      chosen.ready = false;
    }
  }

  part(entity: Entity, from: number): number {
    return this.used.get(entity)! / (this.now - from);
  }
}

const within = (value: number, wanted: number, error: number): void => {
  expect(Math.abs(value / wanted - 1), `${value} beside ${wanted}`).toBeLessThanOrEqual(error);
};

describe("shares", () => {
  test("16 who always run get time in proportion to shares of 1:2:4, to 2%, with a Jain index of 0.99", () => {
    const thread = new Thread();
    const entities = Array.from({ length: 16 }, (_, index) => thread.add({ shares: 100 * 2 ** (index % 3) }));
    thread.run(60_000);
    const total = entities.reduce((sum, { settings }) => sum + settings.shares, 0);
    const normalized = entities.map((entity) => thread.part(entity, 0) / (entity.settings.shares / total));
    for (const part of normalized) within(part, 1, 0.02);
    const sum = normalized.reduce((a, b) => a + b);
    const squares = normalized.reduce((a, b) => a + b * b, 0);
    expect(sum ** 2 / (normalized.length * squares)).toBeGreaterThanOrEqual(0.99);
    expect(thread.idle).toBe(0);
  });

  test("who sleeps half the time takes no more than his part, and what he leaves goes to the others", () => {
    const thread = new Thread();
    const other = thread.add();
    const { entity } = thread.sleeper({ burst: 30, sleep: 30 });
    thread.run(60_000);
    expect(thread.part(entity, 0)).toBeLessThanOrEqual(0.51);
    expect(thread.part(entity, 0) + thread.part(other, 0)).toBeCloseTo(1, 6);
  });

  test("a long sleep is no claim to a long run", () => {
    const thread = new Thread();
    const [first, second] = [thread.add(), thread.add()];
    second.ready = false;
    thread.run(10_000);
    second.ready = true;
    const from = thread.used.get(first)!;
    thread.run(100);
    expect(thread.used.get(first)! - from).toBeGreaterThan(40);
  });

  test("a group has its shares, however many members it has, and they divide what it has", () => {
    const thread = new Thread();
    const alone = thread.add({ shares: 100 });
    const group = thread.group({ shares: 100 });
    const members = [100, 300].map((shares) => thread.add({ shares }, group));
    thread.run(20_000);
    within(thread.part(alone, 0), 0.5, 0.02);
    within(thread.part(members[0]!, 0), 0.125, 0.02);
    within(thread.part(members[1]!, 0), 0.375, 0.02);
  });
});

describe("reservations and caps", () => {
  test("a reservation is met to 2% beside 15 of the same shares, and the rest is divided", () => {
    const thread = new Thread();
    const reserved = thread.add({ reservation: 0.4 });
    const others = Array.from({ length: 15 }, () => thread.add());
    thread.run(60_000);
    within(thread.part(reserved, 0), 0.4, 0.02);
    for (const other of others) within(thread.part(other, 0), 0.04, 0.02);
  });

  test("a reservation is a minimum: with more shares than that, shares count", () => {
    const thread = new Thread();
    const reserved = thread.add({ shares: 300, reservation: 0.3 });
    thread.add({ shares: 100 });
    thread.run(20_000);
    within(thread.part(reserved, 0), 0.75, 0.02);
  });

  test("who has lived by a reservation, and loses it, runs again soon", () => {
    const thread = new Thread();
    const reserved = thread.add({ reservation: 0.8 });
    thread.add();
    thread.run(20_000);
    reserved.change({ ...reserved.settings, reservation: 0 }, thread.now);
    const before = thread.used.get(reserved)!;
    thread.run(200);
    expect(thread.used.get(reserved)! - before).toBeGreaterThan(70);
  });

  test("a cap holds to 2% whether others want to run or not, and the others get the rest", () => {
    for (const others of [0, 3]) {
      const thread = new Thread();
      const capped = thread.add({ cap: 0.15, shares: 1000 });
      for (let count = 0; count < others; count++) thread.add();
      thread.run(60_000);
      within(thread.part(capped, 0), 0.15, 0.02);
      if (others > 0) expect(thread.idle).toBe(0);
    }
  });

  test("a group's cap holds for its members together, and their reservations inside it", () => {
    const thread = new Thread();
    const group = thread.group({ cap: 0.5, reservation: 0.4 });
    const [reserved, other] = [thread.add({ reservation: 0.3 }, group), thread.add({ shares: 1000 }, group)];
    thread.add({ shares: 5000 });
    thread.run(60_000);
    within(thread.part(reserved, 0), 0.3, 0.02);
    within(thread.part(reserved, 0) + thread.part(other, 0), 0.4, 0.02);
  });
});

describe("waking", () => {
  test("who does little runs after the present task, beside 15 who always run", () => {
    const thread = new Thread();
    for (let count = 0; count < 15; count++) thread.add();
    const { waits } = thread.sleeper({ burst: 0.4, sleep: 20 });
    thread.run(60_000);
    expect(waits.length).toBeGreaterThan(2000);
    // The longest task is 8. All begin together, so the first time it waits for one task of each.
    expect(Math.max(...waits.slice(1))).toBeLessThanOrEqual(8);
  });

  test("whose cap is reached waits for it, and not longer", () => {
    const thread = new Thread();
    const capped = thread.add({ cap: 0.5 });
    capped.charge(40, thread.now);
    expect(thread.root.choose(thread.now)).toBeUndefined();
    expect(thread.root.earliest()).toBeGreaterThan(60);
    expect(thread.root.choose(thread.root.earliest())).toBe(capped);
  });
});
