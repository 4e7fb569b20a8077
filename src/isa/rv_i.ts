/** RV64I (Unprivileged ISA, "RV32I Base Integer Instruction Set" and "RV64I Base Integer Instruction Set"). */

import type { Table } from "./row.ts";

export const rv_i: Table = {
  name: "rv_i",
  hot: true,
  rows: [
    { name: "lui", bits: "iiiiiiiiiiiiiiiiiiii ddddd 0110111", format: "U" },
    { name: "auipc", bits: "iiiiiiiiiiiiiiiiiiii ddddd 0010111", format: "U", flow: "pc" },
    { name: "jal", bits: "iiiiiiiiiiiiiiiiiiii ddddd 1101111", format: "J", flow: "jump" },
    { name: "jalr", bits: "iiiiiiiiiiii sssss 000 ddddd 1100111", format: "jalr", flow: "jump" },

    { name: "beq", bits: "iiiiiii ttttt sssss 000 iiiii 1100011", format: "B", flow: "branch" },
    { name: "bne", bits: "iiiiiii ttttt sssss 001 iiiii 1100011", format: "B", flow: "branch" },
    { name: "blt", bits: "iiiiiii ttttt sssss 100 iiiii 1100011", format: "B", flow: "branch" },
    { name: "bge", bits: "iiiiiii ttttt sssss 101 iiiii 1100011", format: "B", flow: "branch" },
    { name: "bltu", bits: "iiiiiii ttttt sssss 110 iiiii 1100011", format: "B", flow: "branch" },
    { name: "bgeu", bits: "iiiiiii ttttt sssss 111 iiiii 1100011", format: "B", flow: "branch" },

    { name: "lb", bits: "iiiiiiiiiiii sssss 000 ddddd 0000011", format: "load", flow: "trap" },
    { name: "lh", bits: "iiiiiiiiiiii sssss 001 ddddd 0000011", format: "load", flow: "trap" },
    { name: "lw", bits: "iiiiiiiiiiii sssss 010 ddddd 0000011", format: "load", flow: "trap" },
    { name: "ld", bits: "iiiiiiiiiiii sssss 011 ddddd 0000011", format: "load", flow: "trap" },
    { name: "lbu", bits: "iiiiiiiiiiii sssss 100 ddddd 0000011", format: "load", flow: "trap" },
    { name: "lhu", bits: "iiiiiiiiiiii sssss 101 ddddd 0000011", format: "load", flow: "trap" },
    { name: "lwu", bits: "iiiiiiiiiiii sssss 110 ddddd 0000011", format: "load", flow: "trap" },
    { name: "sb", bits: "iiiiiii ttttt sssss 000 iiiii 0100011", format: "S", flow: "trap" },
    { name: "sh", bits: "iiiiiii ttttt sssss 001 iiiii 0100011", format: "S", flow: "trap" },
    { name: "sw", bits: "iiiiiii ttttt sssss 010 iiiii 0100011", format: "S", flow: "trap" },
    { name: "sd", bits: "iiiiiii ttttt sssss 011 iiiii 0100011", format: "S", flow: "trap" },

    { name: "addi", bits: "iiiiiiiiiiii sssss 000 ddddd 0010011", format: "I" },
    { name: "slti", bits: "iiiiiiiiiiii sssss 010 ddddd 0010011", format: "I" },
    { name: "sltiu", bits: "iiiiiiiiiiii sssss 011 ddddd 0010011", format: "I" },
    { name: "xori", bits: "iiiiiiiiiiii sssss 100 ddddd 0010011", format: "I" },
    { name: "ori", bits: "iiiiiiiiiiii sssss 110 ddddd 0010011", format: "I" },
    { name: "andi", bits: "iiiiiiiiiiii sssss 111 ddddd 0010011", format: "I" },
    { name: "slli", bits: "000000 iiiiii sssss 001 ddddd 0010011", format: "shift" },
    { name: "srli", bits: "000000 iiiiii sssss 101 ddddd 0010011", format: "shift" },
    { name: "srai", bits: "010000 iiiiii sssss 101 ddddd 0010011", format: "shift" },

    { name: "add", bits: "0000000 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "sub", bits: "0100000 ttttt sssss 000 ddddd 0110011", format: "R" },
    { name: "sll", bits: "0000000 ttttt sssss 001 ddddd 0110011", format: "R" },
    { name: "slt", bits: "0000000 ttttt sssss 010 ddddd 0110011", format: "R" },
    { name: "sltu", bits: "0000000 ttttt sssss 011 ddddd 0110011", format: "R" },
    { name: "xor", bits: "0000000 ttttt sssss 100 ddddd 0110011", format: "R" },
    { name: "srl", bits: "0000000 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "sra", bits: "0100000 ttttt sssss 101 ddddd 0110011", format: "R" },
    { name: "or", bits: "0000000 ttttt sssss 110 ddddd 0110011", format: "R" },
    { name: "and", bits: "0000000 ttttt sssss 111 ddddd 0110011", format: "R" },

    { name: "addiw", bits: "iiiiiiiiiiii sssss 000 ddddd 0011011", format: "I" },
    { name: "slliw", bits: "0000000 iiiii sssss 001 ddddd 0011011", format: "shiftw" },
    { name: "srliw", bits: "0000000 iiiii sssss 101 ddddd 0011011", format: "shiftw" },
    { name: "sraiw", bits: "0100000 iiiii sssss 101 ddddd 0011011", format: "shiftw" },
    { name: "addw", bits: "0000000 ttttt sssss 000 ddddd 0111011", format: "R" },
    { name: "subw", bits: "0100000 ttttt sssss 000 ddddd 0111011", format: "R" },
    { name: "sllw", bits: "0000000 ttttt sssss 001 ddddd 0111011", format: "R" },
    { name: "srlw", bits: "0000000 ttttt sssss 101 ddddd 0111011", format: "R" },
    { name: "sraw", bits: "0100000 ttttt sssss 101 ddddd 0111011", format: "R" },

    // "Memory Ordering Instructions": implementations shall ignore rd and rs1, and treat reserved fm as a normal fence.
    { name: "fence", bits: "ffff pppp qqqq ----- 000 ----- 0001111", format: "fence" },
  ],
};
