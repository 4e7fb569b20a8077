// Records what QEMU's rv64 cpu does with every CSR, into csr.json. Run it by hand when the table of patterns changes:
//
//   node test/hart/oracle/record-csr.mjs
//
// Needs qemu-system-riscv64 and riscv64-unknown-elf-gcc. `reset` is what each existing CSR reads first; `warl` what it
// reads after a pattern was written (each time from the reset value; `delegated` with mideleg all ones); `access` which CSRs may be read and written in
// each mode under each configuration.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatted } from "../../../scripts/format.mjs";
import { qemuVersion, runOnQemu } from "./qemu.mjs";

const hex = (value) => `0x${value.toString(16)}`;

/** A handler that notes the cause in a0 and skips the instruction; t0 is its own. With a7 = 1 it leaves to a6 in M mode. */
const handler = `
  .balign 4
handler:
  csrr a0, mcause
  bnez a7, 1f
  csrr t0, mepc
  addi t0, t0, 4
  csrw mepc, t0
  mret
1:
  li a7, 0
  jr a6
`;

const install = `
  la t0, handler
  csrw mtvec, t0
  li a7, 0
`;

const fsOn = `
  li t1, 1 << 13
  csrs mstatus, t1
`;

/** mcycle, minstret, cycle, time and instret: what they read differs from run to run. */
const runs = [0xb00, 0xb02, 0xc00, 0xc01, 0xc02];

/** Counters run by themselves, and writing triggers would stop the program. */
const skipWrite = (csr) => (csr >= 0x7a0 && csr <= 0x7af) || csr === 0xb00 || csr === 0xb02;

/** mstatus, mtvec, mepc, mcause and mtval are read before a handler uses them; FS is on for the floating-point CSRs. */
function readAll() {
  const numbers = Array.from({ length: 4096 }, (_, csr) => csr);
  const early = [0x300, 0x305, 0x341, 0x342, 0x343];
  const first = early.map((csr) => `csrr a1, ${csr}\n put a1\n`).join("");
  const body = numbers.map((csr) => `li a0, 0\n csrr a1, ${csr}\n put a0\n put a1\n`).join("");
  const words = runOnQemu(`main:\n${first}${install}${fsOn}${body} j done\n${handler}`);
  const [reset, all] = [words.slice(0, early.length), words.slice(early.length)];
  return numbers
    .filter((csr) => all[csr * 2] === 0n)
    .map((csr) => [csr, early.includes(csr) ? reset[early.indexOf(csr)] : all[csr * 2 + 1]]);
}

const ONES = 0xffff_ffff_ffff_ffffn;
const everywhere = [ONES, 0n, 0x5555_5555_5555_5555n, 0xaaaa_aaaa_aaaa_aaaan, 0x0123_4567_89ab_cdefn];

function patternsOf(csr) {
  switch (csr) {
    case 0x100:
    case 0x300: {
      const bits = Array.from({ length: 64 }, (_, bit) => 1n << BigInt(bit));
      return [...everywhere, ...bits];
    }
    case 0x105:
    case 0x305:
      return [...everywhere, 0x8000_0000n, 0x8000_0001n, 0x8000_0002n, 0x8000_0003n, 0x8000_0004n];
    case 0x180:
      return Array.from({ length: 16 }, (_, mode) => (BigInt(mode) << 60n) | 0xfff_ffff_ffff_ffffn);
    case 0x30a:
    case 0x10a:
      return [...everywhere, 0x10n, 0x20n, 0x30n];
    case 0x3a0:
    case 0x3a2:
      // Without L, which could not be taken back.
      return [
        0x0001_0203_0405_0607n,
        0x0809_0a0b_0c0d_0e0fn,
        0x1011_1213_1415_1617n,
        0x1819_1a1b_1c1d_1e1fn,
        0x2040_6020n,
      ];
    default:
      return everywhere;
  }
}

/** Writes each pattern to each of `writable` after `setUp`, from the same old value. Nothing in between traps. */
function writeAll(writable, setUp) {
  const tests = writable.flatMap((csr) => patternsOf(csr).map((pattern) => [csr, pattern]));
  const body = tests.map(([csr, pattern]) => {
    return `csrr s3, ${csr}\n li t1, ${hex(pattern)}\n csrw ${csr}, t1\n csrr t2, ${csr}\n csrw ${csr}, s3\n put t2\n`;
  });
  const words = runOnQemu(`main:${fsOn}${setUp}${body.join("")} j done\n`);
  const table = {};
  tests.forEach(([csr, pattern], i) => (table[hex(csr)] ??= []).push([hex(pattern), hex(words[i])]));
  return table;
}

const configurations = {
  open: {},
  "FS off": { fs: 0 },
  TVM: { tvm: 1 },
  "mcounteren zero": { mcounteren: 0 },
  "mcounteren odd": { mcounteren: 0x2aaaa },
  "mcounteren even": { mcounteren: 0x55555 },
  "scounteren zero": { scounteren: 0 },
  "scounteren odd": { scounteren: 0x2aaaa },
  "STCE off": { stce: 0 },
};

function accessUnder(existing, { fs = 1, tvm = 0, mcounteren = -1, scounteren = -1, stce = 1 }, mode) {
  const body = existing.map(([csr]) => {
    const write = skipWrite(csr) ? "" : `csrw ${csr}, t1`;
    return `li a0, 0\n csrr t1, ${csr}\n slli t2, a0, 8\n li a0, 0\n ${write}\n or t2, t2, a0\n put t2\n`;
  });
  const mstatus = (fs << 13) | (tvm << 20) | (mode << 11);
  const words = runOnQemu(`main:${install}
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, ${mcounteren}
  csrw mcounteren, t0
  li t0, ${scounteren}
  csrw scounteren, t0
  li t0, ${stce} << 63
  csrw menvcfg, t0
  li t0, ${mstatus}
  csrw mstatus, t0
  la t0, inside
  csrw mepc, t0
  la a6, outside
  mret
inside:
  ${body.join("")}
  li a7, 1
  ecall
outside:
  j done
${handler}`);
  const pick = (test) => existing.filter((_, i) => test(words[i])).map(([csr]) => hex(csr));
  const skipped = new Set(
    existing
      .map(([csr]) => csr)
      .filter(skipWrite)
      .map(hex),
  );
  return {
    read: pick((word) => word >> 8n === 0n),
    write: pick((word) => (word & 0xffn) === 0n).filter((csr) => !skipped.has(csr)),
  };
}

const existing = readAll();
const access = {};
for (const [name, settings] of Object.entries(configurations)) {
  access[name] = { ...settings };
  for (const [letter, mode] of [
    ["U", 0],
    ["S", 1],
  ])
    access[name][letter] = accessUnder(existing, settings, mode);
}
const writable = existing.map(([csr]) => csr).filter((csr) => csr >> 10 !== 3 && !skipWrite(csr) && csr !== 0x344);
const record = {
  qemu: qemuVersion(),
  cpu: "rv64,h=false",
  reset: Object.fromEntries(existing.map(([csr, value]) => [hex(csr), hex(runs.includes(csr) ? 0 : value)])),
  warl: writeAll(writable, ""),
  delegated: writeAll([0x104, 0x144], "li t1, -1\n csrw mideleg, t1\n"),
  access,
};
const file = fileURLToPath(new URL("csr.json", import.meta.url));
writeFileSync(file, await formatted("a.json", JSON.stringify(record)));
