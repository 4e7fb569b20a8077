import { describe, expect, test } from "vitest";
import { Emitter } from "../../src/vmm/events.ts";

interface Events {
  tick: { readonly count: number };
  end: { readonly why: string };
}

class Source extends Emitter<Events> {
  constructor() {
    super(new Set(["tick", "end"]));
  }

  tick(count: number): void {
    this.emit("tick", { count });
  }
}

describe("an emitter", () => {
  test("calls each listener once, in order, until it is taken off", () => {
    const source = new Source();
    const seen: string[] = [];
    const first = ({ count }: Events["tick"]) => seen.push(`first ${count}`);
    source.on("tick", first);
    source.on("tick", first);
    const off = source.on("tick", ({ count }) => seen.push(`second ${count}`));
    source.tick(1);
    off();
    source.tick(2);
    source.off("tick", first);
    source.tick(3);
    expect(seen).toEqual(["first 1", "second 1", "first 2"]);
  });

  test("is an EventTarget: listeners get the detail, once and signal work", () => {
    const source = new Source();
    const seen: string[] = [];
    const controller = new AbortController();
    source.addEventListener("tick", (event) => seen.push(`${event.type} ${event.detail.count}`), { once: true });
    source.addEventListener(
      "tick",
      { handleEvent: ({ target }) => seen.push(String(target === source)) },
      { signal: controller.signal },
    );
    source.tick(1);
    controller.abort();
    source.tick(2);
    expect(source).toBeInstanceOf(EventTarget);
    expect(seen).toEqual(["tick 1", "true"]);
  });

  test("refuses an event that never comes", async () => {
    const source = new Source();
    const misspelt = "tock" as "tick";
    const sentence = 'There is no event "tock"; there are tick, end.';
    expect(() => source.on(misspelt, () => undefined)).toThrow(sentence);
    expect(() => source.addEventListener(misspelt, () => undefined)).toThrow(sentence);
    // @ts-expect-error -- and the types know it.
    expect(() => source.on("tock", () => undefined)).toThrow(sentence);
    await expect(source.once(misspelt)).rejects.toThrow(sentence);
  });

  test("waits for the next event, or until a signal ends the waiting", async () => {
    const source = new Source();
    const next = source.once("tick");
    source.tick(7);
    expect(await next).toEqual({ count: 7 });
    const controller = new AbortController();
    const aborted = source.once("tick", { signal: controller.signal });
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(aborted).rejects.toBe(reason);
    await expect(source.once("end", { signal: controller.signal })).rejects.toBe(reason);
  });
});
