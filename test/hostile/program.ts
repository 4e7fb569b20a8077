/**
 * Random programs that do what a guest may do and hardly any does: fragments of code for each hart, in any mode, under any page tables,
 * that a script goes through again and again. Every change of code and of page tables is followed by its fence, so that all engines must
 * do the same; in *unfenced* programs hardly any is, and only what lies outside the machine is looked at.
 */

import { assembleProgram } from "../../src/isa/assemble.ts";
import { Random } from "../../src/isa/random/values.ts";
import { harness, harnessAt } from "./harness.ts";
import * as at from "./layout.ts";
import { control, controlOf, Table, tableOf } from "./layout.ts";
import * as values from "./values.ts";

/** A piece of one hart's code, and how the script comes to it. */
export interface Fragment {
  readonly hart: number;
  readonly name: string;
  /** Assembly; constructs that are left out one by one to find those that matter. */
  constructs: string[];
  readonly mode: 0 | 1 | 3;
  readonly mstatus: bigint;
  readonly satp: bigint;
  readonly flags: number;
  /** Added to the pa of its code. */
  readonly alias: bigint;
  /** Bytes between the beginning of its code and the end of a page; undefined puts it right behind the one before. */
  readonly beforePageEnd: number | undefined;
  readonly kind: Kind;
}

/** What a fragment is for. Functions are called, the others are the script's. */
export type Kind = "function" | "look" | "change" | "anything";

/** What the host does between two slices, to every machine in the same way. */
export interface Event {
  readonly hart: number;
  /** Interrupt lines that are set to `value`. */
  readonly mask: number;
  readonly value: number;
  readonly fence: "none" | "i" | "vma";
}

export interface Slice {
  readonly steps: number;
  readonly events: readonly Event[];
}

export interface HostileProgram {
  readonly seed: number;
  readonly harts: number;
  readonly unfenced: boolean;
  readonly lastIsCode: boolean;
  /** Instructions may lie between words; then no page of code takes another one's place. */
  readonly halfwords: boolean;
  fragments: Fragment[];
  readonly tables: readonly (readonly [pa: bigint, value: bigint])[];
  /** Two lists for each hart: for where addresses are what they are in memory, and for user code under page tables. */
  readonly pointers: readonly (readonly (readonly bigint[])[])[];
  slices: Slice[];
}

const ALU = [
  "add",
  "sub",
  "xor",
  "and",
  "or",
  "sll",
  "mul",
  "mulhu",
  "div",
  "remu",
  "addw",
  "subw",
  "sltu",
  "sh2add",
  "rol",
  "min",
];
const LOADS = ["lb", "lbu", "lh", "lhu", "lw", "lwu", "ld", "ld", "ld"];
const STORES = ["sb", "sh", "sw", "sd", "sd"];
const AMOS = ["amoadd.w", "amoswap.d", "amoor.d", "amomaxu.w", "amocas.d", "lr.d", "lr.w", "sc.d", "sc.w"];
const FLOATS = ["fadd.d", "fmul.d", "fdiv.d", "fadd.s", "fmul.s", "fsub.d", "fmin.d", "fsgnj.d"];
const CSR_FORMS = ["csrrw", "csrrs", "csrrc", "csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"];

const FREE = ["a0", "a1", "a2", "a3", "a4", "a5", "a6", "a7", "s0", "t3"];
const POINTERS = ["s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11"];
/** What a function's first word may become. */
const PATCHES = [
  0x0015_0513, 0x00b5_0533, 0x0000_0013, 0x0005_8593, 0x0205_0533, 0x0000_8067, 0x0ff0_000f, 0x1005_2573,
];

/** Writes the constructs of one fragment. */
class Writer {
  /** How far loops may still move pointers: they start well away from anything but data. */
  private reach = 0x600;
  private labels = 0;

  constructor(
    private readonly random: Random,
    private readonly fragment: Omit<Fragment, "constructs">,
    private readonly functions: readonly string[],
    private readonly program: Pick<HostileProgram, "unfenced" | "lastIsCode" | "halfwords">,
  ) {}

  private label(): string {
    return `${this.fragment.name}_${this.labels++}`;
  }

  private free(): string {
    return this.random.pick(FREE);
  }

  construct(): string {
    switch (this.fragment.kind) {
      case "function":
        return this.anything(1);
      case "look":
        return this.look();
      case "change":
        return this.change();
      case "anything":
        return this.anything(0);
    }
  }

  /** What is hot in all modes, and notices when something has changed. */
  private look(): string {
    const { random } = this;
    switch (random.below(8)) {
      case 0:
        return this.float();
      case 1:
        return this.call();
      case 2:
        return `csrr ${this.free()}, ${random.pick(["cycle", "time", "instret", "fcsr", "fcsr", this.fragment.mode > 0 ? "sstatus" : "frm"])}`;
      case 3:
      case 4:
        return this.loop(0);
      default:
        return this.access();
    }
  }

  private change(): string {
    const { random } = this;
    switch (random.below(9)) {
      case 0:
      case 1:
        return this.pmp();
      case 2:
        return this.edit();
      case 3:
        return this.patch();
      case 4:
        return this.dataMode();
      case 5:
        return random.oneIn(3) ? this.satp() : this.fence();
      case 6:
        return this.time();
      default:
        return this.csr();
    }
  }

  private anything(depth: number): string {
    const { random } = this;
    const roll = random.below(100);
    if (roll < 8) return this.alu();
    if (roll < 11) return this.computed();
    if (roll < 15) return this.branch(depth);
    if (roll < 34) return this.access();
    if (roll < 48 && depth < 2) return this.loop(depth);
    if (roll < 62) return this.csr();
    if (roll < 67) return this.dataMode();
    if (roll < 71) return this.float();
    if (roll < 74 && this.fragment.kind === "function") return this.alu();
    if (roll < 78) return this.call();
    if (roll < 82) return this.pmp();
    if (roll < 85) return this.satp();
    if (roll < 90) return this.edit();
    if (roll < 92) return this.patch();
    if (roll < 94) return this.fence();
    if (roll < 95) return this.wild();
    if (roll < 97) return this.xret();
    if (roll < 98) return this.time();
    return random.pick(["ecall", "ebreak", "wfi", ".word 0xffffffff", "c.ebreak\nc.addi a0, 1", "nop", "fence rw, rw"]);
  }

  private alu(): string {
    const { random } = this;
    if (random.oneIn(4)) return this.compressed();
    if (random.oneIn(4)) return `addi ${this.free()}, ${this.free()}, ${random.between(-2048, 2047)}`;
    return `${random.pick(ALU)} ${this.free()}, ${this.free()}, ${this.free()}`;
  }

  /** One alone puts all that follows between words, where code of another page that takes this one's place must not be entered. */
  private compressed(): string {
    const one = (): string => `c.addi ${this.free()}, ${this.random.between(1, 31)}`;
    return this.program.halfwords && this.random.oneIn(2) ? one() : `${one()}\n${one()}`;
  }

  private access(pointer = this.random.pick(POINTERS)): string {
    const { random } = this;
    const offset = random.oneIn(4) ? random.between(-250, 250) : 8 * random.between(-2, 4);
    const place = `${offset}(${pointer})`;
    const roll = random.below(16);
    if (roll < 7) return `${random.pick(LOADS)} ${this.free()}, ${place}`;
    if (roll < 12) return `${random.pick(STORES)} ${this.free()}, ${place}`;
    if (roll === 12) return `${random.pick(["fld", "flw"])} f${random.below(8)}, ${place}`;
    if (roll === 13) return `${random.pick(["fsd", "fsw"])} f${random.below(8)}, ${place}`;
    if (roll === 14) return `cbo.zero (${pointer})`;
    const name = random.pick(AMOS);
    return name.startsWith("lr")
      ? `${name} ${this.free()}, (${pointer})`
      : `${name} ${this.free()}, ${this.free()}, (${pointer})`;
  }

  /** A loop that gets hot, with pointers that walk. */
  private loop(depth: number): string {
    const { random } = this;
    const counter = depth === 0 ? "t4" : "t5";
    const times = depth === 0 ? random.pick([3, 6, 12, 40]) : random.between(2, 4);
    const top = this.label();
    const lines = [`li ${counter}, ${times}`, `${top}:`];
    for (let i = random.between(1, 4); i > 0; i--) lines.push(this.inLoop(depth));
    const stride = random.pick([1, 8, 8, 16, 64]);
    if (random.oneIn(3) && depth === 0 && stride * times <= this.reach) {
      this.reach -= stride * times;
      const pointer = random.pick(POINTERS);
      lines.push(this.access(pointer), `addi ${pointer}, ${pointer}, ${stride}`);
    }
    lines.push(`addi ${counter}, ${counter}, -1`, `bnez ${counter}, ${top}`);
    return lines.join("\n");
  }

  private inLoop(depth: number): string {
    const { kind } = this.fragment;
    const { random } = this;
    if (kind !== "look" || random.oneIn(8)) return this.anything(depth + 1);
    if (random.oneIn(4)) return random.oneIn(2) ? this.call() : this.computed();
    return random.oneIn(4) ? this.float() : this.access();
  }

  private csr(number = values.csrNumber(this.random, this.fragment.mode)): string {
    const { random } = this;
    const form = random.pick(CSR_FORMS);
    const rd = random.oneIn(3) ? "zero" : this.free();
    const hex = `0x${number.toString(16)}`;
    if (form.endsWith("i")) return `${form} ${rd}, ${hex}, ${random.below(32)}`;
    if (random.oneIn(5)) return `${form} ${rd}, ${hex}, zero`;
    if (random.oneIn(12)) return `${form} ${rd}, ${hex}, ${this.free()}`;
    return `li t3, ${values.csrValue(random, number, this.fragment.hart)}\n${form} ${rd}, ${hex}, t3`;
  }

  /** Changes whose memory loads and stores reach, or what floating point may do, and looks at once. */
  private dataMode(): string {
    const { random } = this;
    const csr = this.fragment.mode === 3 && random.oneIn(2) ? "mstatus" : "sstatus";
    const bits = random.pick(
      csr === "mstatus"
        ? [0x2_0000n, 0x1800n, 0x2_0800n, 0x4_0000n, 0x6000n]
        : [0x4_0000n, 0x8_0000n, 0x2000n, 0x6000n],
    );
    const before = random.oneIn(2) ? `${this.access()}\n` : "";
    const back = random.oneIn(2) ? `\n${random.pick(["csrc", "csrs"])} ${csr}, t3` : "";
    const look = (bits & 0x6000n) !== 0n ? this.float() : this.access();
    return `${before}li t3, ${bits}\n${random.pick(["csrs", "csrc"])} ${csr}, t3\n${look}\n${this.access()}${back}`;
  }

  private float(): string {
    const { random } = this;
    const f = (): string => `f${random.below(8)}`;
    switch (random.below(5)) {
      case 0:
        return `fcvt.d.l ${f()}, ${this.free()}`;
      case 1:
        return `fmadd.d ${f()}, ${f()}, ${f()}, ${f()}`;
      case 2:
        return `csrr ${this.free()}, fcsr`;
      case 3:
        return `fcvt.l.d ${this.free()}, ${f()}`;
      default:
        return `${random.pick(FLOATS)} ${f()}, ${f()}, ${f()}`;
    }
  }

  /** A computed jump to one of two places. */
  private computed(): string {
    const [first, end] = [this.label(), this.label()];
    const { random } = this;
    const pick = `la t3, ${first}\nandi t6, ${random.pick(["t4", "a0", "a1"])}, 1\nslli t6, t6, 3\nadd t3, t3, t6\njr t3`;
    return `${pick}\n${first}:\naddi a1, a1, 1\nj ${end}\naddi a0, a0, 3\nxor a1, a1, a0\n${end}:`;
  }

  /** Goes past something, or not. */
  private branch(depth: number): string {
    const to = this.label();
    const { random } = this;
    const condition = `${random.pick(["beq", "bne", "blt", "bgeu"])} ${this.free()}, ${random.pick(["zero", ...FREE])}, ${to}`;
    return `${condition}\n${this.anything(Math.max(1, depth))}\n${to}:`;
  }

  private call(): string {
    const { random } = this;
    if (this.functions.length === 0 || this.fragment.kind === "function") return this.alu();
    const name = random.pick(this.functions);
    return random.oneIn(3) ? `la t3, ${name}\njalr ra, 0(t3)` : `jal ra, ${name}`;
  }

  private pmp(): string {
    const { random } = this;
    const address = random.oneIn(2) ? 15 : random.below(4);
    const narrow = `li t3, ${values.pmpaddrValue(random)}\ncsrw pmpaddr${address}, t3`;
    const grant = `li t3, ${values.pmpcfgValue(random)}\ncsrw ${random.pick(["pmpcfg0", "pmpcfg0", "pmpcfg2"])}, t3`;
    return random.pick([narrow, narrow, narrow, grant, `${grant}\n${narrow}`]);
  }

  private satp(): string {
    const { random } = this;
    const fence = random.oneIn(2) ? "\nsfence.vma" : "";
    return `li t3, ${values.satpValue(random, this.fragment.hart)}\ncsrw satp, t3${fence}`;
  }

  /** The fences that make a change of the leaf at `va` seen. */
  private fenceFor(va: bigint): string {
    const { random } = this;
    if (this.program.unfenced && !random.oneIn(6)) return "";
    switch (random.below(5)) {
      case 0:
        return `\nli t3, ${va}\nsfence.vma t3`;
      case 1:
        return `\nli t3, ${va}\nsfence.w.inval\nsinval.vma t3, zero\nsfence.inval.ir`;
      case 2:
        return "\nsfence.vma zero, zero";
      case 3:
        return "\nsfence.w.inval\nsinval.vma zero, zero\nsfence.inval.ir";
      default:
        return "\nsfence.vma";
    }
  }

  /** Changes a page-table entry, and fences. */
  private edit(): string {
    const { random } = this;
    const { hart } = this.fragment;
    const write = (pa: bigint, value: bigint, va: bigint): string =>
      `li t3, ${pa}\nli t6, ${value}\nsd t6, 0(t3)${this.fenceFor(va)}`;
    const page = BigInt(random.below(at.EDITED_PAGES));
    const roll = random.below(6);
    if (roll === 0) {
      return write(
        tableOf(hart, Table.LARGE_2) + 8n,
        values.editedLarge(random),
        at.LARGE_EDITED + values.dataOffset(random),
      );
    }
    if (roll === 1 && !this.program.halfwords) {
      const code = at.codeOf(hart) + random.below(4) * at.PAGE;
      const pa = tableOf(hart, Table.SAME_1) + BigInt((8 * code) / at.PAGE);
      return write(pa, values.codeEntry(random, hart), at.RAM + BigInt(code));
    }
    const va = at.EDITED + page * BigInt(at.PAGE);
    return write(tableOf(hart, Table.EDITED_1) + 8n * page, values.editedEntry(random), va);
  }

  /** Overwrites the first word of a function, and fences. */
  private patch(): string {
    const { random } = this;
    if (this.functions.length === 0) return "fence.i";
    const fence = this.program.unfenced && !random.oneIn(6) ? "" : "\nfence.i";
    return `la t3, ${random.pick(this.functions)}\nli t6, ${random.pick(PATCHES)}\nsw t6, 0(t3)${fence}`;
  }

  private fence(): string {
    return this.random.pick([
      "fence.i",
      "sfence.vma",
      `sfence.vma ${this.random.pick(POINTERS)}`,
      "sfence.vma zero, a0",
      "pause",
    ]);
  }

  /** Jumps where there is no code, or its last byte. */
  private wild(): string {
    const { random } = this;
    const end = at.RAM + BigInt(at.RAM_BYTES);
    const last = this.program.lastIsCode
      ? [end - 2n, end - 4n, end - 6n, at.USER_ALIAS + BigInt(at.RAM_BYTES) - 2n]
      : [];
    const to = random.pick([
      end,
      0n,
      1n << 32n,
      -2n,
      at.RAM + (1n << 32n),
      1n << 56n,
      BigInt(at.DEVICE),
      ...last,
      ...last,
    ]);
    if (!this.program.unfenced) return `li t3, ${to}\njr t3`;
    return `li t3, ${random.oneIn(2) ? to : at.RAM + BigInt(random.below(at.RAM_BYTES))}\njr t3`;
  }

  private xret(): string {
    const { random } = this;
    const to = this.label();
    const [csr, xret] = random.pick([
      ["mepc", "mret"],
      ["sepc", "sret"],
    ]);
    const mode = random.oneIn(2)
      ? `li t3, ${values.mstatusValue(random)}\ncsrw ${csr === "mepc" ? "mstatus" : "sstatus"}, t3\n`
      : "";
    return `${mode}la t3, ${to}\ncsrw ${csr}, t3\n${xret}\n${to}:`;
  }

  private time(): string {
    const { random } = this;
    return `csrr t3, time\naddi t3, t3, ${random.between(-50, 400)}\ncsrw stimecmp, t3\ncsrr ${this.free()}, time`;
  }
}

function fragmentOf(random: Random, hart: number, index: number, kind: Kind): Omit<Fragment, "constructs"> {
  const mode = kind === "change" && !random.oneIn(6) ? 3 : random.pick([0, 0, 1, 1, 3, 3] as const);
  const satp = random.oneIn(3) ? 0n : values.satpValue(random, hart);
  const translated = satp !== 0n && mode !== 3;
  const highToo = mode === 1 && random.oneIn(3) ? at.HIGH_ALIAS - at.RAM : 0n;
  const alias = !translated ? 0n : mode === 0 ? at.USER_ALIAS - at.RAM : highToo;
  return {
    hart,
    name: `${kind}${hart}_${index}`,
    mode,
    mstatus: values.mstatusValue(random, mode),
    satp,
    flags: (random.oneIn(kind === "change" ? 8 : 2) ? at.RESET_PMP : 0) | (random.oneIn(3) ? 0 : at.RESET_DELEGATION),
    alias: random.oneIn(24) ? at.EDITED - at.RAM : alias,
    beforePageEnd: random.oneIn(3) ? random.between(1, 30) * 2 : undefined,
    kind,
  };
}

const KINDS: readonly Kind[] = ["look", "look", "look", "change", "change", "anything"];

function hartFragments(
  random: Random,
  hart: number,
  program: Pick<HostileProgram, "unfenced" | "lastIsCode" | "halfwords">,
): Fragment[] {
  const functions = Array.from({ length: random.below(4) }, (_, i) => fragmentOf(random, hart, i, "function"));
  const scripted = Array.from({ length: random.between(2, 7) }, (_, i) =>
    fragmentOf(random, hart, i, random.pick(KINDS)),
  );
  const names = functions.map(({ name }) => name);
  return [...functions, ...scripted].map((fragment) => {
    const writer = new Writer(random, fragment, names, program);
    const count = fragment.kind === "anything" ? random.between(2, 8) : random.between(2, 5);
    return { ...fragment, constructs: Array.from({ length: count }, () => writer.construct()) };
  });
}

function eventsOf(random: Random, harts: number): Event[] {
  return Array.from({ length: random.below(3) }, () => ({
    hart: random.below(harts),
    mask: random.below(0x1000) & 0xaaa,
    value: random.below(0x1000) & 0xaaa,
    fence: random.pick(["none", "none", "i", "vma"] as const),
  }));
}

/** The program of a seed. */
export function hostileProgram(seed: number): HostileProgram {
  const random = new Random(seed);
  const harts = random.oneIn(3) ? 2 : 1;
  const unfenced = random.oneIn(8);
  const lastIsCode = random.oneIn(2);
  const halfwords = random.oneIn(2);
  const each = Array.from({ length: harts }, (_, hart) => hart);
  return {
    seed,
    harts,
    unfenced,
    lastIsCode,
    halfwords,
    fragments: each.flatMap((hart) => hartFragments(random, hart, { unfenced, lastIsCode, halfwords })),
    tables: each.flatMap((hart) => values.pageTables(random, hart)),
    pointers: each.map(() =>
      [0n, at.USER_ALIAS - at.RAM].map((alias) =>
        POINTERS.map(() => values.pointer(random, alias, lastIsCode && !unfenced)),
      ),
    ),
    slices: Array.from({ length: random.between(2, 5) }, () => ({
      steps: random.pick([random.between(1, 99), random.between(2049, 4000), random.between(5000, 12_000)]),
      events: eventsOf(random, harts),
    })),
  };
}

/** The text of a fragment, with the end that leads on to the next one. */
export function fragmentText({ name, constructs, kind }: Fragment): string {
  return `${name}:\n${constructs.join("\n")}\n${kind === "function" ? "ret" : "ecall"}`;
}

/** Bytes for an offset of RAM. */
export interface Part {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

function words(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values.map((value) => BigInt.asUintN(64, value))).buffer);
}

/** A hart's code. Fragments that are to lie across the end of a page are moved there. */
function assembleHart(fragments: readonly Fragment[], base: bigint): ReturnType<typeof assembleProgram> {
  const text = fragments.map((fragment) => `ecall\n${fragmentText(fragment)}`);
  const close = assembleProgram(text.join("\n"), base);
  let moved = 0;
  const padded = fragments.map(({ name, beforePageEnd }, i) => {
    if (beforePageEnd === undefined) return text[i]!;
    const offset = Number(close.labels.get(name)! - base) + moved;
    const room = (at.PAGE - 4 - beforePageEnd - (offset % at.PAGE) + 2 * at.PAGE) % at.PAGE;
    moved += room;
    return `.zero ${room}\n${text[i]!}`;
  });
  const far = assembleProgram(padded.join("\n"), base);
  return far.bytes.length > at.CODE_BYTES ? close : far;
}

/** A hart's code and control block. */
function hartParts(program: HostileProgram, hart: number): Part[] {
  const fragments = program.fragments.filter((fragment) => fragment.hart === hart);
  const { bytes, labels } = assembleHart(fragments, at.RAM + BigInt(at.codeOf(hart)));
  const block = at.RAM + BigInt(controlOf(hart));
  const lists = program.pointers[hart]!;
  const script = fragments
    .filter(({ kind }) => kind !== "function")
    .flatMap(({ name, alias, mstatus, satp, flags }) => {
      const list = block + BigInt(control.pointers + (alias === at.USER_ALIAS - at.RAM ? 8 * POINTERS.length : 0));
      return [labels.get(name)! + alias, mstatus, satp, BigInt(flags), list];
    });
  return [
    { offset: at.codeOf(hart), bytes },
    { offset: controlOf(hart) + control.next, bytes: words([block + BigInt(control.first), 3n]) },
    { offset: controlOf(hart) + control.pointers, bytes: words(lists.flat()) },
    { offset: controlOf(hart) + control.first, bytes: words(script) },
  ];
}

/** Everything that has to be in RAM. */
export function programParts(program: HostileProgram): Part[] {
  const parts: Part[] = [{ offset: at.HARNESS, bytes: harness.bytes }];
  for (let hart = 0; hart < program.harts; hart++) parts.push(...hartParts(program, hart));
  for (const [pa, value] of program.tables) parts.push({ offset: Number(pa - at.RAM), bytes: words([value]) });
  if (program.lastIsCode) {
    // Instructions up to RAM's end, the last of which goes on behind it.
    const last = new Uint8Array(at.PAGE).fill(0x73);
    for (let i = 0; i < at.PAGE; i += 4) last.set([0x73, 0, 0, 0], i);
    last.set([0x13, 0x05], at.PAGE - 2);
    parts.push({ offset: at.LAST_PAGE, bytes: last });
  }
  return parts;
}

export const startPc = (): bigint => harnessAt("start");
