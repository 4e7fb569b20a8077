import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HartState } from "../../src/machine/sbi.ts";
import { RAM, MIB } from "./fakes.ts";
import { fakeSbi } from "./sbi-host.ts";

const [BASE, TIME, IPI, RFENCE, SRST, DBCN] = [0x10, 0x5449_4d45, 0x73_5049, 0x5246_4e43, 0x5352_5354, 0x4442_434e];
const [OK, NOT_SUPPORTED, INVALID_PARAM] = [0n, -2n, -3n];
const ALL = -1;

test("unknown extensions and functions are not supported", () => {
  const { call } = fakeSbi();
  const calls = [
    call(0x504d_55, 0),
    call(0xffff_ffff_ffff_ffffn, 0),
    ...[BASE, TIME, IPI, RFENCE, SRST, DBCN, 0x48_534d].map((eid) => call(eid, 77)),
  ];
  expect(calls).toEqual(calls.map(() => [NOT_SUPPORTED, 0n]));
});

describe("Base Extension", () => {
  test("reports specification 2.0, an implementation and the machine's ids", () => {
    const { call } = fakeSbi();
    expect([0, 1, 2, 4, 5, 6].map((fid) => call(BASE, fid)[1])).toEqual([
      0x200_0000n,
      0x7761_736dn,
      0x1_0000n,
      1n,
      2n,
      3n,
    ]);
  });

  test("probes what is there and what is not", () => {
    const { call } = fakeSbi();
    const probe = (eid: number | bigint) => call(BASE, 3, eid);
    for (const eid of [BASE, TIME, IPI, RFENCE, 0x48_534d, SRST, DBCN, 0, 1, 2, 3, 4, 5, 6, 7, 8])
      expect(probe(eid)).toEqual([OK, 1n]);
    for (const eid of [9, 15, 0x504d_55, -1]) expect(probe(eid)).toEqual([OK, 0n]);
  });
});

test("Timer Extension: set_timer passes the deadline on", () => {
  const { callFrom, log } = fakeSbi();
  expect(callFrom(2, TIME, 0, -1)).toEqual([OK, 0n]);
  expect(log).toEqual(["timer 2 18446744073709551615"]);
});

describe("hart masks", () => {
  test("name harts from the base on", () => {
    const { call, states, log } = fakeSbi();
    states.fill(HartState.STARTED);
    expect(call(IPI, 0, 0b101, 1)).toEqual([OK, 0n]);
    expect(log).toEqual(["ssip 1 true", "ssip 3 true"]);
  });

  test("with a base of all ones name every started hart", () => {
    const { call, states, log } = fakeSbi();
    states[2] = HartState.SUSPENDED;
    expect(call(IPI, 0, 0, ALL)).toEqual([OK, 0n]);
    expect(log).toEqual(["ssip 0 true", "ssip 2 true"]);
  });

  test.each([
    [0b1_0000, 0],
    [0b1000, 1],
    [1, 4],
    [1, 64],
    [-1, 0],
    [1n << 63n, 3],
    [1, 0x7fff_ffff_ffff_ffffn],
  ])("that name a hart that does not exist are refused: %s at %s", (mask, base) => {
    const { call, log } = fakeSbi();
    expect([call(IPI, 0, mask, base)[0], call(RFENCE, 1, mask, base)[0]]).toEqual([INVALID_PARAM, INVALID_PARAM]);
    expect(log).toEqual([]);
  });

  test("that name nobody do nothing", () => {
    const { call, log } = fakeSbi();
    expect([call(IPI, 0, 0, 0), call(IPI, 0, 0, 99), log]).toEqual([[OK, 0n], [OK, 0n], []]);
  });
});

describe("RFENCE Extension", () => {
  test("fences the harts named", () => {
    const { call, states, log } = fakeSbi();
    states.fill(HartState.STARTED);
    expect([call(RFENCE, 0, 1, 1)[0], call(RFENCE, 1, 1, 2, 0, -1)[0], call(RFENCE, 2, 1, 3, 0, 4096, 5)[0]]).toEqual([
      OK,
      OK,
      OK,
    ]);
    expect(log).toEqual(["fence.i 1", "sfence.vma 2", "sfence.vma 3"]);
  });

  test("hypervisor fences are not supported", () => {
    const { call } = fakeSbi();
    expect([3, 4, 5, 6].map((fid) => call(RFENCE, fid, 0, ALL)[0])).toEqual(new Array(4).fill(NOT_SUPPORTED));
  });
});

describe("System Reset Extension", () => {
  test("shuts down, with a code for failures, and resets", () => {
    const { call, log } = fakeSbi();
    call(SRST, 0, 0, 0);
    call(SRST, 0, 0, 1);
    call(SRST, 0, 1, 0);
    call(SRST, 0, 2, 0);
    expect(log).toEqual([
      'power {"kind":"poweroff","code":0}',
      'power {"kind":"poweroff","code":1}',
      'power {"kind":"reset"}',
      'power {"kind":"reset"}',
    ]);
  });

  test("refuses reserved types and reasons", () => {
    const { call, log } = fakeSbi();
    expect([call(SRST, 0, 3, 0)[0], call(SRST, 0, 0, 2)[0], call(SRST, 0, 0xf000_0000, 0)[0], log]).toEqual([
      INVALID_PARAM,
      INVALID_PARAM,
      INVALID_PARAM,
      [],
    ]);
  });
});

describe("Debug Console Extension", () => {
  test("writes from memory", () => {
    const { call, host, output } = fakeSbi();
    host.memory.write(RAM + 10, new TextEncoder().encode("hello"));
    expect(call(DBCN, 0, 5, RAM + 10, 0)).toEqual([OK, 5n]);
    expect(String.fromCharCode(...output)).toBe("hello");
  });

  test("reads what has been typed, up to the room there is", () => {
    const { call, host, input } = fakeSbi();
    input.push(65, 66, 67);
    expect([call(DBCN, 1, 2, RAM, 0), call(DBCN, 1, 9, RAM + 2, 0), call(DBCN, 1, 9, RAM, 0)]).toEqual([
      [OK, 2n],
      [OK, 1n],
      [OK, 0n],
    ]);
    expect(host.memory.load32(RAM)).toBe(0x0043_4241);
  });

  test("writes a byte", () => {
    const { call, output } = fakeSbi();
    expect(call(DBCN, 2, 0x1_41)).toEqual([OK, 0n]);
    expect(output).toEqual([0x41]);
  });

  test("moves a bounded number of bytes at a time", () => {
    const { call, output } = fakeSbi();
    expect(call(DBCN, 0, MIB, RAM, 0)).toEqual([OK, 65536n]);
    expect(output.length).toBe(65536);
  });

  test.each([
    [1, 0x1000, 0],
    [MIB + 1, RAM, 0],
    [1, RAM + MIB, 0],
    [1, RAM, 1],
    [-1, RAM, 0],
    [1, -1, 0],
    [1, -1, -1],
  ])("refuses memory that is not RAM: %s bytes at %s, %s", (length, low, high) => {
    const { call, output } = fakeSbi();
    expect([call(DBCN, 0, length, low, high), call(DBCN, 1, length, low, high)]).toEqual([
      [INVALID_PARAM, 0n],
      [INVALID_PARAM, 0n],
    ]);
    expect(output).toEqual([]);
  });
});

describe("Legacy Extensions", () => {
  test("leave a1 alone", () => {
    const { call, output, log } = fakeSbi();
    expect([call(1, 0, 0x41, 99), call(0, 0, 7, 99), call(3, 0, 0, 99)]).toEqual([
      [0n, 99n],
      [0n, 99n],
      [0n, 99n],
    ]);
    expect([output, log]).toEqual([[0x41], ["timer 0 7", "ssip 0 false"]]);
  });

  test("getchar gives the byte, or -1", () => {
    const { call, input } = fakeSbi();
    input.push(0x80);
    expect([call(2, 0)[0], call(2, 0)[0]]).toEqual([0x80n, -1n]);
  });

  test("shutdown powers off", () => {
    const { call, log } = fakeSbi();
    call(8, 0);
    expect(log).toEqual(['power {"kind":"poweroff","code":0}']);
  });

  const withMask: readonly [eid: number, name: string, does: (hart: number) => string][] = [
    [4, "send_ipi", (hart) => `ssip ${hart} true`],
    [5, "remote_fence_i", (hart) => `fence.i ${hart}`],
    [6, "remote_sfence_vma", (hart) => `sfence.vma ${hart}`],
    [7, "remote_sfence_vma_asid", (hart) => `sfence.vma ${hart}`],
  ];

  test.each(withMask)("%i: %s reaches the started harts of a mask in memory, and without one all", (eid, _, does) => {
    const { callFrom, host, states, log } = fakeSbi();
    states.fill(HartState.STARTED);
    states[1] = HartState.STOPPED;
    // Harts 1, 3, and some that do not exist.
    host.memory.store64(RAM + 8, 0xffff_ffff_0000_001an);
    expect([callFrom(2, eid, 0, RAM + 8, 99), log.splice(0)]).toEqual([[0n, 99n], [does(3)]]);
    expect([callFrom(2, eid, 0, 0, 99), log]).toEqual([
      [0n, 99n],
      [does(0), does(2), does(3)],
    ]);
  });

  test.each(withMask)("%i: %s answers nothing when the caller has trapped", (eid) => {
    const { call, registers, log } = fakeSbi();
    call(eid, 0, 0x1234);
    expect([registers[0]![10], log]).toEqual([0x1234n, ["fault 0 1234"]]);
  });

  test("end with 8: others are not supported, and answer as any extension does", () => {
    const { call } = fakeSbi();
    expect([9, 15].map((eid) => call(eid, 0, RAM, 99))).toEqual(new Array(2).fill([NOT_SUPPORTED, 0n]));
  });
});

test("no call throws, names a hart that does not exist, or returns an unknown error", () => {
  const word = fc.oneof(
    fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
    fc.constantFrom(0n, 1n, 2n, 0xffff_ffff_ffff_ffffn, BigInt(RAM), 0x8000_0000_0000_0000n),
  );
  const eid = fc.constantFrom(
    0n,
    1n,
    2n,
    3n,
    4n,
    5n,
    6n,
    7n,
    8n,
    ...[BASE, TIME, IPI, RFENCE, SRST, DBCN, 0x48_534d].map(BigInt),
  );
  fc.assert(
    fc.property(
      eid,
      fc.oneof(fc.bigInt({ min: 0n, max: 7n }), word),
      fc.array(word, { minLength: 6, maxLength: 6 }),
      (e, f, args) => {
        const { call, log } = fakeSbi();
        const [error] = call(e, f, ...args);
        const harts = log.filter((line) => !line.startsWith("power")).map((line) => Number(line.split(" ")[1]));
        return (
          harts.every((hart) => hart >= 0 && hart < 4) && (e < 9n || log.length > 0 || (error <= 0n && error >= -9n))
        );
      },
    ),
    { numRuns: 2000 },
  );
});
