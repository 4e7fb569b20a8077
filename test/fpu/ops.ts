/**
 * The table of floating-point operations under test: for each its operand kinds, the function of the core that does it,
 * and the instruction an oracle executes.
 */

/** Where a value lives and what it is: a format in an f register, or an integer in an x register. */
export type Kind = "h" | "s" | "d" | "w" | "wu" | "l" | "lu";

/** Operations whose meaning `reference.ts` knows. */
export type Meaning =
  | "add" | "sub" | "mul" | "div" | "sqrt" | "madd"
  | "min" | "max" | "minm" | "maxm" | "eq" | "lt" | "le" | "ltq" | "leq"
  | "convert" | "round" | "roundnx" | "cvtmod" | "classify" | "sgnj" | "sgnjn" | "sgnjx"; // oxfmt-ignore

export interface Op {
  meaning: Meaning;
  operands: readonly Kind[];
  result: Kind;
  /** An expression over hart, a, b, c, rm in the private entry. */
  core: string;
  /** The mnemonic, or none where the oracle does not have it. */
  instruction: string | undefined;
  /** Whether the instruction has a rounding mode. */
  rounds: boolean;
}

const type = { h: "F16", s: "F32", d: "F64", w: "i32", wu: "u32", l: "i64", lu: "u64" } as const;
const formats = ["h", "s", "d"] as const;
const integers = ["w", "wu", "l", "lu"] as const;

function* rows(): Generator<[string, Op]> {
  for (const f of formats) {
    const T = type[f];
    const arithmetic = (meaning: Meaning, count: number, core: string): [string, Op] => [
      `${meaning}_${f}`,
      {
        meaning,
        operands: Array<Kind>(count).fill(f),
        result: f,
        core,
        instruction: meaning.startsWith("round") ? undefined : `f${meaning}.${f}`,
        rounds: true,
      },
    ];
    yield arithmetic("add", 2, `fast.add<${T}>(hart, a, b, rm)`);
    yield arithmetic("sub", 2, `fast.sub<${T}>(hart, a, b, rm)`);
    yield arithmetic("mul", 2, `fast.mul<${T}>(hart, a, b, rm)`);
    yield arithmetic("div", 2, `fast.div<${T}>(hart, a, b, rm)`);
    yield arithmetic("sqrt", 1, `fast.sqrt<${T}>(hart, a, rm)`);
    yield arithmetic("madd", 3, `fastFma.fma<${T}>(hart, a, b, c, rm)`);
    yield arithmetic("round", 1, `fastInt.toIntegral<${T}>(hart, a, rm, 0)`);
    yield arithmetic("roundnx", 1, `fastInt.toIntegral<${T}>(hart, a, rm, 1)`);

    const plain = (meaning: Meaning, result: Kind, core: string, instruction?: string, count = 2): [string, Op] => [
      `${meaning}_${f}`,
      { meaning, operands: Array<Kind>(count).fill(f), result, core, instruction, rounds: false },
    ];
    for (const meaning of ["min", "max"] as const) {
      yield plain(meaning, f, `compare.${meaning}<${T}>(hart, a, b)`, `f${meaning}.${f}`);
      yield plain(`${meaning}m`, f, `compare.${meaning}m<${T}>(hart, a, b)`);
    }
    for (const meaning of ["eq", "lt", "le"] as const) {
      yield plain(meaning, "l", `compare.${meaning}<${T}>(hart, a, b)`, `f${meaning}.${f}`);
    }
    yield plain("ltq", "l", `compare.ltq<${T}>(hart, a, b)`);
    yield plain("leq", "l", `compare.leq<${T}>(hart, a, b)`);
    for (const meaning of ["sgnj", "sgnjn", "sgnjx"] as const) {
      yield plain(meaning, f, `compare.${meaning}<${T}>(a, b)`, `f${meaning}.${f}`);
    }
    yield plain("classify", "l", `compare.classify<${T}>(a)`, `fclass.${f}`, 1);

    for (const i of integers) {
      const I = type[i];
      yield [
        `cvt_${i}_${f}`,
        {
          meaning: "convert",
          operands: [f],
          result: i,
          core: `fastInt.toInteger<${T}, ${I}>(hart, a, rm)`,
          instruction: `fcvt.${i}.${f}`,
          rounds: true,
        },
      ];
      yield [
        `cvt_${f}_${i}`,
        {
          meaning: "convert",
          operands: [i],
          result: f,
          core: `fastInt.fromInteger<${I}, ${T}>(hart, a, rm)`,
          instruction: `fcvt.${f}.${i}`,
          // GNU as takes no rounding mode on these two, which are exact.
          rounds: !(f === "d" && i.startsWith("w")),
        },
      ];
    }
    for (const to of formats) {
      if (to === f) continue;
      const core =
        f === "d" && to === "s"
          ? "fast.narrow(hart, a, rm)"
          : f === "s" && to === "d"
            ? "fast.widen(hart, a, rm)"
            : `convert.convert<${T}, ${type[to]}>(hart, a, rm)`;
      const narrows = formats.indexOf(to) < formats.indexOf(f);
      const op: Op = {
        meaning: "convert",
        operands: [f],
        result: to,
        core,
        instruction: `fcvt.${to}.${f}`,
        rounds: narrows,
      };
      yield [`cvt_${to}_${f}`, op];
    }
  }
  yield [
    "cvtmod_w_d",
    {
      meaning: "cvtmod",
      operands: ["d"],
      result: "w",
      core: "convert.toInt32Modular(hart, a)",
      instruction: undefined,
      rounds: false,
    },
  ];
}

export type OpName = string;

export const ops: Readonly<Record<OpName, Op>> = Object.fromEntries(rows());
