/** Typed events. */

/** Takes a listener off again. */
export type Unsubscribe = () => void;

/**
 * Listeners by event name, with the type of what each receives. A listener that throws does not keep the others from
 * being called; its error is reported as an uncaught one.
 */
export class Emitter<Events extends object> {
  readonly #listeners = new Map<keyof Events, Set<(detail: never) => void>>();

  /** Calls `listener` at every `type` event, until the returned function is called. */
  on<Type extends keyof Events>(type: Type, listener: (detail: Events[Type]) => void): Unsubscribe {
    let listeners = this.#listeners.get(type);
    if (listeners === undefined) this.#listeners.set(type, (listeners = new Set()));
    listeners.add(listener);
    return () => this.off(type, listener);
  }

  /** Takes a listener off. */
  off<Type extends keyof Events>(type: Type, listener: (detail: Events[Type]) => void): void {
    this.#listeners.get(type)?.delete(listener);
  }

  /** The next `type` event. */
  once<Type extends keyof Events>(type: Type): Promise<Events[Type]> {
    return new Promise((resolve) => {
      const unsubscribe = this.on(type, (detail) => {
        unsubscribe();
        resolve(detail);
      });
    });
  }

  /** Calls the listeners. For the owner. */
  protected emit<Type extends keyof Events>(type: Type, detail: Events[Type]): void {
    for (const listener of [...(this.#listeners.get(type) ?? [])]) {
      try {
        (listener as (detail: Events[Type]) => void)(detail);
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
