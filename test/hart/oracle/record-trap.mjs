// Records how QEMU takes exceptions and interrupts, into trap.json: the program as base64, and what it recorded. Run it by hand:
//
//   node test/hart/oracle/record-trap.mjs
//
// Needs qemu-system-riscv64 and riscv64-unknown-elf-gcc. Each case enters a snippet in some mode under some delegation and
// translation; the handler that gets control records its mode, the vector's index, xcause, xepc, xtval and xstatus.

import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { formatted } from "../../../scripts/format.mjs";
import { qemuVersion, runAndKeep } from "./qemu.mjs";

const hex = (value) => `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;

/** No device lies here. */
const NOWHERE = "0x18000000";

/**
 * With translation: va = pa for S mode; the same 1 GiB at ALIAS for U mode; a page for U mode at 0x1000 and one for S mode at
 * 0x5000, with nothing behind either. Both are the physical page PAGE, whose last halfword begins a 32-bit instruction.
 */
const ROOT = 0x800f_0000;
const ALIAS = 0x4000_0000;
const PAGE = 0x800e_0000;

/** No AMO or SC that faults: with one hart QEMU takes an AMO's load first, and SC fails before it looks at the page. */
const snippets = {
  nothing: "nop",
  ecall: "ecall",
  "c.ebreak": ".2byte 0x9002",
  ebreak: "ebreak",
  "illegal, 32 bits": ".4byte 0xffffffff",
  "illegal, 16 bits": ".2byte 0",
  "illegal, 16 bits, reserved": ".2byte 0x8002",
  "machine CSR": "csrr t1, mscratch",
  "supervisor CSR": "csrr t1, sscratch",
  satp: "csrr t1, satp",
  "no such CSR": "csrrw t1, 0x7c0, t2",
  "read-only CSR": "csrrw zero, cycle, t2",
  cycle: "csrr t1, cycle",
  fcsr: "csrr t1, fcsr",
  "floating point": "fadd.s fa0, fa0, fa0",
  "floating-point load": "fld fa0, 0(sp)",
  mret: "li t1, 3\n slli t1, t1, 11\n csrs mstatus, t1\n mret",
  sret: "la t1, passed\n csrw sepc, t1\n sret",
  "sret alone": "sret",
  "sfence.vma": "sfence.vma",
  "fence.i": "fence.i",
  "load nowhere": `li t1, ${NOWHERE}\n ld t2, 8(t1)`,
  "store nowhere": `li t1, ${NOWHERE}\n sb t2, 5(t1)`,
  "jump nowhere": `li t1, ${NOWHERE}\n jr t1`,
  "load unmapped": "li t1, 0x2008\n ld t2, 0(t1)",
  "store unmapped": "li t1, 0x2008\n sd t2, 0(t1)",
  "lr unmapped": "li t1, 0x2008\n lr.d t2, (t1)",
  "jump unmapped": "li t1, 0x2008\n jr t1",
  "load across, user": "li t1, 0x1ffc\n ld t2, 0(t1)",
  "load across, supervisor": "li t1, 0x5ffc\n ld t2, 0(t1)",
  "store across, user": "li t1, 0x1ffd\n sd t2, 0(t1)",
  "store across, supervisor": "li t1, 0x5ffd\n sd t2, 0(t1)",
  "fetch across, user": "li t1, 0x1ffe\n jr t1",
  "fetch across, supervisor": "li t1, 0x5ffe\n jr t1",
  "not canonical": "li t1, 1 << 38\n ld t2, 0(t1)",
};

/** These mean nothing without translation: low addresses are ROM and devices on QEMU's board. */
const translated = (name) => /unmapped|across|canonical/.test(name);

const SIE = 1 << 1;
const MIE = 1 << 3;
const SPIE = 1 << 5;
const FS = 1 << 13;
const [TVM, TW, TSR] = [1 << 20, 1 << 21, 1 << 22];

function* allCases() {
  const plain = { medeleg: 0, mideleg: 0, mie: 0, mip: 0, status: 0, vectored: 0 };
  for (const mode of [0, 1, 3]) {
    for (const paging of [false, true]) {
      for (const medeleg of [0, 0xb1ff]) {
        for (const name of Object.keys(snippets)) {
          if (translated(name) && (!paging || mode === 3)) continue;
          if (name === "mret" && mode === 3) continue;
          yield { ...plain, name, mode, paging, medeleg, status: name === "cycle" ? FS | SIE : SIE | SPIE };
        }
      }
    }
    for (const status of [TVM, TW, TSR]) {
      for (const name of ["satp", "sfence.vma", "sret"]) yield { ...plain, name, mode, paging: false, status };
    }
    yield { ...plain, name: "floating point", mode, paging: false, status: FS };
    yield { ...plain, name: "floating-point load", mode, paging: false, status: FS };
    yield { ...plain, name: "illegal, 32 bits", mode, paging: false, vectored: 1 };
    yield { ...plain, name: "illegal, 32 bits", mode, paging: false, vectored: 1, medeleg: 0xb1ff };
    // Not SEIP with another one: without AIA, QEMU takes the lowest number first.
    for (const mip of [0x2, 0x20, 0x200, 0x22]) {
      for (const mideleg of [0, 0x222, 0x20, 0x202]) {
        for (const status of [0, SIE, MIE, MIE | SIE]) {
          yield { ...plain, name: "nothing", mode, paging: false, mip, mie: 0x222, mideleg, status, vectored: 1 };
        }
      }
      yield { ...plain, name: "nothing", mode, paging: false, mip, mie: 0x20, mideleg: 0x222, status: MIE | SIE };
    }
  }
}

const cases = [...allCases()];
const names = Object.keys(snippets);
const WORDS = 8;

const table = cases.map((one) => {
  // MPIE becomes MIE when mret enters the snippet.
  const mpie = one.status & MIE ? 1 << 7 : 0;
  const mstatus = (one.status & ~MIE) | mpie | (one.mode << 11);
  const satp = one.paging ? (8n << 60n) | BigInt(ROOT >>> 12) : 0n;
  const numbers = [mstatus, one.medeleg, one.mideleg, one.mie, one.mip, satp, one.vectored].map(hex);
  const alias = one.mode === 0 && one.paging ? ` - 0x80000000 + ${ALIAS}` : "";
  return `  .dword snippet${names.indexOf(one.name)}${alias}, ${numbers.join(", ")}\n`;
});

const vectors = (letter) => `
  .balign 64
${letter}vector:
${Array.from({ length: 16 }, (_, i) => `  j ${letter}vector${i}\n`).join("")}
${Array.from({ length: 16 }, (_, i) => `${letter}vector${i}:\n  li t6, ${i}\n  j ${letter}handler\n`).join("")}
${letter}handler:
  li t5, 1
  beq a7, t5, ${letter}done
  li t5, 2
  bne a7, t5, 1f
  put x0
  put x0
  put x0
  put x0
  put x0
  put x0
  j ${letter}done
1:
  li t5, ${letter === "m" ? 3 : 1}
  put t5
  put t6
  csrr t5, ${letter}cause
  put t5
  csrr t5, ${letter}epc
  put t5
  csrr t5, ${letter}tval
  put t5
  csrr t5, ${letter}status
  put t5
`;

// a7 tells the handlers what an ECALL means: 1, the S-mode handler is done; 2, the snippet has passed without a trap.
const program = `
main:
  li t0, -1
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  li t0, 7
  csrw mcounteren, t0
  csrw scounteren, t0
  # Tables: 1 GiB leaves at root[1] and root[2], two more levels below root[0].
  li s0, ${ROOT}
  li t0, ${hex((0x80000000n >> 2n) | 0xcfn)}
  sd t0, 16(s0)
  ori t0, t0, 0x10
  sd t0, 8(s0)
  li t0, ${hex((BigInt(ROOT + 0x1000) >> 2n) | 1n)}
  sd t0, 0(s0)
  li t1, 0x1000
  add s0, s0, t1
  li t0, ${hex((BigInt(ROOT + 0x2000) >> 2n) | 1n)}
  sd t0, 0(s0)
  add s0, s0, t1
  li t0, ${hex((BigInt(PAGE) >> 2n) | 0xdfn)}
  sd t0, 8(s0)
  li t0, ${hex((BigInt(PAGE) >> 2n) | 0xcfn)}
  sd t0, 40(s0)
  li t0, ${PAGE}
  add t0, t0, t1
  li t1, 0x13
  sh t1, -2(t0)
  la s0, cases
  la s1, cases_end
next:
  ld t0, 8(s0)
  csrw mstatus, t0
  ld t0, 16(s0)
  csrw medeleg, t0
  ld t0, 24(s0)
  csrw mideleg, t0
  ld t0, 32(s0)
  csrw mie, t0
  ld t0, 40(s0)
  csrw mip, t0
  ld t0, 48(s0)
  csrw satp, t0
  sfence.vma
  ld t0, 56(s0)
  la t1, mvector
  or t1, t1, t0
  csrw mtvec, t1
  la t1, svector
  or t1, t1, t0
  csrw stvec, t1
  csrw sepc, zero
  csrw sscratch, zero
  ld t0, 0(s0)
  csrw mepc, t0
  la sp, scratch
  li a7, 0
  li t2, 0
  mret
resume:
  csrw mie, zero
  addi s0, s0, ${WORDS * 8}
  bltu s0, s1, next
  csrw mip, zero
  csrw satp, zero
  j done

${vectors("m")}
mdone:
  j resume
${vectors("s")}
sdone:
  li a7, 1
  csrw sie, zero
  ecall

  .balign 8
${Object.values(snippets)
  .map((text, i) => `snippet${i}:\n ${text}\n j passed\n`)
  .join("")}
passed:
  li a7, 2
  ecall
  .balign 8
scratch:
  .dword 0, 0, 0, 0
cases:
${table.join("")}
cases_end:
`;

const { words, bytes, symbols } = runAndKeep(program);
const record = {
  qemu: qemuVersion(),
  cpu: "rv64,h=false",
  done: hex(symbols.done),
  records: hex(symbols.records),
  program: bytes.toString("base64"),
  cases: cases.map((one, i) => {
    const { name, mode, paging, medeleg, mideleg, mie, mip, status, vectored } = one;
    const extra = vectored ? ", vectored" : "";
    const interrupts = mie ? `, mip ${hex(mip)}, mie ${hex(mie)}, mideleg ${hex(mideleg)}` : "";
    const title = `${name}: mode ${mode}${paging ? ", paging" : ""}, mstatus ${hex(status)}, medeleg ${hex(medeleg)}`;
    return [
      title + interrupts + extra,
      words
        .slice(i * 6, i * 6 + 6)
        .map((word) => word.toString(16))
        .join(" "),
    ];
  }),
};
const file = fileURLToPath(new URL("trap.json", import.meta.url));
writeFileSync(file, await formatted("a.json", JSON.stringify(record)));
