// Records which random translations and PMP checks QEMU allows, into walk.json and pmp.json. Run it by hand:
//
//   node test/mem/oracle/record-walk.mjs
//
// Needs qemu-system-riscv64 and riscv64-unknown-elf-gcc. A program in M mode performs each case and records mcause (all
// ones when nothing was raised); a walk also records the loaded word, which is its own physical address, and the leaf after.
//
// A case is one line of hexadecimal numbers. A walk: entries to store (address, value in turn, root first), satp, mstatus, va,
// access (0 fetch, 1 load, 2 store), cause, word, leaf after. PMP: pmpaddr and pmpcfg of each entry in turn, then accesses,
// each of address, bytes, mode, access and cause.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatted } from "../../../scripts/format.mjs";
import { qemuVersion, runOnQemu } from "../../hart/oracle/qemu.mjs";

const bare = (value) => BigInt.asUintN(64, BigInt(value)).toString(16);
const hex = (value) => `0x${bare(value)}`;

/** xorshift64*, so that a recording can be repeated. */
function generator(seed) {
  let state = BigInt(seed);
  const next = () => {
    state ^= state >> 12n;
    state = BigInt.asUintN(64, state ^ (state << 25n));
    state ^= state >> 27n;
    return BigInt.asUintN(64, state * 0x2545_f491_4f6c_dd1dn);
  };
  const below = (n) => Number((next() >> 11n) % BigInt(n));
  return { next, below, pick: (list) => list[below(list.length)], chance: (percent) => below(100) < percent };
}

const TABLES = 0x800e_0000n;
/** Sixteen pages: the word at 0x128 of each is its own address, and at 0x200 stands an ECALL. */
const TARGET = 0x800c_0000n;
const LOAD_OFFSET = 0x128n;
const FETCH_OFFSET = 0x200n;
const ecall = 0x73;

const common = `
  .balign 4
handler:
  csrr a0, mcause
  csrw mstatus, zero
  jr a6
  .balign 8
cases:
`;

/** One case: what to store where (the entries, root first), satp, mstatus, va and access (0 fetch, 1 load, 2 store). */
function walkCase({ pick, chance, below }) {
  const mode = pick([8, 9, 10]);
  const levels = mode - 5;
  const level = chance(60) ? 0 : below(levels);
  const access = below(3);
  const top = below(2 ** 9);
  const napot = level === 0 && chance(15);
  const page = napot ? BigInt(below(16)) : 5n;
  const offset = access === 0 ? FETCH_OFFSET : LOAD_OFFSET;
  let va = TARGET | (page << 12n) | offset;
  if (levels > 3 && level < 3) va |= BigInt(top & 0xff) << 39n;
  if (levels === 5 && level < 4) va |= BigInt(top & 0x7f) << 48n;
  if (chance(4)) va |= 1n << BigInt(12 + 9 * levels - 1 + below(64 - (12 + 9 * levels - 1)));
  const at = (i) => TABLES + BigInt(i) * 0x1000n + ((va >> BigInt(12 + 9 * i)) & 0x1ffn) * 8n;
  const entries = [];
  for (let i = levels - 1; i > level; i--) {
    let pointer = (((TABLES >> 12n) + BigInt(i - 1)) << 10n) | 1n;
    if (chance(2)) pointer |= 1n << BigInt(pick([4, 5, 6, 7, 61, 62, 63, 54, 60]));
    if (chance(1)) pointer &= ~1n;
    entries.push([at(i), pointer]);
  }
  let base = ((TARGET | (page << 12n)) >> BigInt(12 + 9 * level)) << BigInt(9 * level);
  if (napot) base = (TARGET >> 12n) | (chance(80) ? 8n : BigInt(below(16)));
  let leaf = base << 10n;
  leaf |= pick([
    0xcfn,
    0xcfn,
    0xcfn,
    0xdfn,
    0xdfn,
    0xdfn,
    0xc3n,
    0xd3n,
    0xcbn,
    0xdbn,
    0xc9n,
    0xd9n,
    0xc7n,
    0xd7n,
    0xc5n,
    0xcdn,
    0xc1n,
  ]);
  if (chance(30)) leaf &= ~0x40n;
  if (chance(30)) leaf &= ~0x80n;
  if (chance(4)) leaf &= ~1n;
  if (chance(10)) leaf |= 0x20n;
  if (chance(4)) leaf |= 1n << BigInt(pick([54, 55, 56, 57, 58, 59, 60]));
  if (chance(10)) leaf |= BigInt(1 + below(3)) << 61n;
  if (napot || chance(3)) leaf |= 1n << 63n;
  if (level > 0 && chance(15)) leaf |= 1n << BigInt(10 + below(9 * level));
  entries.push([at(level), leaf]);
  const priv = chance(50) ? 1 : 0;
  const mstatus = (priv << 11) | (chance(50) ? 1 << 18 : 0) | (chance(50) ? 1 << 19 : 0);
  const satp = (BigInt(mode) << 60n) | ((TABLES >> 12n) + BigInt(levels - 1));
  return { entries, satp, mstatus, va, access, leaf: at(level) };
}

function recordWalks(count) {
  const random = generator(39_48_57);
  const cases = Array.from({ length: count }, () => walkCase(random));
  const data = cases.map(({ entries, satp, mstatus, va, access, leaf }) => {
    const padded = [...entries];
    while (padded.length < 5) padded.push(padded.at(-1));
    const words = [...padded.flat(), satp, BigInt(mstatus), va, BigInt(access), leaf];
    return `  .dword ${words.map(hex).join(", ")}\n`;
  });
  const program = `
main:
  la t0, handler
  csrw mtvec, t0
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 1 << 62
  csrs menvcfg, t0
  li t0, ${hex(TARGET)}
  li t1, 16
  li t4, 0x1000
  li t2, ${ecall}
1:
  addi t3, t0, ${LOAD_OFFSET}
  sd t3, 0(t3)
  sw t2, ${FETCH_OFFSET}(t0)
  add t0, t0, t4
  addi t1, t1, -1
  bnez t1, 1b
  la s0, cases
  li s1, ${count}
next:
  li t0, 5
  mv t1, s0
1:
  ld t2, 0(t1)
  ld t3, 8(t1)
  sd t3, 0(t2)
  addi t1, t1, 16
  addi t0, t0, -1
  bnez t0, 1b
  ld t0, 80(s0)
  csrw satp, t0
  sfence.vma
  ld s2, 88(s0)
  ld s3, 96(s0)
  ld s4, 104(s0)
  la a6, after
  li a0, -1
  li a1, 0
  beqz s4, fetch
  li t0, 1 << 17
  or s2, s2, t0
  li t1, 1
  csrw mstatus, s2
  bne s4, t1, 1f
  ld a1, 0(s3)
  j after
1:
  sd s3, 0(s3)
  j after
fetch:
  csrw mstatus, s2
  csrw mepc, s3
  mret
after:
  csrw mstatus, zero
  csrw satp, zero
  sfence.vma
  ld t0, 112(s0)
  ld t0, 0(t0)
  put a0
  put a1
  put t0
  # A store has overwritten the word that is its own address.
  li t0, ${hex(TARGET)}
  li t1, 16
  li t4, 0x1000
1:
  addi t3, t0, ${LOAD_OFFSET}
  sd t3, 0(t3)
  add t0, t0, t4
  addi t1, t1, -1
  bnez t1, 1b
  addi s0, s0, 120
  addi s1, s1, -1
  bnez s1, next
  j done
  ${common}
${data.join("")}
`;
  const words = runOnQemu(program, "rv64,h=false,svnapot=on,svpbmt=on");
  return cases.map(({ entries, satp, mstatus, va, access }, i) => {
    const [cause, value, leaf] = words.slice(i * 3, i * 3 + 3);
    return [entries.flat().map(bare).join(), ...[satp, mstatus, va, access, cause, value, leaf].map(bare)].join(" ");
  });
}

/** One PMP setting with accesses under it. Everything lies in the two pages from PMP_BASE. */
const PMP_BASE = 0x8020_0000n;
const ACCESSES = 24;

function pmpCase({ pick, chance, below }) {
  const near = () => (PMP_BASE >> 2n) + BigInt(below(2048));
  const entries = Array.from({ length: 4 }, () => {
    const match = below(4);
    const ones = match === 3 ? below(12) : 0;
    const flags = pick([0, 1, 3, 4, 5, 7]);
    return [near() | ((1n << BigInt(ones)) - 1n), (match << 3) | flags];
  });
  const accesses = Array.from({ length: ACCESSES }, () => {
    const [addr] = pick(entries);
    const bytes = 2 ** below(4);
    const around = (addr << 2n) + BigInt(below(48)) - 24n;
    const inside = chance(50) ? around : PMP_BASE + BigInt(below(8192 - 8));
    return [inside & ~BigInt(bytes - 1), bytes, pick([0, 1, 3]), 1 + below(2)];
  });
  return { entries, accesses };
}

function recordPmp(count) {
  const random = generator(16_04);
  const cases = Array.from({ length: count }, () => pmpCase(random));
  const perform = ([pa, bytes, priv, access]) => {
    const size = { 1: "b", 2: "h", 4: "w", 8: "d" }[bytes];
    return `
  sfence.vma
  li s3, ${hex(pa)}
  li s2, ${hex((1 << 17) | (priv << 11))}
  la a6, 1f
  li a0, -1
  csrw mstatus, s2
  ${access === 1 ? "l" : "s"}${size} a1, 0(s3)
1:
  csrw mstatus, zero
  put a0
`;
  };
  const program = `
main:
  la t0, handler
  csrw mtvec, t0
${cases
  .map(
    ({ entries, accesses }) => `
  csrw pmpcfg0, zero
  ${entries.map(([addr], i) => `li t0, ${hex(addr)}\n  csrw pmpaddr${i}, t0\n`).join("")}
  li t0, ${hex(entries.reduce((sum, [, cfg], i) => sum | (BigInt(cfg) << BigInt(8 * i)), 0n))}
  csrw pmpcfg0, t0
  ${accesses.map(perform).join("")}`,
  )
  .join("")}
  csrw pmpcfg0, zero
  j done
  ${common}`;
  const words = runOnQemu(program);
  return cases.map(({ entries, accesses }, i) =>
    [entries.flat(), ...accesses.map((access, k) => [...access, words[i * ACCESSES + k]])]
      .map((numbers) => numbers.map(bare).join())
      .join(" "),
  );
}

async function write(name, cpu, cases) {
  const text = JSON.stringify({ qemu: qemuVersion(), cpu, cases });
  writeFileSync(fileURLToPath(new URL(name, import.meta.url)), await formatted("a.json", text));
}

await write("walk.json", "rv64,h=false,svnapot=on,svpbmt=on", recordWalks(500));
await write("pmp.json", "rv64,h=false", recordPmp(60));
