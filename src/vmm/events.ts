/** Typed events. */

import { WasmvisorError } from "../error.ts";

/** Takes a listener off again. */
export type Unsubscribe = () => void;

/** An event as DOM listeners get it; what it is about is in `detail`. */
export type DetailEvent<Events, Type extends keyof Events> = CustomEvent<Events[Type]> & { readonly type: Type };

/** A listener as DOM programs write it. */
export type DetailListener<Events, Type extends keyof Events> =
  | ((event: DetailEvent<Events, Type>) => void)
  | { handleEvent(event: DetailEvent<Events, Type>): void }
  | null;

/** How a DOM listener is added. */
export interface ListenOptions {
  /** Take it off after the first event. */
  readonly once?: boolean;
  /** Takes it off. */
  readonly signal?: AbortSignal;
}

type Listener<Detail> = (detail: Detail) => void;

/**
 * An `EventTarget` whose events have types, by name. `on` calls a listener with what the event is about,
 * `addEventListener` with a `CustomEvent` that has it as its `detail`. A listener that throws does not keep the others
 * from being called; its error is reported as an uncaught one.
 *
 * ```ts
 * const off = vm.on("exit", ({ code }) => console.log(code));
 * vm.addEventListener("exit", (event) => console.log(event.detail.code), { once: true });
 * const { by } = await vm.once("reset", { signal: AbortSignal.timeout(1000) });
 * ```
 */
export class Emitter<Events extends object> extends EventTarget {
  /** What stands in the target for each listener of `on`. */
  readonly #wrappers = new Map<keyof Events, Map<Listener<never>, (event: Event) => void>>();

  readonly #types: ReadonlySet<string>;

  /** @param types - the names of all events */
  constructor(types: ReadonlySet<string>) {
    super();
    this.#types = types;
  }

  /** Nobody waits for an event that never comes: a misspelt name is refused. */
  #expectType(type: string): void {
    if (this.#types.has(type)) return;
    throw new WasmvisorError("event", `There is no event "${type}"; there are ${[...this.#types].join(", ")}.`, {
      type,
    });
  }

  /**
   * Calls `listener` at every `type` event, until the returned function is called.
   * @throws WasmvisorError `event` when there is none of that name
   */
  on<Type extends keyof Events>(type: Type, listener: (detail: Events[Type]) => void): Unsubscribe {
    this.#expectType(type as string);
    const wrappers = this.#wrappers.get(type) ?? new Map<Listener<never>, (event: Event) => void>();
    this.#wrappers.set(type, wrappers);
    if (!wrappers.has(listener)) {
      const wrapper = (event: Event) => listener((event as DetailEvent<Events, Type>).detail);
      wrappers.set(listener, wrapper);
      super.addEventListener(type as string, wrapper);
    }
    return () => this.off(type, listener);
  }

  /** Takes a listener of `on` off. */
  off<Type extends keyof Events>(type: Type, listener: (detail: Events[Type]) => void): void {
    const wrappers = this.#wrappers.get(type);
    const wrapper = wrappers?.get(listener);
    if (wrapper === undefined) return;
    wrappers?.delete(listener);
    super.removeEventListener(type as string, wrapper);
  }

  /**
   * The next `type` event.
   *
   * @param options - `signal` ends the waiting: the promise is rejected with its reason
   */
  once<Type extends keyof Events>(
    type: Type,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Events[Type]> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const giveUp = () => {
        unsubscribe();
        reject(signal?.reason as Error);
      };
      const unsubscribe = this.on(type, (detail) => {
        unsubscribe();
        signal?.removeEventListener("abort", giveUp);
        resolve(detail);
      });
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }

  /**
   * As `EventTarget` has it: the listener gets a `CustomEvent`.
   * @throws WasmvisorError `event` when there is none of that name
   */
  override addEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: DetailListener<Events, Type>,
    options?: boolean | ListenOptions,
  ): void {
    this.#expectType(type);
    super.addEventListener(type, listener as (event: Event) => void, options);
  }

  /** As `EventTarget` has it. */
  override removeEventListener<Type extends keyof Events & string>(
    type: Type,
    listener: DetailListener<Events, Type>,
    options?: boolean | { readonly capture?: boolean },
  ): void {
    super.removeEventListener(type, listener as (event: Event) => void, options);
  }

  /** Calls the listeners. For the owner. */
  protected emit<Type extends keyof Events>(type: Type, detail: Events[Type]): void {
    this.dispatchEvent(new CustomEvent(type as string, { detail }));
  }
}
