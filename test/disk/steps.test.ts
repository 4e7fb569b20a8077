import { describe, expect, test } from "vitest";
import { Gate, settle, type Steps, wait } from "../../src/disk/steps.ts";

function* sum(values: readonly (number | Promise<number>)[]): Steps<number> {
  let total = 0;
  for (const value of values) total += yield* wait(value);
  return total;
}

describe("settle", () => {
  test("is done at once where nothing is waited for", () => {
    expect(settle(sum([1, 2, 3]))).toBe(6);
  });

  test("gives a promise from the first wait on", async () => {
    const later = settle(sum([1, Promise.resolve(2), 3, Promise.resolve(4)]));
    expect(later).toBeInstanceOf(Promise);
    expect(await later).toBe(10);
  });

  test("a failure is thrown where it was waited for", async () => {
    function* steps(): Steps<string> {
      try {
        yield* wait(Promise.reject(new Error("no")));
        return "not reached";
      } catch (error) {
        return `caught ${(error as Error).message}`;
      }
    }
    expect(await settle(steps())).toBe("caught no");
    await expect(settle(sum([Promise.reject(new Error("lost"))]))).rejects.toThrow("lost");
  });
});

describe("a gate", () => {
  test("lets one at a time through, in order", async () => {
    const gate = new Gate();
    const log: string[] = [];
    const visit = (name: string, fails = false) =>
      settle(
        gate.pass(function* (): Steps {
          log.push(`${name} in`);
          yield* wait(new Promise((resolve) => setTimeout(resolve, 1)));
          log.push(`${name} out`);
          if (fails) throw new Error(name);
        }),
      );
    const visits = ["a", "b", "c"].map((name) => visit(name, name === "b"));
    await Promise.allSettled(visits.map((done) => Promise.resolve(done)));
    expect(log).toEqual(["a in", "a out", "b in", "b out", "c in", "c out"]);
    await visit("d");
    expect(log.slice(-2)).toEqual(["d in", "d out"]);
  });

  test("is no reason to wait where nobody is inside", () => {
    const gate = new Gate();
    expect(settle(gate.pass(() => sum([1])))).toBe(1);
    expect(settle(gate.pass(() => sum([2])))).toBe(2);
  });
});
