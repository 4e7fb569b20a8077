import { describe, expect, test } from "vitest";
import { KeyFilter } from "../../src/cli/keys.ts";

/** Feeds chunks of typed text; shows bytes as text and commands in brackets. */
function typed(...chunks: string[]): string {
  const filter = new KeyFilter();
  return chunks
    .flatMap((chunk) => filter.feed(Buffer.from(chunk, "latin1")))
    .map((event) => (event.kind === "bytes" ? Buffer.from(event.bytes).toString("latin1") : `[${event.command}]`))
    .join("");
}

describe("keys", () => {
  test("go to the guest, control characters too", () => {
    expect(typed("ls\r\x03\x04\x1b[A")).toBe("ls\r\x03\x04\x1b[A");
  });

  test("after Ctrl-A are commands", () => {
    expect(typed("\x01x")).toBe("[quit]");
    expect(typed("a\x01cb")).toBe("a[monitor]b");
    expect(typed("\x01h\x01?")).toBe("[help][help]");
    expect(typed("\x01C")).toBe("[monitor]");
  });

  test("Ctrl-A twice is one for the guest", () => {
    expect(typed("\x01\x01x")).toBe("\x01x");
  });

  test("Ctrl-A and a key without a meaning are both dropped", () => {
    expect(typed("a\x01zb")).toBe("ab");
  });

  test("Ctrl-A may end one chunk and its key begin the next", () => {
    expect(typed("a\x01", "x")).toBe("a[quit]");
  });

  test("bytes that are no text pass as they are", () => {
    expect(typed("\xff\x80\x00")).toBe("\xff\x80\x00");
  });
});
