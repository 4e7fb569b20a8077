/** The worker's side: a host that does what messages say. */

import { WasmvisorError } from "../error.ts";
import type { Port } from "../host/thread.ts";
import { Host } from "../vmm/host.ts";
import type { VmPort } from "../vmm/ports.ts";
import type { Vm } from "../vmm/vm.ts";
import { decodeConfig, decodeRestore, encodeError } from "./codec.ts";
import type { Access, Address, CreatedVm, EventName, FromWorker, ToWorker } from "./messages.ts";

/** Every event that is passed on. */
const EVENTS = Object.keys({
  state: true,
  exit: true,
  reset: true,
  restored: true,
  "trap-storm": true,
  "device-error": true,
  "drive-error": true,
  "flash-error": true,
  "network-error": true,
  port: true,
} satisfies Record<EventName, true>) as EventName[];

/** Parts to which bytes are written that the guest reads in time. */
const TYPED = ["console", "port", "agent"] as const;

/** A VM and how much it has printed. */
interface Served {
  readonly vm: Vm;
  printed: number;
}

/** An answer, and what of it is moved. */
interface Answer {
  readonly value: unknown;
  readonly transfer?: readonly object[];
  readonly printed?: number;
}

/** Serves a host over `port` until the worker is terminated. */
export function serve(port: Port): void {
  const server = new Server(port);
  port.onMessage((message) => void server.receive(message));
}

/** A request that has an answer. */
type Asked = Exclude<ToWorker, { type: "abort" }>;

function malformed(): WasmvisorError {
  return new WasmvisorError(
    "worker-message",
    "The worker does not understand this message; use the host that it serves.",
  );
}

class Server {
  readonly #port: Port;
  readonly #vms = new Map<number, Served>();
  readonly #controllers = new Map<number, AbortController>();
  #host: Host | undefined;
  #lastVm = 0;

  constructor(port: Port) {
    this.#port = port;
  }

  /** Whatever comes, the VMs go on: what is no request has no answer, and a request that makes no sense fails. */
  async receive(message: unknown): Promise<void> {
    if (typeof message !== "object" || message === null) return;
    const { id, type } = message as Partial<ToWorker>;
    if (typeof id !== "number") return;
    if (type === "abort") return this.#controllers.get(id)?.abort();
    try {
      const { value, transfer = [], printed = 0 } = await this.#answer(message as Asked);
      this.#send({ type: "done", id, value, printed }, transfer);
    } catch (error) {
      this.#send({ type: "failed", id, error: encodeError(error) });
    } finally {
      this.#controllers.delete(id);
    }
  }

  async #answer(message: Asked): Promise<Answer> {
    switch (message.type) {
      case "open": {
        if (this.#host !== undefined) throw malformed();
        this.#host = await Host.create({ wasm: message.module, ...message.options });
        return { value: undefined };
      }
      case "create":
        return this.#create(message);
      case "restore":
        return this.#restore(message);
      case "receive":
        return this.#receive(message);
      case "migrate": {
        const { id, vm, streams, options } = message;
        const statistics = await this.#served(vm).vm.migrateTo(streams, {
          ...options,
          signal: this.#signal(id),
          onProgress: (progress) => this.#send({ type: "progress", id, progress }),
        });
        return { value: statistics };
      }
      case "clone": {
        const clones = await this.#served(message.vm).vm.clone(message.count, message.options);
        const answers = clones.map((vm) => this.#keep(vm));
        return { value: answers.map(({ value }) => value), transfer: answers.flatMap(({ transfer = [] }) => transfer) };
      }
      case "reset":
        await this.#served(message.vm).vm.reset({ signal: this.#signal(message.id) });
        return { value: undefined };
      case "close":
        await this.#host?.[Symbol.asyncDispose]();
        return { value: undefined };
      case "access":
        return this.#access(message);
      default:
        throw malformed();
    }
  }

  async #create({ id, config }: Extract<ToWorker, { type: "create" }>): Promise<Answer> {
    if (this.#host === undefined) throw malformed();
    const vm = await this.#host.createVm({
      ...decodeConfig(config),
      signal: this.#signal(id),
      onProgress: (progress) => this.#send({ type: "progress", id, progress }),
    });
    return this.#keep(vm);
  }

  async #restore({ id, wire }: Extract<ToWorker, { type: "restore" }>): Promise<Answer> {
    if (this.#host === undefined) throw malformed();
    const [source, options] = decodeRestore(wire);
    return this.#keep(await this.#host.restore(source, { ...options, signal: this.#signal(id) }));
  }

  async #receive({ id, wire, writable }: Extract<ToWorker, { type: "receive" }>): Promise<Answer> {
    if (this.#host === undefined) throw malformed();
    const [readable, { parents: _parents, ...options }] = decodeRestore(wire);
    const streams = { readable: readable as ReadableStream<Uint8Array>, writable };
    return this.#keep(await this.#host.receive(streams, { ...options, signal: this.#signal(id) }));
  }

  #keep(vm: Vm): Answer {
    const number = ++this.#lastVm;
    const served = { vm, printed: 0 };
    this.#vms.set(number, served);
    vm.on("output", ({ length }) => (served.printed += length));
    for (const name of EVENTS) vm.on(name, (detail) => this.#event(number, served, name, detail));
    const { output } = vm.console;
    const sent = (port: VmPort) => ({ name: port.name, output: port.output });
    const ports = vm.ports.map(sent);
    const agent = vm.agentPort === undefined ? undefined : sent(vm.agentPort);
    const { start, size } = vm.memory;
    const drives = vm.drives.map(({ slot }) => slot);
    const memory = { start, size };
    const networks = vm.networks.map(({ slot, mac, mtu }) => ({ slot, mac, mtu }));
    const { state } = vm;
    const created: CreatedVm = {
      vm: number,
      state,
      harts: vm.harts.length,
      memory,
      drives,
      networks,
      output,
      ports,
      agent,
      late: vm.lazyRestore === undefined ? vm.postCopy && "postCopy" : "lazyRestore",
      watchdog: vm.watchedElsewhere(),
    };
    const streams = [output, ...ports.map((port) => port.output), ...(agent === undefined ? [] : [agent.output])];
    return { value: created, transfer: streams };
  }

  #event(number: number, { vm, printed }: Served, name: EventName, detail: unknown): void {
    this.#send({
      type: "event",
      vm: number,
      name,
      detail: inWords(detail),
      printed,
    });
    if (vm.state === "destroyed") this.#vms.delete(number);
  }

  async #access(message: Address & Access): Promise<Answer> {
    const target = this.#target(message) as Record<string, unknown>;
    const { op, member, args } = message;
    const list: unknown = args;
    if (typeof member !== "string" || !(member in target) || !Array.isArray(list)) throw malformed();
    if (member === "write" && (TYPED as readonly string[]).includes(message.part)) this.#expectHere(message.vm);
    const printed = () => this.#vms.get(message.vm)?.printed ?? 0;
    if (op === "set") {
      target[member] = args[0];
      return { value: undefined, printed: printed() };
    }
    const found = target[member];
    if (op !== "get" && typeof found !== "function") throw malformed();
    const value =
      op === "get" ? await found : await (found as (...args: unknown[]) => unknown).apply(target, [...args]);
    const moved = value instanceof Uint8Array ? [value.buffer] : value instanceof ReadableStream ? [value] : [];
    return { value, transfer: moved, printed: printed() };
  }

  /** What is written after its state was saved for another host would be lost. @throws WasmvisorError `vm-state` */
  #expectHere(number: number): void {
    if (!this.#served(number).vm.isAway) return;
    const sentence =
      "Nothing can be written to a VM that may run at the destination of its migration; write to it there.";
    throw new WasmvisorError("vm-state", sentence, { isAway: true });
  }

  #target({ vm, part, index }: Address): object {
    if (part === "host" && this.#host !== undefined) return this.#host;
    const served = this.#served(vm).vm;
    switch (part) {
      case "vm":
        return served;
      case "hart":
        return served.hart(index);
      case "port": {
        const port = served.ports[index];
        if (port === undefined) throw malformed();
        return port;
      }
      case "agent":
        if (served.agentPort === undefined) throw malformed();
        return served.agentPort;
      case "drive": {
        const drive = served.drives[index];
        if (drive === undefined) throw malformed();
        return drive;
      }
      case "network": {
        const network = served.networks[index];
        if (network === undefined) throw malformed();
        return network;
      }
      case "lazyRestore":
      case "postCopy": {
        const late = served[part];
        if (late === undefined) throw malformed();
        return late;
      }
      case "balloon":
      case "console":
      case "memory":
        return served[part];
      default:
        throw malformed();
    }
  }

  #served(vm: number): Served {
    const served = this.#vms.get(vm);
    if (served !== undefined) return served;
    throw new WasmvisorError("vm-state", "You cannot use a VM that is destroyed.", { state: "destroyed" });
  }

  #signal(id: number): AbortSignal {
    const controller = new AbortController();
    this.#controllers.set(id, controller);
    return controller.signal;
  }

  #send(message: FromWorker, transfer: readonly object[] = []): void {
    this.#port.post(message, transfer);
  }
}

/** An error in it travels in words. */
function inWords(detail: unknown): unknown {
  const { error } = detail as { readonly error?: unknown };
  return error === undefined ? detail : { ...(detail as object), error: encodeError(error) };
}
