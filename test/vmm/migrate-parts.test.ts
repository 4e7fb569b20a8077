/** What migrations are made of: their pace, when they stop, and what their sides say first. */

import { describe, expect, test } from "vitest";
import { decodeNote, encodeNote, LINE_VERSION, refusal } from "../../src/migration/format.ts";
import { Pace } from "../../src/migration/pace.ts";
import { decodeLinePrologue, encodeLinePrologue } from "../../src/migration/prologue.ts";
import { Convergence } from "../../src/vmm/migrate/convergence.ts";
import { code } from "../support/expected.ts";

describe("a pace", () => {
  test("lets so many bytes through in a second, and makes up for no pause", () => {
    const pace = new Pace(1000);
    expect([pace.wait(100, 0), pace.wait(100, 0), pace.wait(100, 50)]).toEqual([0, 100, 150]);
    expect(pace.wait(100, 10_000)).toBe(0);
    expect(pace.wait(100, 10_000)).toBe(100);
    expect(new Pace(Infinity).wait(1e9, 0)).toBe(0);
  });
});

describe("a migration stops the VM", () => {
  const usual = { downtime: 100, rounds: 10, throttle: true };

  test("when the rest takes no longer than it may stand still", () => {
    const convergence = new Convergence(usual);
    expect(convergence.next({ pages: 1000, milliseconds: 1000 }, 500)).toBe("again");
    expect(convergence.next({ pages: 500, milliseconds: 500 }, 101)).toBe("again");
    expect(convergence.next({ pages: 101, milliseconds: 101 }, 100)).toBe("stop");
  });

  test("when the rounds are used up, whatever is left", () => {
    const convergence = new Convergence({ ...usual, rounds: 2 });
    expect(convergence.next({ pages: 10, milliseconds: 1000 }, 10)).toBe("again");
    expect(convergence.next({ pages: 10, milliseconds: 1000 }, 10)).toBe("stop");
  });

  test("at once when nothing is left, and slows it down first when rounds get no smaller", () => {
    expect(new Convergence({ ...usual, downtime: 0 }).next({ pages: 10, milliseconds: 1000 }, 0)).toBe("stop");
    for (const throttle of [true, false]) {
      const convergence = new Convergence({ ...usual, throttle });
      expect(convergence.next({ pages: 1000, milliseconds: 1000 }, 1000)).toBe("again");
      expect(convergence.next({ pages: 1000, milliseconds: 1000 }, 900)).toBe(throttle ? "slower" : "again");
    }
  });
});

describe("what the sides of a migration say", () => {
  test("begins with who they are, and is refused when it is changed, or of another version", () => {
    const id = crypto.getRandomValues(new Uint8Array(16));
    const bytes = encodeLinePrologue({ isEncrypted: true, id });
    expect(decodeLinePrologue(bytes)).toEqual({ isEncrypted: true, id });
    for (let at = 0; at < bytes.length; at++) {
      const changed = bytes.slice();
      changed[at]! ^= 1;
      expect(() => decodeLinePrologue(changed)).toThrow(
        code(at === 8 || at === 9 ? "migration-version" : "migration-damaged"),
      );
      expect(() => decodeLinePrologue(bytes.subarray(0, at))).toThrow(code("migration-lost"));
    }
    expect(new DataView(bytes.buffer).getUint16(8, true)).toBe(LINE_VERSION);
  });

  test("is known words, and a refusal is shown as a sentence whatever it holds", () => {
    expect(decodeNote(encodeNote({ is: "go" }))).toEqual({ is: "go" });
    for (const text of ["", "{}", '{"is":"gone"}', '{"is":"go","x":1}', "[]", "null", '{"is":"sent","round":0}'])
      expect(() => decodeNote(new TextEncoder().encode(text)), text).toThrow(code("migration-damaged"));
    expect(refusal({ is: "no", why: "\x1b[2JNo.\n", code: "x<y" }).message).toBe(
      "The other side of the migration refuses it: ?[2JNo.?",
    );
    expect(refusal({ is: "no" }).message).toMatch(/does not say why\.$/);
  });
});
