/** The instruction set as data: tables, op numbers, CSRs, state, assembler. */

export { assemble, assembleProgram, assembleWord, type Program } from "./assemble.ts";
export { csrByName, csrByNumber, csrs, type Csr, type CsrPrivilege } from "./csr.ts";
export { findInstruction, lengthOf } from "./find.ts";
export { compressedInstructions, fieldValue, instructions, wideInstructions, type Instruction } from "./instruction.ts";
export { fNames, xNames } from "./names.ts";
export { FIRST_EXT_OP, instructionByName, instructionOfOp, opOf, ops, specialOps, type OpEntry } from "./ops.ts";
export type { Flow } from "./row.ts";
export {
  codeState,
  hartState,
  isSaved,
  isVisible,
  vmState,
  type FieldKind,
  type FieldType,
  type StateRow,
} from "./state.ts";
