/** A host for SBI calls that writes down what it is asked to do. */

import { HartState, handleSbi } from "../../src/machine/sbi.ts";
import type { SbiHost } from "../../src/machine/sbi.ts";
import { fakeMemory, MIB } from "./fakes.ts";

/** The host, its log, and a way to make a call. */
export function fakeSbi(harts = 4) {
  const registers = Array.from({ length: harts }, () => new Array<bigint>(32).fill(0xdead_beefn));
  const states = new Array<HartState>(harts).fill(HartState.STOPPED);
  states[0] = HartState.STARTED;
  const log: string[] = [];
  const output: number[] = [];
  const input: number[] = [];
  const note =
    (what: string) =>
    (...details: unknown[]): void =>
      void log.push([what, ...details.map(String)].join(" "));
  const host: SbiHost = {
    harts,
    memory: fakeMemory(MIB),
    ids: { mvendorid: 1n, marchid: 2n, mimpid: 3n },
    getX: (hart, register) => registers[hart]![register]!,
    setX: (hart, register, value) => {
      registers[hart]![register] = value;
    },
    setTimer: note("timer"),
    setSsip: note("ssip"),
    fenceI: note("fence.i"),
    sfenceVma: note("sfence.vma"),
    hartState: (hart) => states[hart]!,
    startHart: (hart, pc, opaque) => {
      states[hart] = HartState.STARTED;
      note("start")(hart, pc.toString(16), opaque);
    },
    stopHart: (hart) => {
      states[hart] = HartState.STOPPED;
      note("stop")(hart);
    },
    suspendHart: (hart, resume) => note("suspend")(hart, resume?.pc.toString(16) ?? "", resume?.opaque ?? ""),
    onPower: (event) => note("power")(JSON.stringify(event)),
    putByte: (byte) => void output.push(byte),
    getByte: () => input.shift(),
    touchU64: () => undefined,
    // Virtual is physical, and what is not RAM faults.
    loadU64: (hart, va) => {
      const value = host.memory.load64(Number(va));
      if (value === undefined) note("fault")(hart, va.toString(16));
      return value;
    },
  };

  /** Makes a call from `hart`; gives a0 (signed) and a1. */
  const callFrom = (hart: number, eid: number | bigint, fid: number | bigint, ...args: (number | bigint)[]) => {
    const x = registers[hart]!;
    x[17] = BigInt.asUintN(64, BigInt(eid));
    x[16] = BigInt.asUintN(64, BigInt(fid));
    args.forEach((argument, index) => (x[10 + index] = BigInt.asUintN(64, BigInt(argument))));
    handleSbi(host, hart);
    return [BigInt.asIntN(64, x[10]!), x[11]!] as const;
  };
  const call = (eid: number | bigint, fid: number | bigint, ...args: (number | bigint)[]) =>
    callFrom(0, eid, fid, ...args);
  return { host, states, registers, log, output, input, call, callFrom };
}
