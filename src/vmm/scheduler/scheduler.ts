/** The scheduler of a Host: which of its VMs runs in the host's next task of the event loop, and for how long. */

import { WasmvisorError } from "../../error.ts";
import { inTurn, taskMilliseconds, waitingVms } from "../event-loop.ts";
import {
  checkCpu,
  type CpuChoice,
  type CpuSettings,
  DEFAULT_CPU,
  RESERVATION_MOST,
  type VmCpuChoice,
} from "./settings.ts";
import { Entity } from "./share-queue.ts";

/** What a VM has had of its host's thread. */
export interface CpuUse {
  /** Milliseconds in which it ran. */
  readonly milliseconds: number;
  /** Milliseconds in which it wanted to run and did not: others did, or its cap was reached. */
  readonly waitedMilliseconds: number;
  /** How often it ran. */
  readonly tasks: number;
  /** How often it ran after it had slept. */
  readonly wakeUps: number;
  /** How often it had to wait less than 2^i microseconds then, and not less than half of that. */
  readonly wakeUpLatency: readonly number[];
}

/** What the run loop of one VM asks of the scheduler. */
export interface VmCpu {
  /** Waits until the VM is to run, in a task of the event loop of its own. Resolves to the milliseconds that the task may take. */
  turn(): Promise<number>;
  /** The task is over, and has taken so long. */
  ran(milliseconds: number): void;
  /** The VM has slept: how long it waits for its turn now is a delay of what woke it. */
  woke(): void;
  /** It never runs again. Ends its waiting. */
  leave(): void;
}

const LATENCY_BINS = 24;

const GROUPS_MOST = 256;

/** Sums of reservations are rounded. */
const TOLERANCE = 1e-9;

/** One VM in the scheduler. */
class Client implements VmCpu {
  readonly entity: Entity;
  settings: VmCpuChoice;
  resume: ((milliseconds: number) => void) | undefined;
  readonly #scheduler: Scheduler;
  readonly #use = { milliseconds: 0, waitedMilliseconds: 0, tasks: 0, wakeUps: 0 };
  readonly #latency = new Array<number>(LATENCY_BINS).fill(0);
  #left = false;
  #woken = false;
  #since = 0;
  #startedAt = 0;

  constructor(scheduler: Scheduler, settings: VmCpuChoice) {
    this.#scheduler = scheduler;
    this.settings = settings;
    this.entity = new Entity(settings);
  }

  get use(): CpuUse {
    return { ...this.#use, wakeUpLatency: [...this.#latency] };
  }

  /** Milliseconds in which it wanted to run and did not, with those of a wait that goes on. */
  get waited(): number {
    return this.#use.waitedMilliseconds + (this.resume === undefined ? 0 : performance.now() - this.#since);
  }

  turn(): Promise<number> {
    if (this.#left) return Promise.resolve(0);
    return new Promise((resolve) => {
      this.resume = resolve;
      this.#since = performance.now();
      this.#scheduler.wants(this, this.#since);
    });
  }

  /** Runs, in the present task. */
  begin(now: number): void {
    const { resume } = this;
    this.resume = undefined;
    const waited = now - this.#since;
    this.#startedAt = now;
    this.#use.tasks++;
    this.#use.waitedMilliseconds += waited;
    if (this.#woken) {
      this.#use.wakeUps++;
      this.#latency[Math.min(LATENCY_BINS - 1, 32 - Math.clz32(Math.floor(waited * 1000)))]!++;
      this.#woken = false;
    }
    resume?.(taskMilliseconds());
  }

  ran(milliseconds: number): void {
    this.#use.milliseconds += milliseconds;
    this.entity.charge(milliseconds, this.#startedAt);
  }

  woke(): void {
    this.#woken = true;
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#scheduler.remove(this);
    this.resume?.(0);
    this.resume = undefined;
  }
}

export type { Client as ScheduledVm };

/** Chooses among the VMs of one host. */
export class Scheduler {
  readonly #root = new Entity({ shares: 1, reservation: RESERVATION_MOST, cap: 1 });
  readonly #clients = new Map<Entity, Client>();
  readonly #groups = new Map<string, Entity>();
  /** Called before a VM is chosen, with all VMs at rest. */
  beforeTask: ((now: number) => void) | undefined;
  /** A task has been asked for. */
  #asked = false;
  /** Until a cap allows somebody to go on, and when that is. */
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Takes a VM in.
   * @throws WasmvisorError `cpu` when there is no such group, or more is reserved than there is
   */
  add(settings: VmCpuChoice): Client {
    const parent = this.#place(settings);
    expectRoom(parent, undefined, settings.reservation);
    const client = new Client(this, settings);
    client.entity.join(parent);
    this.#clients.set(client.entity, client);
    return client;
  }

  /** @throws WasmvisorError `cpu` as `add` */
  change(client: Client, settings: VmCpuChoice): void {
    const parent = this.#place(settings);
    const { entity } = client;
    expectRoom(parent, entity, settings.reservation);
    client.settings = settings;
    entity.change(settings, performance.now());
    if (entity.parent !== parent && entity.parent !== undefined) entity.join(parent);
    this.#ask();
  }

  /**
   * Makes a group, or changes it.
   * @throws WasmvisorError `option`, `cpu`
   */
  setGroup(name: string, settings: CpuSettings): void {
    const known = this.#groups.get(name);
    const { group: _group, ...usual } = DEFAULT_CPU;
    const choice = checkCpu(settings, known?.settings ?? usual);
    if (known === undefined && (typeof name !== "string" || name === "" || this.#groups.size >= GROUPS_MOST)) {
      throw new WasmvisorError("cpu", `A host has ${GROUPS_MOST} groups at most, each with a name.`, { name });
    }
    expectRoom(this.#root, known, choice.reservation);
    const reserved = known === undefined ? 0 : reservedBy(known.members, undefined);
    if (reserved > choice.reservation + TOLERANCE) {
      const sentence = `VMs of the group "${name}" have reserved ${reserved}, more than ${choice.reservation}; have them reserve less first.`;
      throw new WasmvisorError("cpu", sentence, { name, reserved });
    }
    if (known !== undefined) {
      known.change(choice, performance.now());
      return this.#ask();
    }
    const made = new Entity(choice);
    made.join(this.#root);
    this.#groups.set(name, made);
  }

  /**
   * Forgets a group without VMs.
   * @throws WasmvisorError `cpu` when there is none, or it has VMs
   */
  deleteGroup(name: string): void {
    const group = this.#group(name);
    if (group.members.length > 0) {
      const sentence = `The group "${name}" has VMs; move them with vm.setCpu({ group: null }), or destroy them, first.`;
      throw new WasmvisorError("cpu", sentence, { name, vms: group.members.length });
    }
    group.leave();
    this.#groups.delete(name);
  }

  /** The groups. */
  get groups(): ReadonlyMap<string, CpuChoice> {
    return new Map([...this.#groups].map(([name, { settings }]) => [name, { ...settings }]));
  }

  /** A VM wants to run. @internal */
  wants({ entity }: Client, now: number): void {
    entity.ready = true;
    waitingVms.count++;
    this.#ask(now);
  }

  /** @internal */
  remove({ entity }: Client): void {
    if (entity.ready) waitingVms.count--;
    entity.ready = false;
    entity.leave();
    this.#clients.delete(entity);
  }

  /** Asks for a task, now or when somebody may run. */
  #ask(now = performance.now()): void {
    if (this.#asked) return;
    const earliest = this.#root.earliest();
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (earliest === Infinity) return;
    if (earliest > now) {
      this.#timer = setTimeout(() => this.#ask(), earliest - now);
      return;
    }
    this.#asked = true;
    inTurn(() => this.#run());
  }

  #run(): void {
    this.#asked = false;
    this.beforeTask?.(performance.now());
    const now = performance.now();
    const entity = this.#root.choose(now);
    if (entity !== undefined) {
      entity.ready = false;
      waitingVms.count--;
    }
    this.#ask(now);
    if (entity !== undefined) this.#clients.get(entity)?.begin(now);
  }

  #place({ group }: VmCpuChoice): Entity {
    return group === null ? this.#root : this.#group(group);
  }

  #group(name: string): Entity {
    const group = this.#groups.get(name);
    if (group !== undefined) return group;
    const sentence = `There is no group "${name}"; make it with host.setCpuGroup first.`;
    throw new WasmvisorError("cpu", sentence, { name });
  }
}

/** What others than `besides` have reserved. */
function reservedBy(members: readonly Entity[], besides: Entity | undefined): number {
  return members.reduce((sum, member) => sum + (member === besides ? 0 : member.settings.reservation), 0);
}

/** @throws WasmvisorError `cpu` */
function expectRoom(parent: Entity, besides: Entity | undefined, reservation: number): void {
  const left = parent.settings.reservation - reservedBy(parent.members, besides);
  if (reservation <= left + TOLERANCE) return;
  const sentence = `${Math.max(0, left).toFixed(2)} of the thread is left to be reserved, less than ${reservation}; reserve less.`;
  throw new WasmvisorError("cpu", sentence, { reservation, left });
}
