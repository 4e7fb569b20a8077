/** Calls that run in clones, with clones that are made of nothing. */

import { describe, expect, test } from "vitest";
import {
  type ExecOptions,
  type ExecResult,
  functionVm,
  type FunctionVmOptions,
  WasmvisorError,
} from "../../src/index.ts";
import type { Template } from "../../src/index.ts";
import { code } from "../support/expected.ts";

const tick = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** A clone whose commands end when the test says so; what it has been told is lost by a reset. */
class Clone {
  memory: string[] = [];
  isStarted = false;
  isClosed = false;
  readonly #lost: ((error: Error) => void)[] = [];

  constructor(readonly lab: Lab) {}

  start(): void {
    this.isStarted = true;
  }

  exec(command: string | readonly string[], { signal }: ExecOptions = {}): Promise<ExecResult> {
    if (!this.isStarted || this.isClosed) return Promise.reject(new WasmvisorError("agent-lost", "It is not there."));
    this.memory.push(String(command));
    return new Promise((resolve, reject) => {
      this.#lost.push(reject);
      signal?.addEventListener("abort", () => reject(signal.reason as Error));
      const stdout = this.memory.join(",");
      this.lab.commands.push({
        end: () => resolve({ code: 0, signal: undefined, timedOut: false, stdout, stderr: "" }),
        fail: (code) => reject(new WasmvisorError(code, "It failed.")),
      });
    });
  }

  close(): Promise<void> {
    this.isClosed = true;
    for (const lost of this.#lost) lost(new WasmvisorError("agent-lost", "It was destroyed."));
    return Promise.resolve();
  }
}

class Lab {
  readonly commands: { end(): void; fail(code: "agent-lost" | "guest-program"): void }[] = [];
  readonly clones: Clone[] = [];
  resetFails = false;
  cloneFails = false;

  readonly template = {
    clone: async () => {
      await tick();
      if (this.cloneFails) throw new WasmvisorError("host-memory", "There is no memory.");
      const clone = new Clone(this);
      this.clones.push(clone);
      return clone;
    },
    reset: async (clone: Clone) => {
      await tick();
      if (this.resetFails) throw new WasmvisorError("vm-state", "It cannot be reset.");
      clone.memory = [];
    },
  } as unknown as Template<Clone>;

  get alive(): number {
    return this.clones.filter(({ isClosed }) => !isClosed).length;
  }

  make(options?: FunctionVmOptions) {
    return functionVm(this.template, options);
  }

  /** Ends the commands that run, until none does. */
  async drain(): Promise<void> {
    for (let quiet = 0; quiet < 5; quiet++) {
      await tick();
      for (const { end } of this.commands.splice(0)) {
        end();
        quiet = 0;
      }
    }
  }
}

describe("a function of a template", () => {
  test("answers each call from a clone that knows nothing of the others, and makes few clones", async () => {
    const lab = new Lab();
    const f = await lab.make({ idle: 2, concurrency: 4 });
    expect(f.statistics).toMatchObject({ idle: 2, made: 2 });
    const answers = Promise.all(Array.from({ length: 20 }, (_, index) => f.call(`call ${index}`)));
    await tick();
    expect(f.statistics).toMatchObject({ running: 4, waiting: 16 });
    await lab.drain();
    expect((await answers).map(({ stdout }) => stdout)).toEqual(Array.from({ length: 20 }, (_, i) => `call ${i}`));
    expect(f.statistics).toMatchObject({ calls: 20, running: 0, waiting: 0, idle: 2, made: 4 });
    expect(lab.alive).toBe(2);
    await f.close();
    expect(lab.alive).toBe(0);
  });

  test("has a clone for as long as it is used, which is the template again afterwards", async () => {
    const lab = new Lab();
    const f = await lab.make({ idle: 1 });
    const used = f.use(async (clone) => {
      const first = await clone.exec("a");
      return [first.stdout, (await clone.exec("b")).stdout];
    });
    await lab.drain();
    expect(await used).toEqual(["a", "a,b"]);
    const after = f.call("c");
    await lab.drain();
    expect((await after).stdout).toBe("c");
    expect(f.statistics).toMatchObject({ made: 1, calls: 2 });
    // What is thrown at once ends the use, too.
    const thrown = new Error("mine");
    await expect(
      f.use(() => {
        throw thrown;
      }),
    ).rejects.toBe(thrown);
    await expect(f.use(() => new Promise(() => undefined), { timeout: 5 })).rejects.toThrow(code("function-vm"));
    await tick();
    expect(f.statistics).toMatchObject({ running: 0 });
  });

  test("never runs more at once than it may, and refuses more than may wait", async () => {
    const lab = new Lab();
    const f = await lab.make({ idle: 0, concurrency: 1, waiting: 1 });
    const [first, second] = [f.call("a"), f.call("b")];
    await expect(f.call("c")).rejects.toThrow(code("function-vm"));
    await lab.drain();
    expect([(await first).stdout, (await second).stdout]).toEqual(["a", "b"]);
    expect(lab.alive).toBe(0);
  });

  test("destroys a clone that takes too long, and the next call has another one", async () => {
    const lab = new Lab();
    const f = await lab.make({ idle: 1, concurrency: 1 });
    const late = expect(f.call("slow", { timeout: 5 })).rejects.toThrow(code("function-vm"));
    const next = f.call("next");
    await late;
    await tick();
    lab.commands.shift();
    await lab.drain();
    expect((await next).stdout).toBe("next");
    expect(lab.clones[0]!.isClosed).toBe(true);
    expect(f.statistics).toMatchObject({ made: 2, idle: 1 });
  });

  test("keeps a clone whose command could not be started, and destroys one whose guest has ended or cannot be reset", async () => {
    const lab = new Lab();
    const f = await lab.make();
    const fail = async (why: "agent-lost" | "guest-program"): Promise<void> => {
      const call = expect(f.call("x")).rejects.toThrow(code(why));
      await tick();
      lab.commands.shift()!.fail(why);
      await call;
      await lab.drain();
    };
    await fail("guest-program");
    expect(f.statistics).toMatchObject({ made: 1, idle: 1, resets: 1 });
    await fail("agent-lost");
    expect(f.statistics).toMatchObject({ made: 2, idle: 1 });
    lab.resetFails = true;
    const answer = f.call("y");
    await lab.drain();
    expect((await answer).stdout).toBe("y");
    await lab.drain();
    expect(f.statistics).toMatchObject({ made: 3, idle: 1 });
    expect(lab.alive).toBe(1);
  });

  test("gives a call up by its signal, running or waiting", async () => {
    const lab = new Lab();
    const f = await lab.make({ idle: 0, concurrency: 1 });
    const [one, two] = [new AbortController(), new AbortController()];
    const running = expect(f.call("a", { signal: one.signal })).rejects.toThrow("enough");
    const waiting = expect(f.call("b", { signal: two.signal })).rejects.toThrow("no more");
    await tick();
    await tick();
    two.abort(new Error("no more"));
    await waiting;
    one.abort(new Error("enough"));
    await running;
    await expect(f.call("c", { signal: one.signal })).rejects.toThrow("enough");
    await lab.drain();
    expect(f.statistics).toMatchObject({ running: 0, waiting: 0 });
    expect(lab.alive).toBe(0);
  });

  test("rejects what runs and what waits when it is closed, and every call afterwards", async () => {
    const lab = new Lab();
    const f = await lab.make({ concurrency: 1 });
    const calls = [f.call("a"), f.call("b")].map((call) =>
      call.catch((error: unknown) => (error as WasmvisorError).code),
    );
    await tick();
    await f.close();
    expect(await Promise.all(calls)).toEqual(["agent-lost", "function-vm"]);
    await expect(f.call("c")).rejects.toThrow(code("function-vm"));
    expect(lab.alive).toBe(0);
  });

  test("says what is wrong with its options, or with its template", async () => {
    const lab = new Lab();
    for (const options of [{ idle: -1 }, { concurrency: 0 }, { waiting: 0.5 }, { timeout: 0 }, { fast: 1 } as object])
      await expect(lab.make(options)).rejects.toThrow(code("option"));
    const f = await lab.make({ idle: 0 });
    await expect(f.call("a", { timeout: Number.NaN })).rejects.toThrow(code("option"));
    lab.cloneFails = true;
    await expect(f.call("a")).rejects.toThrow(code("host-memory"));
    await expect(lab.make()).rejects.toThrow(code("host-memory"));
    expect(f.statistics).toMatchObject({ running: 0, waiting: 0 });
  });
});
