/** Rounding modes and accrued exception flags, as fcsr encodes them. */

/** Rounding modes. (Unprivileged ISA, "Floating-Point Control and Status Register") */
export enum Rm {
  /** To nearest, ties to even. */
  RNE = 0,
  /** Towards zero. */
  RTZ = 1,
  /** Down, towards minus infinity. */
  RDN = 2,
  /** Up, towards plus infinity. */
  RUP = 3,
  /** To nearest, ties to the larger magnitude. */
  RMM = 4,
  /** In an instruction: take the mode from frm. */
  DYN = 7,
}

/** Accrued exception flags. */
export enum Flag {
  /** Inexact. */
  NX = 1,
  /** Underflow. */
  UF = 2,
  /** Overflow. */
  OF = 4,
  /** Divide by zero. */
  DZ = 8,
  /** Invalid operation. */
  NV = 16,
}
