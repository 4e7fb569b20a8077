/** From an instruction word to its record (docs/design/records.md). Generated from src/isa by `npm run generate`; do not edit. */

import { Op } from "./op";

function illegal(word: u32): u64 {
  return <u64>Op.ILLEGAL | ((<u64>word) << 32);
}

function pack0(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(<u32>(<i32>word >> 20)) << 32);
}

function pack1(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000)) | (<u64>(<u32>(<i32>word >> 20)) << 32);
}

function pack2(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT) | (<u64>(op) << 32);
}

function pack3(word: u32, op: u32): u64 {
  return <u64>(op);
}

function pack4(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf80000)) | (<u64>(op) << 32);
}

function pack5(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(((word >> 20) & 0x3f)) << 32);
}

function pack6(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(op) << 32);
}

function pack7(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(op | ((word >> 4) & 0xf0000)) << 32);
}

function pack8(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000));
}

function pack9(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (<u64>(<u32>((<i32>word >> 12) << 12)) << 32);
}

function pack10(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(((word >> 20) & 0x1f)) << 32);
}

function pack11(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(<u32>((<i32>word >> 25) << 5) | ((word >> 7) & 0x1f)) << 32);
}

function pack12(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op) << 32);
}

function pack13(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000));
}

function pack14(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op | ((word >> 14) & 0x30000)) << 32);
}

function pack15(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(((word << 4) & 0x70000) | (word & 0xf8000000)) << 32);
}

function pack16(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op | ((word << 4) & 0x70000) | (word & 0xf8000000)) << 32);
}

function pack17(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(((word << 4) & 0x70000)) << 32);
}

function pack18(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op | ((word << 4) & 0x70000)) << 32);
}

function pack19(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000));
}

function pack20(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op) << 32);
}

function pack21(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000)) | (<u64>(((word << 4) & 0x70000)) << 32);
}

function pack22(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000)) | (<u64>(op | ((word << 4) & 0x70000)) << 32);
}

function pack23(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(((word << 4) & 0x70000)) << 32);
}

function pack24(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(op | ((word << 4) & 0x70000)) << 32);
}

function pack25(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000));
}

function pack26(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800)) | (<u64>(op | ((word << 1) & 0x1f0000)) << 32);
}

function pack27(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf800) | ((word << 4) & 0xf80000)) | (<u64>(op) << 32);
}

function pack28(word: u32, op: u32): u64 {
  return <u64>(op | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(<u32>((<i32>word >> 31) << 12) | ((word << 4) & 0x800) | ((word >> 20) & 0x7e0) | ((word >> 7) & 0x1e)) << 32);
}

function pack29(word: u32, op: u32): u64 {
  return <u64>(op | ((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (<u64>(<u32>((<i32>word >> 31) << 20) | (word & 0xff000) | ((word >> 9) & 0x800) | ((word >> 20) & 0x7fe)) << 32);
}

function pack30(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((word << 4) & 0xf80000) | ((word << 7) & 0xf8000000)) | (<u64>(op) << 32);
}

function pack31(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 4) & 0xf80000)) | (<u64>(op | ((word >> 4) & 0xfff0000)) << 32);
}

function pack32(word: u32, op: u32): u64 {
  return <u64>(<u32>Op.EXT | ((((word << 4) & 0xf800)) - 0x800 & 0xff00) | ((word << 1) & 0x1f0000)) | (<u64>(op | ((word >> 4) & 0xfff0000)) << 32);
}

/** The record of a 4-byte instruction; the low two bits of `word` are ones. */
export function decode(word: u32): u64 {
  switch ((word >> 2) & 31) {
    case 0: {
      switch ((word >> 12) & 7) {
        case 0: {
          return pack0(word, Op.LB);
        }
        case 1: {
          return pack0(word, Op.LH);
        }
        case 2: {
          return pack0(word, Op.LW);
        }
        case 3: {
          return pack0(word, Op.LD);
        }
        case 4: {
          return pack0(word, Op.LBU);
        }
        case 5: {
          return pack0(word, Op.LHU);
        }
        case 6: {
          return pack0(word, Op.LWU);
        }
        default:
          return illegal(word);
      }
    }
    case 1: {
      switch ((word >> 12) & 7) {
        case 1: {
          return pack1(word, Op.FLH);
        }
        case 2: {
          return pack1(word, Op.FLW);
        }
        case 3: {
          return pack1(word, Op.FLD);
        }
        default:
          return illegal(word);
      }
    }
    case 3: {
      switch ((word >> 12) & 7) {
        case 0: {
          if ((word & 0xffff8f80) == 0x1000000) return pack2(word, Op.PAUSE);
          return pack3(word, Op.FENCE);
        }
        case 1: {
          return pack2(word, Op.FENCE_I);
        }
        case 2: {
          if ((word & 0xfff00f80) == 0x0) return pack4(word, Op.CBO_INVAL);
          if ((word & 0xfff00f80) == 0x100000) return pack4(word, Op.CBO_CLEAN);
          if ((word & 0xfff00f80) == 0x200000) return pack4(word, Op.CBO_FLUSH);
          if ((word & 0xfff00f80) == 0x400000) return pack4(word, Op.CBO_ZERO);
          return illegal(word);
        }
        default:
          return illegal(word);
      }
    }
    case 4: {
      switch ((word >> 12) & 7) {
        case 0: {
          return pack0(word, Op.ADDI);
        }
        case 1: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.SLLI);
              return illegal(word);
            }
            case 2: {
              switch ((word >> 22) & 31) {
                case 0: {
                  switch ((word >> 20) & 3) {
                    case 0: {
                      return pack6(word, Op.SHA256SUM0);
                    }
                    case 1: {
                      return pack6(word, Op.SHA256SUM1);
                    }
                    case 2: {
                      return pack6(word, Op.SHA256SIG0);
                    }
                    case 3: {
                      return pack6(word, Op.SHA256SIG1);
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 1: {
                  switch ((word >> 20) & 3) {
                    case 0: {
                      return pack6(word, Op.SHA512SUM0);
                    }
                    case 1: {
                      return pack6(word, Op.SHA512SUM1);
                    }
                    case 2: {
                      return pack6(word, Op.SHA512SIG0);
                    }
                    case 3: {
                      return pack6(word, Op.SHA512SIG1);
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 2: {
                  switch ((word >> 20) & 3) {
                    case 0: {
                      return pack6(word, Op.SM3P0);
                    }
                    case 1: {
                      return pack6(word, Op.SM3P1);
                    }
                    default:
                      return illegal(word);
                  }
                }
                default:
                  return illegal(word);
              }
            }
            case 5: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.BSETI);
              return illegal(word);
            }
            case 6: {
              switch ((word >> 24) & 7) {
                case 0: {
                  if ((word & 0xf00000) == 0x0) return pack6(word, Op.AES64IM);
                  return illegal(word);
                }
                case 1: {
                  if ((((word >> 20) & 0xf)) <= 10) return pack7(word, Op.AES64KS1I);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 9: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.BCLRI);
              return illegal(word);
            }
            case 12: {
              switch ((word >> 22) & 31) {
                case 0: {
                  switch ((word >> 20) & 3) {
                    case 0: {
                      return pack8(word, Op.CLZ);
                    }
                    case 1: {
                      return pack8(word, Op.CTZ);
                    }
                    case 2: {
                      return pack8(word, Op.CPOP);
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 1: {
                  switch ((word >> 20) & 3) {
                    case 0: {
                      return pack8(word, Op.SEXT_B);
                    }
                    case 1: {
                      return pack8(word, Op.SEXT_H);
                    }
                    default:
                      return illegal(word);
                  }
                }
                default:
                  return illegal(word);
              }
            }
            case 13: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.BINVI);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 2: {
          return pack0(word, Op.SLTI);
        }
        case 3: {
          return pack0(word, Op.SLTIU);
        }
        case 4: {
          return pack0(word, Op.XORI);
        }
        case 5: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.SRLI);
              return illegal(word);
            }
            case 5: {
              if ((word & 0x7f00000) == 0x700000) return pack8(word, Op.ORC_B);
              return illegal(word);
            }
            case 8: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.SRAI);
              return illegal(word);
            }
            case 9: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.BEXTI);
              return illegal(word);
            }
            case 12: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.RORI);
              return illegal(word);
            }
            case 13: {
              switch ((word >> 22) & 31) {
                case 1: {
                  if ((word & 0x300000) == 0x300000) return pack6(word, Op.BREV8);
                  return illegal(word);
                }
                case 14: {
                  if ((word & 0x300000) == 0x0) return pack8(word, Op.REV8);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 6: {
          return pack0(word, Op.ORI);
        }
        case 7: {
          return pack0(word, Op.ANDI);
        }
        default:
          return illegal(word);
      }
    }
    case 5: {
      return pack9(word, Op.AUIPC);
    }
    case 6: {
      switch ((word >> 12) & 7) {
        case 0: {
          return pack0(word, Op.ADDIW);
        }
        case 1: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x6000000) == 0x0) return pack10(word, Op.SLLIW);
              return illegal(word);
            }
            case 1: {
              if ((word & 0x4000000) == 0x0) return pack5(word, Op.SLLI_UW);
              return illegal(word);
            }
            case 12: {
              if ((word & 0x7f00000) == 0x0) return pack8(word, Op.CLZW);
              if ((word & 0x7f00000) == 0x100000) return pack8(word, Op.CTZW);
              if ((word & 0x7f00000) == 0x200000) return pack8(word, Op.CPOPW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x6000000) == 0x0) return pack10(word, Op.SRLIW);
              return illegal(word);
            }
            case 8: {
              if ((word & 0x6000000) == 0x0) return pack10(word, Op.SRAIW);
              return illegal(word);
            }
            case 12: {
              if ((word & 0x6000000) == 0x0) return pack10(word, Op.RORIW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        default:
          return illegal(word);
      }
    }
    case 8: {
      switch ((word >> 12) & 7) {
        case 0: {
          return pack11(word, Op.SB);
        }
        case 1: {
          return pack11(word, Op.SH);
        }
        case 2: {
          return pack11(word, Op.SW);
        }
        case 3: {
          return pack11(word, Op.SD);
        }
        default:
          return illegal(word);
      }
    }
    case 9: {
      switch ((word >> 12) & 7) {
        case 1: {
          return pack11(word, Op.FSH);
        }
        case 2: {
          return pack11(word, Op.FSW);
        }
        case 3: {
          return pack11(word, Op.FSD);
        }
        default:
          return illegal(word);
      }
    }
    case 11: {
      switch ((word >> 27) & 31) {
        case 0: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOADD_W);
            }
            case 3: {
              return pack12(word, Op.AMOADD_D);
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOSWAP_W);
            }
            case 3: {
              return pack12(word, Op.AMOSWAP_D);
            }
            default:
              return illegal(word);
          }
        }
        case 2: {
          switch ((word >> 12) & 7) {
            case 2: {
              if ((word & 0x1f00000) == 0x0) return pack6(word, Op.LR_W);
              return illegal(word);
            }
            case 3: {
              if ((word & 0x1f00000) == 0x0) return pack6(word, Op.LR_D);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 3: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.SC_W);
            }
            case 3: {
              return pack12(word, Op.SC_D);
            }
            default:
              return illegal(word);
          }
        }
        case 4: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOXOR_W);
            }
            case 3: {
              return pack12(word, Op.AMOXOR_D);
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOCAS_W);
            }
            case 3: {
              return pack12(word, Op.AMOCAS_D);
            }
            case 4: {
              if (((((word >> 7) & 0x1f)) & 1) == 0 && ((((word >> 20) & 0x1f)) & 1) == 0) return pack12(word, Op.AMOCAS_Q);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 8: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOOR_W);
            }
            case 3: {
              return pack12(word, Op.AMOOR_D);
            }
            default:
              return illegal(word);
          }
        }
        case 12: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOAND_W);
            }
            case 3: {
              return pack12(word, Op.AMOAND_D);
            }
            default:
              return illegal(word);
          }
        }
        case 16: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOMIN_W);
            }
            case 3: {
              return pack12(word, Op.AMOMIN_D);
            }
            default:
              return illegal(word);
          }
        }
        case 20: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOMAX_W);
            }
            case 3: {
              return pack12(word, Op.AMOMAX_D);
            }
            default:
              return illegal(word);
          }
        }
        case 24: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOMINU_W);
            }
            case 3: {
              return pack12(word, Op.AMOMINU_D);
            }
            default:
              return illegal(word);
          }
        }
        case 28: {
          switch ((word >> 12) & 7) {
            case 2: {
              return pack12(word, Op.AMOMAXU_W);
            }
            case 3: {
              return pack12(word, Op.AMOMAXU_D);
            }
            default:
              return illegal(word);
          }
        }
        default:
          return illegal(word);
      }
    }
    case 12: {
      switch ((word >> 25) & 31) {
        case 0: {
          switch ((word >> 12) & 7) {
            case 0: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.ADD);
                }
                case 1: {
                  return pack13(word, Op.SUB);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SLL);
              return illegal(word);
            }
            case 2: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SLT);
              return illegal(word);
            }
            case 3: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SLTU);
              return illegal(word);
            }
            case 4: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.XOR);
                }
                case 1: {
                  return pack13(word, Op.XNOR);
                }
                default:
                  return illegal(word);
              }
            }
            case 5: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.SRL);
                }
                case 1: {
                  return pack13(word, Op.SRA);
                }
                default:
                  return illegal(word);
              }
            }
            case 6: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.OR);
                }
                case 1: {
                  return pack13(word, Op.ORN);
                }
                default:
                  return illegal(word);
              }
            }
            case 7: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.AND);
                }
                case 1: {
                  return pack13(word, Op.ANDN);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          switch ((word >> 12) & 7) {
            case 0: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MUL);
              return illegal(word);
            }
            case 1: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MULH);
              return illegal(word);
            }
            case 2: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MULHSU);
              return illegal(word);
            }
            case 3: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MULHU);
              return illegal(word);
            }
            case 4: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.DIV);
              return illegal(word);
            }
            case 5: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.DIVU);
              return illegal(word);
            }
            case 6: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.REM);
              return illegal(word);
            }
            case 7: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.REMU);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 4: {
          switch ((word >> 12) & 7) {
            case 1: {
              if ((word & 0xc0000000) == 0x40000000) return pack13(word, Op.BCLR);
              return illegal(word);
            }
            case 4: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.PACK);
              return illegal(word);
            }
            case 5: {
              if ((word & 0xc0000000) == 0x40000000) return pack13(word, Op.BEXT);
              return illegal(word);
            }
            case 7: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.PACKH);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          switch ((word >> 12) & 7) {
            case 1: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.CLMUL);
              return illegal(word);
            }
            case 2: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.CLMULR);
              return illegal(word);
            }
            case 3: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.CLMULH);
              return illegal(word);
            }
            case 4: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MIN);
              return illegal(word);
            }
            case 5: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MINU);
              return illegal(word);
            }
            case 6: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MAX);
              return illegal(word);
            }
            case 7: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.MAXU);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 7: {
          switch ((word >> 12) & 7) {
            case 5: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.CZERO_EQZ);
              return illegal(word);
            }
            case 7: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.CZERO_NEZ);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 16: {
          switch ((word >> 12) & 7) {
            case 1: {
              if ((word & 0xc0000000) == 0x40000000) return pack13(word, Op.ROL);
              return illegal(word);
            }
            case 2: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SH1ADD);
              return illegal(word);
            }
            case 4: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SH2ADD);
              return illegal(word);
            }
            case 5: {
              if ((word & 0xc0000000) == 0x40000000) return pack13(word, Op.ROR);
              return illegal(word);
            }
            case 6: {
              if ((word & 0xc0000000) == 0x0) return pack13(word, Op.SH3ADD);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 20: {
          switch ((word >> 12) & 7) {
            case 1: {
              switch ((word >> 30) & 3) {
                case 0: {
                  return pack13(word, Op.BSET);
                }
                case 1: {
                  return pack13(word, Op.BINV);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.XPERM4);
              return illegal(word);
            }
            case 4: {
              if ((word & 0xc0000000) == 0x0) return pack12(word, Op.XPERM8);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 24: {
          if ((word & 0x7000) == 0x0) return pack14(word, Op.SM4ED);
          return illegal(word);
        }
        case 25: {
          if ((word & 0xc0007000) == 0x0) return pack12(word, Op.AES64ES);
          return illegal(word);
        }
        case 26: {
          if ((word & 0x7000) == 0x0) return pack14(word, Op.SM4KS);
          return illegal(word);
        }
        case 27: {
          if ((word & 0xc0007000) == 0x0) return pack12(word, Op.AES64ESM);
          return illegal(word);
        }
        case 29: {
          if ((word & 0xc0007000) == 0x0) return pack12(word, Op.AES64DS);
          return illegal(word);
        }
        case 31: {
          switch ((word >> 30) & 3) {
            case 0: {
              if ((word & 0x7000) == 0x0) return pack12(word, Op.AES64DSM);
              return illegal(word);
            }
            case 1: {
              if ((word & 0x7000) == 0x0) return pack12(word, Op.AES64KS2);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        default:
          return illegal(word);
      }
    }
    case 13: {
      return pack9(word, Op.LUI);
    }
    case 14: {
      switch ((word >> 12) & 7) {
        case 0: {
          switch ((word >> 27) & 31) {
            case 0: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack13(word, Op.ADDW);
                }
                case 1: {
                  return pack13(word, Op.MULW);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.ADD_UW);
              return illegal(word);
            }
            case 8: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.SUBW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.SLLW);
              return illegal(word);
            }
            case 12: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.ROLW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 2: {
          if ((word & 0xfe000000) == 0x20000000) return pack13(word, Op.SH1ADD_UW);
          return illegal(word);
        }
        case 4: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x6000000) == 0x2000000) return pack13(word, Op.DIVW);
              return illegal(word);
            }
            case 1: {
              if ((word & 0x7f00000) == 0x0) return pack8(word, Op.ZEXT_H);
              if ((word & 0x6000000) == 0x0) return pack12(word, Op.PACKW);
              return illegal(word);
            }
            case 4: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.SH2ADD_UW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          switch ((word >> 27) & 31) {
            case 0: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack13(word, Op.SRLW);
                }
                case 1: {
                  return pack13(word, Op.DIVUW);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.SRAW);
              return illegal(word);
            }
            case 12: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.RORW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 6: {
          switch ((word >> 27) & 31) {
            case 0: {
              if ((word & 0x6000000) == 0x2000000) return pack13(word, Op.REMW);
              return illegal(word);
            }
            case 4: {
              if ((word & 0x6000000) == 0x0) return pack13(word, Op.SH3ADD_UW);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 7: {
          if ((word & 0xfe000000) == 0x2000000) return pack13(word, Op.REMUW);
          return illegal(word);
        }
        default:
          return illegal(word);
      }
    }
    case 16: {
      switch ((word >> 25) & 3) {
        case 0: {
          return pack15(word, Op.FMADD_S);
        }
        case 1: {
          return pack15(word, Op.FMADD_D);
        }
        case 2: {
          return pack16(word, Op.FMADD_H);
        }
        default:
          return illegal(word);
      }
    }
    case 17: {
      switch ((word >> 25) & 3) {
        case 0: {
          return pack15(word, Op.FMSUB_S);
        }
        case 1: {
          return pack15(word, Op.FMSUB_D);
        }
        case 2: {
          return pack16(word, Op.FMSUB_H);
        }
        default:
          return illegal(word);
      }
    }
    case 18: {
      switch ((word >> 25) & 3) {
        case 0: {
          return pack15(word, Op.FNMSUB_S);
        }
        case 1: {
          return pack15(word, Op.FNMSUB_D);
        }
        case 2: {
          return pack16(word, Op.FNMSUB_H);
        }
        default:
          return illegal(word);
      }
    }
    case 19: {
      switch ((word >> 25) & 3) {
        case 0: {
          return pack15(word, Op.FNMADD_S);
        }
        case 1: {
          return pack15(word, Op.FNMADD_D);
        }
        case 2: {
          return pack16(word, Op.FNMADD_H);
        }
        default:
          return illegal(word);
      }
    }
    case 20: {
      switch ((word >> 27) & 31) {
        case 0: {
          switch ((word >> 25) & 3) {
            case 0: {
              return pack17(word, Op.FADD_S);
            }
            case 1: {
              return pack17(word, Op.FADD_D);
            }
            case 2: {
              return pack18(word, Op.FADD_H);
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          switch ((word >> 25) & 3) {
            case 0: {
              return pack17(word, Op.FSUB_S);
            }
            case 1: {
              return pack17(word, Op.FSUB_D);
            }
            case 2: {
              return pack18(word, Op.FSUB_H);
            }
            default:
              return illegal(word);
          }
        }
        case 2: {
          switch ((word >> 25) & 3) {
            case 0: {
              return pack17(word, Op.FMUL_S);
            }
            case 1: {
              return pack17(word, Op.FMUL_D);
            }
            case 2: {
              return pack18(word, Op.FMUL_H);
            }
            default:
              return illegal(word);
          }
        }
        case 3: {
          switch ((word >> 25) & 3) {
            case 0: {
              return pack17(word, Op.FDIV_S);
            }
            case 1: {
              return pack17(word, Op.FDIV_D);
            }
            case 2: {
              return pack18(word, Op.FDIV_H);
            }
            default:
              return illegal(word);
          }
        }
        case 4: {
          switch ((word >> 25) & 3) {
            case 0: {
              switch ((word >> 12) & 7) {
                case 0: {
                  return pack19(word, Op.FSGNJ_S);
                }
                case 1: {
                  return pack19(word, Op.FSGNJN_S);
                }
                case 2: {
                  return pack19(word, Op.FSGNJX_S);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              switch ((word >> 12) & 7) {
                case 0: {
                  return pack19(word, Op.FSGNJ_D);
                }
                case 1: {
                  return pack19(word, Op.FSGNJN_D);
                }
                case 2: {
                  return pack19(word, Op.FSGNJX_D);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              switch ((word >> 12) & 7) {
                case 0: {
                  return pack20(word, Op.FSGNJ_H);
                }
                case 1: {
                  return pack20(word, Op.FSGNJN_H);
                }
                case 2: {
                  return pack20(word, Op.FSGNJX_H);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          switch ((word >> 12) & 7) {
            case 0: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack19(word, Op.FMIN_S);
                }
                case 1: {
                  return pack19(word, Op.FMIN_D);
                }
                case 2: {
                  return pack20(word, Op.FMIN_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack19(word, Op.FMAX_S);
                }
                case 1: {
                  return pack19(word, Op.FMAX_D);
                }
                case 2: {
                  return pack20(word, Op.FMAX_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack20(word, Op.FMINM_S);
                }
                case 1: {
                  return pack20(word, Op.FMINM_D);
                }
                case 2: {
                  return pack20(word, Op.FMINM_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 3: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack20(word, Op.FMAXM_S);
                }
                case 1: {
                  return pack20(word, Op.FMAXM_D);
                }
                case 2: {
                  return pack20(word, Op.FMAXM_H);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 8: {
          switch ((word >> 22) & 31) {
            case 0: {
              switch ((word >> 20) & 3) {
                case 1: {
                  return pack21(word, Op.FCVT_S_D);
                }
                case 2: {
                  return pack22(word, Op.FCVT_S_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack22(word, Op.FROUND_S);
                }
                case 1: {
                  return pack22(word, Op.FROUNDNX_S);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack21(word, Op.FCVT_D_S);
                }
                case 2: {
                  return pack22(word, Op.FCVT_D_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 9: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack22(word, Op.FROUND_D);
                }
                case 1: {
                  return pack22(word, Op.FROUNDNX_D);
                }
                default:
                  return illegal(word);
              }
            }
            case 16: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack22(word, Op.FCVT_H_S);
                }
                case 1: {
                  return pack22(word, Op.FCVT_H_D);
                }
                default:
                  return illegal(word);
              }
            }
            case 17: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack22(word, Op.FROUND_H);
                }
                case 1: {
                  return pack22(word, Op.FROUNDNX_H);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 11: {
          switch ((word >> 22) & 31) {
            case 0: {
              if ((word & 0x300000) == 0x0) return pack21(word, Op.FSQRT_S);
              return illegal(word);
            }
            case 8: {
              if ((word & 0x300000) == 0x0) return pack21(word, Op.FSQRT_D);
              return illegal(word);
            }
            case 16: {
              if ((word & 0x300000) == 0x0) return pack22(word, Op.FSQRT_H);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 20: {
          switch ((word >> 12) & 7) {
            case 0: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack13(word, Op.FLE_S);
                }
                case 1: {
                  return pack13(word, Op.FLE_D);
                }
                case 2: {
                  return pack12(word, Op.FLE_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 1: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack13(word, Op.FLT_S);
                }
                case 1: {
                  return pack13(word, Op.FLT_D);
                }
                case 2: {
                  return pack12(word, Op.FLT_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack13(word, Op.FEQ_S);
                }
                case 1: {
                  return pack13(word, Op.FEQ_D);
                }
                case 2: {
                  return pack12(word, Op.FEQ_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 4: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack12(word, Op.FLEQ_S);
                }
                case 1: {
                  return pack12(word, Op.FLEQ_D);
                }
                case 2: {
                  return pack12(word, Op.FLEQ_H);
                }
                default:
                  return illegal(word);
              }
            }
            case 5: {
              switch ((word >> 25) & 3) {
                case 0: {
                  return pack12(word, Op.FLTQ_S);
                }
                case 1: {
                  return pack12(word, Op.FLTQ_D);
                }
                case 2: {
                  return pack12(word, Op.FLTQ_H);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 24: {
          switch ((word >> 22) & 31) {
            case 0: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack23(word, Op.FCVT_W_S);
                }
                case 1: {
                  return pack23(word, Op.FCVT_WU_S);
                }
                case 2: {
                  return pack23(word, Op.FCVT_L_S);
                }
                case 3: {
                  return pack23(word, Op.FCVT_LU_S);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack23(word, Op.FCVT_W_D);
                }
                case 1: {
                  return pack23(word, Op.FCVT_WU_D);
                }
                case 2: {
                  return pack23(word, Op.FCVT_L_D);
                }
                case 3: {
                  return pack23(word, Op.FCVT_LU_D);
                }
                default:
                  return illegal(word);
              }
            }
            case 10: {
              if ((word & 0x307000) == 0x1000) return pack6(word, Op.FCVTMOD_W_D);
              return illegal(word);
            }
            case 16: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack24(word, Op.FCVT_W_H);
                }
                case 1: {
                  return pack24(word, Op.FCVT_WU_H);
                }
                case 2: {
                  return pack24(word, Op.FCVT_L_H);
                }
                case 3: {
                  return pack24(word, Op.FCVT_LU_H);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 26: {
          switch ((word >> 22) & 31) {
            case 0: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack21(word, Op.FCVT_S_W);
                }
                case 1: {
                  return pack21(word, Op.FCVT_S_WU);
                }
                case 2: {
                  return pack21(word, Op.FCVT_S_L);
                }
                case 3: {
                  return pack21(word, Op.FCVT_S_LU);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack21(word, Op.FCVT_D_W);
                }
                case 1: {
                  return pack21(word, Op.FCVT_D_WU);
                }
                case 2: {
                  return pack21(word, Op.FCVT_D_L);
                }
                case 3: {
                  return pack21(word, Op.FCVT_D_LU);
                }
                default:
                  return illegal(word);
              }
            }
            case 16: {
              switch ((word >> 20) & 3) {
                case 0: {
                  return pack22(word, Op.FCVT_H_W);
                }
                case 1: {
                  return pack22(word, Op.FCVT_H_WU);
                }
                case 2: {
                  return pack22(word, Op.FCVT_H_L);
                }
                case 3: {
                  return pack22(word, Op.FCVT_H_LU);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 28: {
          switch ((word >> 22) & 31) {
            case 0: {
              switch ((word >> 12) & 7) {
                case 0: {
                  if ((word & 0x300000) == 0x0) return pack8(word, Op.FMV_X_W);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x300000) == 0x0) return pack8(word, Op.FCLASS_S);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              switch ((word >> 12) & 7) {
                case 0: {
                  if ((word & 0x300000) == 0x0) return pack8(word, Op.FMV_X_D);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x300000) == 0x0) return pack8(word, Op.FCLASS_D);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 16: {
              switch ((word >> 12) & 7) {
                case 0: {
                  if ((word & 0x300000) == 0x0) return pack6(word, Op.FMV_X_H);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x300000) == 0x0) return pack6(word, Op.FCLASS_H);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 30: {
          switch ((word >> 22) & 31) {
            case 0: {
              switch ((word >> 20) & 3) {
                case 0: {
                  if ((word & 0x7000) == 0x0) return pack25(word, Op.FMV_W_X);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x7000) == 0x0) return pack26(word, Op.FLI_S);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 8: {
              switch ((word >> 20) & 3) {
                case 0: {
                  if ((word & 0x7000) == 0x0) return pack25(word, Op.FMV_D_X);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x7000) == 0x0) return pack26(word, Op.FLI_D);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 16: {
              switch ((word >> 20) & 3) {
                case 0: {
                  if ((word & 0x7000) == 0x0) return pack27(word, Op.FMV_H_X);
                  return illegal(word);
                }
                case 1: {
                  if ((word & 0x7000) == 0x0) return pack26(word, Op.FLI_H);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        default:
          return illegal(word);
      }
    }
    case 24: {
      switch ((word >> 12) & 7) {
        case 0: {
          return pack28(word, Op.BEQ);
        }
        case 1: {
          return pack28(word, Op.BNE);
        }
        case 4: {
          return pack28(word, Op.BLT);
        }
        case 5: {
          return pack28(word, Op.BGE);
        }
        case 6: {
          return pack28(word, Op.BLTU);
        }
        case 7: {
          return pack28(word, Op.BGEU);
        }
        default:
          return illegal(word);
      }
    }
    case 25: {
      if ((word & 0x7000) == 0x0) return pack0(word, Op.JALR);
      return illegal(word);
    }
    case 27: {
      return pack29(word, Op.JAL);
    }
    case 28: {
      switch ((word >> 12) & 7) {
        case 0: {
          switch ((word >> 27) & 31) {
            case 0: {
              switch ((word >> 22) & 31) {
                case 0: {
                  switch ((word >> 17) & 31) {
                    case 0: {
                      if ((word & 0x18f80) == 0x0) return pack2(word, Op.ECALL);
                      return illegal(word);
                    }
                    case 8: {
                      if ((word & 0x18f80) == 0x0) return pack2(word, Op.EBREAK);
                      return illegal(word);
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 3: {
                  if ((word & 0x3f8f80) == 0x100000) return pack2(word, Op.WRS_NTO);
                  return illegal(word);
                }
                case 7: {
                  if ((word & 0x3f8f80) == 0x100000) return pack2(word, Op.WRS_STO);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              switch ((word >> 25) & 3) {
                case 0: {
                  switch ((word >> 20) & 31) {
                    case 2: {
                      if ((word & 0xf8f80) == 0x0) return pack2(word, Op.SRET);
                      return illegal(word);
                    }
                    case 5: {
                      if ((word & 0xf8f80) == 0x0) return pack2(word, Op.WFI);
                      return illegal(word);
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 1: {
                  if ((word & 0xf80) == 0x0) return pack30(word, Op.SFENCE_VMA);
                  return illegal(word);
                }
                case 3: {
                  if ((word & 0xf80) == 0x0) return pack30(word, Op.SINVAL_VMA);
                  return illegal(word);
                }
                default:
                  return illegal(word);
              }
            }
            case 3: {
              if ((word & 0x7ff8f80) == 0x0) return pack2(word, Op.SFENCE_W_INVAL);
              if ((word & 0x7ff8f80) == 0x100000) return pack2(word, Op.SFENCE_INVAL_IR);
              return illegal(word);
            }
            case 6: {
              if ((word & 0x7ff8f80) == 0x200000) return pack2(word, Op.MRET);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          return pack31(word, Op.CSRRW);
        }
        case 2: {
          return pack31(word, Op.CSRRS);
        }
        case 3: {
          return pack31(word, Op.CSRRC);
        }
        case 4: {
          switch ((word >> 25) & 1) {
            case 0: {
              if ((word & 0xb1c00000) == 0x81c00000) return pack6(word, Op.MOP_R);
              return illegal(word);
            }
            case 1: {
              if ((word & 0xb0000000) == 0x80000000) return pack12(word, Op.MOP_RR);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 5: {
          return pack32(word, Op.CSRRWI);
        }
        case 6: {
          return pack32(word, Op.CSRRSI);
        }
        case 7: {
          return pack32(word, Op.CSRRCI);
        }
        default:
          return illegal(word);
      }
    }
    default:
      return illegal(word);
  }
}

/** The record of a 2-byte instruction in the low half of `word`; its upper half is zero. */
export function decode16(word: u32): u64 {
  switch ((word >> 13) & 7) {
    case 0: {
      switch (word & 3) {
        case 0: {
          if ((((word >> 7) & 0x30) | ((word >> 1) & 0x3c0) | ((word >> 4) & 0x4) | ((word >> 2) & 0x8)) != 0) return <u64>(<u32>Op.C_ADDI4SPN | ((((word << 9) & 0x3800)) + 0x3800) | 0x100000) | (<u64>(((word >> 7) & 0x30) | ((word >> 1) & 0x3c0) | ((word >> 4) & 0x4) | ((word >> 2) & 0x8)) << 32);
          return illegal(word);
        }
        case 1: {
          return <u64>(<u32>Op.C_ADDI | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (((word << 12) & 0xf80000))) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 5) | ((word >> 2) & 0x1f)) << 32);
        }
        case 2: {
          return <u64>(<u32>Op.C_SLLI | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (((word << 12) & 0xf80000))) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x1f)) << 32);
        }
        default:
          return illegal(word);
      }
    }
    case 1: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_FLD | ((((word << 9) & 0x3800)) + 0x4000) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 7) & 0x38) | ((word << 1) & 0xc0)) << 32);
        }
        case 1: {
          if ((((word >> 7) & 0x1f)) != 0) return <u64>(<u32>Op.C_ADDIW | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (((word << 12) & 0xf80000))) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 5) | ((word >> 2) & 0x1f)) << 32);
          return illegal(word);
        }
        case 2: {
          return <u64>(<u32>Op.C_FLDSP | (((word << 4) & 0xf800)) | 0x100000) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x18) | ((word << 4) & 0x1c0)) << 32);
        }
        default:
          return illegal(word);
      }
    }
    case 2: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_LW | ((((word << 9) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 7) & 0x38) | ((word >> 4) & 0x4) | ((word << 1) & 0x40)) << 32);
        }
        case 1: {
          return <u64>(<u32>Op.C_LI | (((((word << 4) & 0xf800)) - 0x800 & 0xff00))) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 5) | ((word >> 2) & 0x1f)) << 32);
        }
        case 2: {
          if ((((word >> 7) & 0x1f)) != 0) return <u64>(<u32>Op.C_LWSP | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | 0x100000) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x1c) | ((word << 4) & 0xc0)) << 32);
          return illegal(word);
        }
        default:
          return illegal(word);
      }
    }
    case 3: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_LD | ((((word << 9) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 7) & 0x38) | ((word << 1) & 0xc0)) << 32);
        }
        case 1: {
          if ((word & 0x187c) == 0x0 && ((((word >> 7) & 0xf)) & 1) == 1) return <u64>(<u32>Op.C_ADDI | 0xf800);
          if ((word & 0xf80) == 0x100 && (((word >> 3) & 0x200) | ((word >> 2) & 0x10) | ((word << 1) & 0x40) | ((word << 4) & 0x180) | ((word << 3) & 0x20)) != 0) return <u64>(<u32>Op.C_ADDI16SP | 0x100800) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 9) | ((word << 4) & 0x180) | ((word << 1) & 0x40) | ((word << 3) & 0x20) | ((word >> 2) & 0x10)) << 32);
          if ((((word >> 7) & 0x1f)) != 2 && (((word << 5) & 0x20000) | ((word << 10) & 0x1f000)) != 0) return <u64>(<u32>Op.C_LUI | (((((word << 4) & 0xf800)) - 0x800 & 0xff00))) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 17) | ((word << 10) & 0x1f000)) << 32);
          return illegal(word);
        }
        case 2: {
          if ((((word >> 7) & 0x1f)) != 0) return <u64>(<u32>Op.C_LDSP | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | 0x100000) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x18) | ((word << 4) & 0x1c0)) << 32);
          return illegal(word);
        }
        default:
          return illegal(word);
      }
    }
    case 4: {
      switch (word & 3) {
        case 0: {
          switch ((word >> 10) & 7) {
            case 0: {
              return <u64>(<u32>Op.C_LBU | ((((word << 9) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 6) & 0x1) | ((word >> 4) & 0x2)) << 32);
            }
            case 1: {
              switch ((word >> 6) & 1) {
                case 0: {
                  return <u64>(<u32>Op.C_LHU | ((((word << 9) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 4) & 0x2)) << 32);
                }
                case 1: {
                  return <u64>(<u32>Op.C_LH | ((((word << 9) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 4) & 0x2)) << 32);
                }
                default:
                  return illegal(word);
              }
            }
            case 2: {
              return <u64>(<u32>Op.C_SB | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000)) | (<u64>(((word >> 6) & 0x1) | ((word >> 4) & 0x2)) << 32);
            }
            case 3: {
              if ((word & 0x40) == 0x0) return <u64>(<u32>Op.C_SH | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000)) | (<u64>(((word >> 4) & 0x2)) << 32);
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        case 1: {
          switch ((word >> 10) & 3) {
            case 0: {
              return <u64>(<u32>Op.C_SRLI | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x1f)) << 32);
            }
            case 1: {
              return <u64>(<u32>Op.C_SRAI | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(((word >> 7) & 0x20) | ((word >> 2) & 0x1f)) << 32);
            }
            case 2: {
              return <u64>(<u32>Op.C_ANDI | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 5) | ((word >> 2) & 0x1f)) << 32);
            }
            case 3: {
              switch ((word >> 5) & 3) {
                case 0: {
                  switch ((word >> 12) & 1) {
                    case 0: {
                      return <u64>(<u32>Op.C_SUB | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    case 1: {
                      return <u64>(<u32>Op.C_SUBW | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 1: {
                  switch ((word >> 12) & 1) {
                    case 0: {
                      return <u64>(<u32>Op.C_XOR | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    case 1: {
                      return <u64>(<u32>Op.C_ADDW | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 2: {
                  switch ((word >> 12) & 1) {
                    case 0: {
                      return <u64>(<u32>Op.C_OR | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    case 1: {
                      return <u64>(<u32>Op.C_MUL | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    default:
                      return illegal(word);
                  }
                }
                case 3: {
                  switch ((word >> 12) & 1) {
                    case 0: {
                      return <u64>(<u32>Op.C_AND | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000));
                    }
                    case 1: {
                      switch ((word >> 2) & 7) {
                        case 0: {
                          return <u64>(<u32>Op.C_ZEXT_B | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(0xff) << 32);
                        }
                        case 1: {
                          return <u64>(<u32>Op.C_SEXT_B | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000));
                        }
                        case 2: {
                          return <u64>(<u32>Op.C_ZEXT_H | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000));
                        }
                        case 3: {
                          return <u64>(<u32>Op.C_SEXT_H | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000));
                        }
                        case 4: {
                          return <u64>(<u32>Op.C_ZEXT_W | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000));
                        }
                        case 5: {
                          return <u64>(<u32>Op.C_NOT | ((((word << 4) & 0x3800)) + 0x3800) | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(0xffffffff) << 32);
                        }
                        default:
                          return illegal(word);
                      }
                    }
                    default:
                      return illegal(word);
                  }
                }
                default:
                  return illegal(word);
              }
            }
            default:
              return illegal(word);
          }
        }
        case 2: {
          switch ((word >> 12) & 1) {
            case 0: {
              if ((word & 0x7c) == 0x0 && (((word >> 7) & 0x1f)) != 0) return <u64>(<u32>Op.C_JR | (((word << 12) & 0xf80000)) | 0xf800);
              if ((((word >> 2) & 0x1f)) != 0) return <u64>(<u32>Op.C_MV | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (((word << 25) & 0xf8000000)));
              return illegal(word);
            }
            case 1: {
              if ((word & 0xffc) == 0x0) return <u64>(<u32>Op.C_EXT) | (<u64>(345) << 32);
              if ((word & 0x7c) == 0x0 && (((word >> 7) & 0x1f)) != 0) return <u64>(<u32>Op.C_JALR | (((word << 12) & 0xf80000)));
              if ((((word >> 2) & 0x1f)) != 0) return <u64>(<u32>Op.C_ADD | (((((word << 4) & 0xf800)) - 0x800 & 0xff00)) | (((word << 12) & 0xf80000)) | (((word << 25) & 0xf8000000)));
              return illegal(word);
            }
            default:
              return illegal(word);
          }
        }
        default:
          return illegal(word);
      }
    }
    case 5: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_FSD | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000)) | (<u64>(((word >> 7) & 0x38) | ((word << 1) & 0xc0)) << 32);
        }
        case 1: {
          return <u64>(<u32>Op.C_J | 0xf800) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 11) | ((word << 2) & 0x400) | ((word >> 1) & 0x300) | ((word << 1) & 0x80) | ((word >> 1) & 0x40) | ((word << 3) & 0x20) | ((word >> 7) & 0x10) | ((word >> 2) & 0xe)) << 32);
        }
        case 2: {
          return <u64>(<u32>Op.C_FSDSP | (((word << 25) & 0xf8000000)) | 0x100000) | (<u64>(((word >> 7) & 0x38) | ((word >> 1) & 0x1c0)) << 32);
        }
        default:
          return illegal(word);
      }
    }
    case 6: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_SW | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000)) | (<u64>(((word >> 7) & 0x38) | ((word >> 4) & 0x4) | ((word << 1) & 0x40)) << 32);
        }
        case 1: {
          return <u64>(<u32>Op.C_BEQZ | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 8) | ((word << 1) & 0xc0) | ((word << 3) & 0x20) | ((word >> 7) & 0x18) | ((word >> 2) & 0x6)) << 32);
        }
        case 2: {
          return <u64>(<u32>Op.C_SWSP | (((word << 25) & 0xf8000000)) | 0x100000) | (<u64>(((word >> 7) & 0x3c) | ((word >> 1) & 0xc0)) << 32);
        }
        default:
          return illegal(word);
      }
    }
    case 7: {
      switch (word & 3) {
        case 0: {
          return <u64>(<u32>Op.C_SD | ((((word << 12) & 0x380000)) + 0x400000) | ((((word << 25) & 0x38000000)) + 0x40000000)) | (<u64>(((word >> 7) & 0x38) | ((word << 1) & 0xc0)) << 32);
        }
        case 1: {
          return <u64>(<u32>Op.C_BNEZ | ((((word << 12) & 0x380000)) + 0x400000)) | (<u64>(<u32>((<i32>(word << 19) >> 31) << 8) | ((word << 1) & 0xc0) | ((word << 3) & 0x20) | ((word >> 7) & 0x18) | ((word >> 2) & 0x6)) << 32);
        }
        case 2: {
          return <u64>(<u32>Op.C_SDSP | (((word << 25) & 0xf8000000)) | 0x100000) | (<u64>(((word >> 7) & 0x38) | ((word >> 1) & 0x1c0)) << 32);
        }
        default:
          return illegal(word);
      }
    }
    default:
      return illegal(word);
  }
}
