/** What the core and translated code need of a WebAssembly engine. */

/** The smallest module that uses a feature, behind magic number and version. */
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Type section: one function type, nothing in, nothing out. Function section: one function of it. */
const ONE_FUNCTION = [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];

/** A module whose one function has `body`. */
function withBody(...body: number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x0b];
  return Uint8Array.from([...HEADER, ...ONE_FUNCTION, 10, code.length + 2, 1, code.length, ...code]);
}

/** What the core is compiled to. */
const CORE_FEATURES: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "sign extension": withBody(0x41, 0, 0xc0, 0x1a),
  "saturating conversions": withBody(0x43, 0, 0, 0, 0, 0xfc, 0, 0x1a),
  "bulk memory": Uint8Array.from([
    ...[...HEADER, ...ONE_FUNCTION, 5, 3, 1, 0, 1],
    ...[10, 13, 1, 11, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 11, 0, 0x0b],
  ]),
};

/** `return_call` of itself. */
const TAIL_CALL = withBody(0x12, 0);

/** Names of what the engine lacks and the core needs; empty when it will do. */
export function missingFeatures(): string[] {
  if (typeof WebAssembly !== "object") return ["WebAssembly"];
  const lacking = Object.entries(CORE_FEATURES).filter(([, module]) => !WebAssembly.validate(module));
  const names = lacking.map(([name]) => name);
  return typeof BigInt64Array === "function" ? names : ["BigInt", ...names];
}

/** Whether translated code can run: its jumps are tail calls. */
export function hasTailCalls(): boolean {
  return WebAssembly.validate(TAIL_CALL);
}

const [F32, F64] = [0x7d, 0x7c];

/** `export "f"`: of three numbers, the first lanes of their vectors multiplied and added. */
function maddModule(type: number, splat: number, madd: number, lane: number): Uint8Array<ArrayBuffer> {
  const vectors = [0, 1, 2].flatMap((index) => [0x20, index, 0xfd, splat]);
  const body = [0, ...vectors, 0xfd, 0x80 | (madd & 0x7f), madd >> 7, 0xfd, lane, 0, 0x0b];
  return Uint8Array.from([
    ...[...HEADER, 1, 8, 1, 0x60, 3, type, type, type, 1, type, 3, 2, 1, 0],
    ...[7, 5, 1, 1, 0x66, 0, 0, 10, body.length + 2, 1, body.length, ...body],
  ]);
}

/** (1 + e)^2 - (1 + 2e) is e^2, and 0 when the square is rounded first. */
function fuses(module: Uint8Array<ArrayBuffer>, e: number): boolean {
  if (!WebAssembly.validate(module)) return false;
  try {
    const { f } = new WebAssembly.Instance(new WebAssembly.Module(module)).exports;
    return (f as (a: number, b: number, c: number) => number)(1 + e, 1 + e, -1 - 2 * e) === e * e;
  } catch {
    // A page that may not compile.
    return false;
  }
}

let relaxedMadd: boolean | undefined;

/** Whether the engine has relaxed SIMD, and its multiply-add is fused (which the processor decides). */
export function hasFusedMadd(): boolean {
  relaxedMadd ??=
    fuses(maddModule(F64, 0x14, 0x107, 0x21), 2 ** -30) && fuses(maddModule(F32, 0x13, 0x105, 0x1f), 2 ** -13);
  return relaxedMadd;
}
