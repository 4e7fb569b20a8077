import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PanicWatch } from "../../src/cli/panic.ts";

const bytes = (text: string) => new Uint8Array(Buffer.from(text, "latin1"));

/** What the watch says of chunks, one after the other. */
function signs(...chunks: string[]) {
  const watch = new PanicWatch();
  return chunks.map((chunk) => watch.feed(bytes(chunk))).filter((sign) => sign !== undefined);
}

const LINUX = [
  "[    0.000000] Linux version 6.12.43+deb13-riscv64\r\n",
  "[    1.234567] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)\r\n",
  "[    1.234999] CPU: 0 UID: 0 PID: 1 Comm: swapper/0 Not tainted\r\n",
  "[    1.240000] ---[ end Kernel panic - not syncing: VFS: Unable to mount root fs ]---\r\n",
];

describe("a kernel that has panicked", () => {
  test("is Linux when it says so, and dead when it has nothing more to say", () => {
    expect(signs(...LINUX)).toEqual(["panic", "dead"]);
    expect(signs(LINUX.join(""))).toEqual(["dead"]);
    expect(signs("Kernel panic - not syncing: x\n", "<0>[    2.0][    T1] Kernel panic - not syncing: y\n")).toEqual([
      "panic",
      "panic",
    ]);
  });

  test("is another when it says so, in a whole line", () => {
    expect(signs("panic: ", "kerneltrap", "\n")).toEqual(["dead"]);
    expect(signs("panic(cpu 0): x\n")).toEqual(["dead"]);
  });

  test("is found whatever the pieces in which its output comes", () => {
    const text = `${"x".repeat(300)}\n${LINUX.join("")}more\n`;
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 20, maxLength: 100 }), (lengths) => {
        let at = 0;
        const pieces = lengths.map((length) => text.slice(at, (at += length)));
        return signs(...pieces, text.slice(at)).at(-1) === "dead";
      }),
    );
  });
});

describe("no panic", () => {
  test.each([
    ["a line that speaks of one", "grep: Kernel panic - not syncing\nthe panic: it passed\n"],
    ["a program's own, on Linux", `${LINUX[0]}panic: runtime error: index out of range\n`],
    ["the beginning of a line", "panic: "],
    ["the middle of a very long line", `${"x".repeat(200)}panic: no\n`],
  ])("is %s", (_, text) => {
    expect(signs(text)).toEqual([]);
  });
});
