import { describe, expect, test } from "vitest";
import { HartState } from "../../src/machine/sbi.ts";
import { MIB, RAM } from "./fakes.ts";
import { fakeSbi } from "./sbi-host.ts";

const HSM = 0x48_534d;
const [OK, NOT_SUPPORTED, INVALID_PARAM, INVALID_ADDRESS, ALREADY_AVAILABLE] = [0n, -2n, -3n, -5n, -6n];

describe("hart_start", () => {
  test("starts a stopped hart", () => {
    const { call, log } = fakeSbi();
    expect(call(HSM, 0, 3, RAM + 4, 77)).toEqual([OK, 0n]);
    expect(log).toEqual(["start 3 80000004 77"]);
  });

  test("refuses a hart that runs or does not exist", () => {
    const { call, states } = fakeSbi();
    states[1] = HartState.SUSPENDED;
    expect([0, 1, 4, -1].map((hart) => call(HSM, 0, hart, RAM, 0)[0])).toEqual([
      ALREADY_AVAILABLE,
      ALREADY_AVAILABLE,
      INVALID_PARAM,
      INVALID_PARAM,
    ]);
  });

  test.each([0, 0x1000, RAM + MIB, RAM + 1, -2])("refuses an address that is no code: %d", (pa) => {
    const { call, log } = fakeSbi();
    expect([call(HSM, 0, 1, pa, 0)[0], log]).toEqual([INVALID_ADDRESS, []]);
  });
});

test("hart_stop stops the caller and returns nothing", () => {
  const { callFrom, states, log } = fakeSbi();
  states[2] = HartState.STARTED;
  expect(callFrom(2, HSM, 1, 5, 6)).toEqual([5n, 6n]);
  expect(log).toEqual(["stop 2"]);
});

test("hart_get_status tells the state", () => {
  const { call, states } = fakeSbi();
  states[2] = HartState.SUSPENDED;
  expect([0, 1, 2, 4].map((hart) => call(HSM, 2, hart))).toEqual([
    [OK, 0n],
    [OK, 1n],
    [OK, 4n],
    [INVALID_PARAM, 0n],
  ]);
});

describe("hart_suspend", () => {
  test("retentive waits and returns", () => {
    const { call, log } = fakeSbi();
    expect(call(HSM, 3, 0, 0, 0)).toEqual([OK, 0n]);
    expect(log).toEqual(["suspend 0  "]);
  });

  test("non-retentive resumes at an address in RAM", () => {
    const { call, log } = fakeSbi();
    call(HSM, 3, 0x8000_0000, RAM + 8, 9);
    expect(log).toEqual(["suspend 0 80000008 9"]);
    expect(call(HSM, 3, 0x8000_0000, 0x1000, 9)[0]).toBe(INVALID_ADDRESS);
  });

  test("the type is its low 32 bits, sign-extended or not", () => {
    const { call, log } = fakeSbi();
    call(HSM, 3, 0xffff_ffff_8000_0000n, RAM, 0);
    expect(log).toEqual(["suspend 0 80000000 0"]);
  });

  test("platform types are not supported, reserved ones refused", () => {
    const { call } = fakeSbi();
    const types = [0x1000_0000, 0x7fff_ffff, 0x9000_0000, 0xffff_ffff, 1, 0x0fff_ffff, 0x8000_0001, 0x8fff_ffff];
    expect(types.map((type) => call(HSM, 3, type, RAM, 0)[0])).toEqual([
      ...new Array<bigint>(4).fill(NOT_SUPPORTED),
      ...new Array<bigint>(4).fill(INVALID_PARAM),
    ]);
  });
});
