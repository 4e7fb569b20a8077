/** The floating-point instructions that the predecoded loops do in place (assembly/interp/in_place.ts). */

/** Handlers with a function of the same name there, one for both formats. */
const plain = ["fadd", "fsub", "fmul", "fdiv", "fsqrt", "fsgnjx", "feq", "flt", "fle", "fmin", "fmax"];

/** The sign to flip in the product and in the addend. */
const fused: Readonly<Record<string, readonly [product: boolean, addend: boolean]>> = {
  fmadd: [false, false],
  fmsub: [false, true],
  fnmsub: [true, false],
  fnmadd: [true, true],
};

const formats = { s: "f32", d: "f64" } as const;
const integers = { w: "i32", wu: "u32", l: "i64", lu: "u64" } as const;

function conditions(): Map<string, string> {
  const done = new Map<string, string>();
  const add = (handler: string, name: string, more = ""): void => {
    done.set(handler, `in_place.${name}(hart, r, ready${more})`);
  };
  for (const [suffix, type] of Object.entries(formats)) {
    for (const name of plain) add(`${name}_${suffix}`, `${name}<${type}>`);
    for (const [name, [product, addend]] of Object.entries(fused)) {
      add(`${name}_${suffix}`, `fma<${type}>`, `, ${product}, ${addend}`);
    }
    add(`fsgnj_${suffix}`, `fsgnj<${type}>`, ", 0");
    add(`fsgnjn_${suffix}`, `fsgnj<${type}>`, ", -1");
    for (const [letters, integer] of Object.entries(integers)) {
      add(`fcvt_${letters}_${suffix}`, `to_integer<${type}, ${integer}>`);
      add(`fcvt_${suffix}_${letters}`, `from_integer<${integer}, ${type}>`);
    }
  }
  for (const [letter, type] of [
    ["w", "f32"],
    ["d", "f64"],
  ] as const) {
    add(`fmv_x_${letter}`, `to_bits<${type}>`);
    add(`fmv_${letter}_x`, `from_bits<${type}>`);
  }
  add("fcvt_s_d", "narrow");
  add("fcvt_d_s", "widen");
  return done;
}

/** By handler: the expression that does the instruction, false when the slow tail has to. */
export const floatInPlace: ReadonlyMap<string, string> = conditions();
