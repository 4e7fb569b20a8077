/** The body of a random program: bounded control flow around random instructions, laid out and linked. */

import { putField } from "../bits.ts";
import type { Instruction } from "../instruction.ts";
import { instructionByName } from "../ops.ts";
import { BASE, COUNTER, freeRegister, LINK, randomAccess, randomWord } from "./encode.ts";
import type { Pool } from "./pool.ts";
import type { Random } from "./values.ts";

/** An instruction whose place is not known yet; `link` gets its offset and every item's. */
interface Item {
  readonly size: number;
  readonly link: (own: number, offsets: readonly number[]) => number;
}

const named = (name: string): Instruction => instructionByName.get(name)!;

/** Words that no extension of the machine gives a meaning. */
const illegalWords: readonly (readonly [word: number, size: number])[] = [
  [0x0000, 2],
  [0x8000_0000 + 0x1f, 4],
  [0xffff_ffff, 4],
  [0x0000_700b, 4],
  [0x9c7d, 2],
  [0x6101, 2],
  [0x2001, 2],
  [0x4002, 2],
  [0xc000_1073, 4],
  [0xf140_1073, 4],
  [0x7ff0_2573, 4],
];

/** Builds one body; every path through it ends. */
export class Body {
  private readonly items: Item[] = [];

  constructor(
    private readonly random: Random,
    private readonly pool: Pool,
  ) {}

  /** Appends about `count` constructs. */
  build(count: number): void {
    for (let i = 0; i < count; i++) this.construct();
  }

  /** The code when it starts at `base`. */
  link(base: number): Uint8Array {
    const offsets: number[] = [];
    let size = 0;
    for (const item of this.items) {
      offsets.push(base + size);
      size += item.size;
    }
    offsets.push(base + size);
    const bytes = new Uint8Array(size);
    this.items.forEach((item, i) => {
      const word = item.link(offsets[i]!, offsets);
      for (let at = 0; at < item.size; at++) bytes[offsets[i]! - base + at] = word >>> (8 * at);
    });
    return bytes;
  }

  private put(word: number, size: number): void {
    this.items.push({ size, link: () => word });
  }

  private word(insn: Instruction, fixed?: Readonly<Record<string, number>>): void {
    this.put(randomWord(insn, this.random, fixed), insn.length);
  }

  /** A branch or direct jump to the item with index `target()`, known by the time of linking. */
  private jump(insn: Instruction, target: () => number, fixed: Readonly<Record<string, number>> = {}): void {
    const word = randomWord(insn, this.random, { ...fixed, i: 0 });
    const field = insn.fields.get("i")!;
    this.items.push({
      size: insn.length,
      link: (own, offsets) => word + putField(field, offsets[target()]! - own),
    });
  }

  private construct(): void {
    const { random } = this;
    const roll = random.below(100);
    if (roll < 58) this.plain();
    else if (roll < 70) this.access();
    else if (roll < 76) this.computedAccess();
    else if (roll < 81) this.atomic();
    else if (roll < 89) this.forwardBranch();
    else if (roll < 92) this.forwardJump();
    else if (roll < 94) this.call();
    else if (roll < 96) this.loop();
    else if (roll < 98) this.selfModify();
    else this.trap();
  }

  private plain(): void {
    this.word(this.pool.pickPlain(this.random));
  }

  private access(): void {
    const insn = this.random.pick(this.pool.memory);
    this.put(randomAccess(insn, this.random), insn.length);
  }

  private straightLine(): void {
    const count = this.random.between(1, 4);
    for (let i = 0; i < count; i++)
      if (this.random.oneIn(4)) this.access();
      else this.plain();
  }

  /** A register that points `mask`-wise anywhere into the scratch memory. */
  private pointer(mask: number): number {
    const register = freeRegister(this.random);
    this.word(named("andi"), { d: register, i: mask });
    this.word(named("add"), { d: register, s: register, t: BASE });
    return register;
  }

  private computedAccess(): void {
    const wide = this.pool.memory.filter((insn) => insn.length === 4);
    const insn = this.random.pick(wide);
    const register = this.pointer(this.random.pick([0x3f, 0x1ff, 0x1f8]));
    this.word(insn, { s: register, i: this.random.between(-64, 64) });
    if (this.pool.cacheBlocks.length > 0 && this.random.oneIn(4)) {
      this.word(this.random.pick(this.pool.cacheBlocks), { s: this.pointer(0x1ff) });
    }
  }

  /** One atomic, or LR, something, and SC to the same place (mostly). */
  private atomic(): void {
    const { random, pool } = this;
    const exchange = random.pick(pool.atomic);
    if (!/^(lr|sc)/.test(exchange.name) && random.oneIn(2)) {
      this.word(exchange, { s: this.pointer(random.oneIn(12) ? 0x1ff : 0x1f0) });
      return;
    }
    const register = this.pointer(0x1f8);
    const width = random.pick(["w", "d"]);
    const value = freeRegister(random);
    this.word(named(`lr.${width}`), { s: register, d: value === register ? 0 : value });
    if (random.oneIn(3)) this.put(randomAccess(named("sd"), random), 4);
    // SC to where nothing is reserved may raise or not, so it goes to memory in any case.
    this.word(named(`sc.${random.oneIn(8) ? "d" : width}`), { s: random.oneIn(8) ? BASE : register });
  }

  private forwardBranch(): void {
    let target = 0;
    this.jump(this.random.pick(this.pool.branches), () => target);
    this.straightLine();
    target = this.items.length;
  }

  /** `jal`, `c.j`, or `auipc` and `jalr` with a target whose lowest bit is to be ignored. */
  private forwardJump(): void {
    let target = 0;
    const kind = this.random.below(3);
    if (kind === 0) this.jump(named("jal"), () => target);
    else if (kind === 1) this.jump(named("c.j"), () => target);
    else this.indirectJump(() => target);
    this.straightLine();
    target = this.items.length;
  }

  private indirectJump(target: () => number): void {
    const register = freeRegister(this.random);
    const start = this.items.length;
    this.word(named("auipc"), { d: register, i: 0 });
    const insn = named("jalr");
    const word = randomWord(insn, this.random, { s: register, i: 0 });
    const odd = this.random.below(2);
    this.items.push({
      size: 4,
      link: (_, offsets) => word + putField(insn.fields.get("i")!, offsets[target()]! - offsets[start]! + odd),
    });
  }

  /** A function in the middle of the code, called once and then jumped over. */
  private call(): void {
    let end = 0;
    const start = this.items.length + 2;
    this.jump(named("jal"), () => start, { d: LINK });
    this.jump(named("jal"), () => end, { d: 0 });
    this.straightLine();
    this.straightLine();
    if (this.random.oneIn(2)) this.word(named("c.jr"), { s: LINK });
    else this.word(named("jalr"), { d: 0, s: LINK, i: 0 });
    end = this.items.length;
  }

  private loop(): void {
    this.word(named("addi"), { d: COUNTER, s: 0, i: this.random.between(1, 6) });
    const top = this.items.length;
    this.straightLine();
    if (this.random.oneIn(2)) this.forwardBranch();
    this.straightLine();
    this.word(named("addi"), { d: COUNTER, s: COUNTER, i: -1 });
    this.jump(named("bne"), () => top, { s: COUNTER, t: 0 });
  }

  /** Executes an instruction, overwrites it, executes FENCE.I and then what it has become. */
  private selfModify(): void {
    const { random, pool } = this;
    const wide = (): Instruction => {
      const insn = pool.pickPlain(random);
      return insn.length === 4 ? insn : wide();
    };
    const value = freeRegister(random);
    let pointer = freeRegister(random);
    while (pointer === value) pointer = freeRegister(random);
    this.word(named("addi"), { d: COUNTER, s: 0, i: 2 });
    const top = this.items.length;
    this.word(wide());
    const patch = randomWord(wide(), random) | 0;
    const low = (patch << 20) >> 20;
    this.word(named("lui"), { d: value, i: (patch - low) | 0 });
    this.word(named("addiw"), { d: value, s: value, i: low });
    const here = this.items.length;
    this.word(named("auipc"), { d: pointer, i: 0 });
    const store = named("sw");
    const word = randomWord(store, random, { s: pointer, t: value, i: 0 });
    const link = (_: number, offsets: readonly number[]): number =>
      word + putField(store.fields.get("i")!, offsets[top]! - offsets[here]!);
    this.items.push({ size: 4, link });
    this.word(named("fence.i"));
    this.word(named("addi"), { d: COUNTER, s: COUNTER, i: -1 });
    this.jump(named("bne"), () => top, { s: COUNTER, t: 0 });
  }

  private trap(): void {
    const [word, size] = this.random.pick(illegalWords);
    const kind = this.random.below(6);
    if (kind === 0) this.word(named("ecall"));
    else if (kind === 1) this.word(named("ebreak"));
    else if (kind === 2) this.word(named("c.ebreak"));
    else this.put(word, size);
  }
}
