/** `wasmvisor top`: its table, and what it makes of strange answers. */

import { describe, expect, test } from "vitest";
import { parseControl } from "../../src/cli/control/options.ts";
import { accountingOf, topJson, topText } from "../../src/cli/control/top.ts";
import type { VmAccounting } from "../../src/index.ts";

const account = (milliseconds: number, busy: number, instructions: number): VmAccounting => ({
  number: 1,
  state: "running",
  milliseconds,
  settings: { shares: 100, reservation: 0, cap: 1, group: null },
  cpu: {
    milliseconds: busy,
    waitedMilliseconds: busy / 2,
    tasks: 1,
    wakeUps: 0,
    wakeUpLatency: [],
  },
  instructions,
  memory: { ramBytes: 256 * 2 ** 20, touchedBytes: 1.5 * 2 ** 20, sharedBytes: 4096, pagedBytes: 0 },
  io: {
    diskRequests: 1,
    diskBytesRead: 0,
    diskBytesWritten: 0,
    networkFramesReceived: 0,
    networkFramesSent: 0,
    networkBytesReceived: 0,
    networkBytesSent: 0,
  },
});

describe("the table", () => {
  test("says what was used since the VM was made, and then since the last look", () => {
    const [first, second] = [account(2000, 500, 4_000_000), account(3000, 1500, 14_000_000)];
    expect(topText([{ control: "a.sock", accounting: first }])).toBe(
      "VM      STATE    CPU%  WAIT%  MIPS  MEMORY  SHARED  PAGED    OF  DISK/s  NET/s\n" +
        "a.sock  running  25.0   12.5   2.0    1.5M    4.0K      0  256M       0      0\n",
    );
    const later = topText([{ control: "a.sock", accounting: second }], [{ control: "a.sock", accounting: first }]);
    expect(later.split("\n")[1]).toMatch(/^a\.sock {2}running {2}100\.0 {3}50\.0 {2}10\.0 /);
  });

  test("takes a VM that has another's socket for a new one", () => {
    const [first, second] = [account(9000, 500, 4_000_000), account(1000, 500, 1_000_000)];
    const text = topText([{ control: "a", accounting: second }], [{ control: "a", accounting: first }]);
    expect(text.split("\n")[1]).toMatch(/50\.0 {3}25\.0 {3}1\.0/);
  });

  test("names who does not answer, and passes no control characters on", () => {
    const rows = [{ control: "\x1b[2J.sock", accounting: undefined }];
    expect(topText(rows).split("\n")[1]).toMatch(/^\?\[2J\.sock {2}unreachable/);
    expect(JSON.parse(topJson(rows))).toEqual([{ control: "\x1b[2J.sock", state: "unreachable" }]);
  });
});

test.each([
  undefined,
  null,
  3,
  [],
  {},
  { ...account(1, 1, 1), cpu: null },
  { ...account(1, 1, 1), memory: { ramBytes: "x" } },
])("%j is no account", (value) => expect(accountingOf(value)).toBeUndefined());

test("what goes over the socket is one", () => {
  expect(accountingOf(JSON.parse(JSON.stringify(account(1, 1, 1))))).toEqual(account(1, 1, 1));
});

describe("options", () => {
  test("several sockets, or the usual one", () => {
    expect(parseControl("top", ["--control", "a", "--control", "b", "--once", "--json"], undefined)).toEqual({
      kind: "top",
      controls: ["a", "b"],
      once: true,
      json: true,
      delay: 2000,
    });
    expect(parseControl("top", ["--delay", "0.5"], "usual")).toMatchObject({ controls: ["usual"], delay: 500 });
  });

  test.each([[["x"]], [["--delay", "x"]]])("%j is refused", (args) => {
    expect(() => parseControl("top", args, "usual")).toThrow(expect.objectContaining({ code: "usage" }));
  });

  test("without a socket, the machines of the project", () => {
    expect(parseControl("top", ["--once"], undefined)).toMatchObject({ controls: [] });
    expect(parseControl("top", ["--project", "x"], "usual")).toMatchObject({ controls: [], project: "x" });
  });
});
