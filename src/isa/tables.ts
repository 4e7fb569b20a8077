/** All instruction tables, in the order in which their rows get op numbers. */

import type { Table } from "./row.ts";
import { rv_a } from "./rv_a.ts";
import { rv_d } from "./rv_d.ts";
import { rv_f } from "./rv_f.ts";
import { rv_i } from "./rv_i.ts";
import { rv_m } from "./rv_m.ts";
import { rv_priv } from "./rv_priv.ts";
import { rv_zacas } from "./rv_zacas.ts";
import { rv_zawrs } from "./rv_zawrs.ts";
import { rv_zba } from "./rv_zba.ts";
import { rv_zbb } from "./rv_zbb.ts";
import { rv_zbc } from "./rv_zbc.ts";
import { rv_zbkb } from "./rv_zbkb.ts";
import { rv_zbkx } from "./rv_zbkx.ts";
import { rv_zbs } from "./rv_zbs.ts";
import { rv_zfa } from "./rv_zfa.ts";
import { rv_zfh } from "./rv_zfh.ts";
import { rv_zicbo } from "./rv_zicbo.ts";
import { rv_zicond } from "./rv_zicond.ts";
import { rv_zicsr } from "./rv_zicsr.ts";
import { rv_zifencei } from "./rv_zifencei.ts";
import { rv_zihint } from "./rv_zihint.ts";
import { rv_zimop } from "./rv_zimop.ts";
import { rv_zknd } from "./rv_zknd.ts";
import { rv_zkne } from "./rv_zkne.ts";
import { rv_zknh } from "./rv_zknh.ts";
import { rv_zksed } from "./rv_zksed.ts";
import { rv_zksh } from "./rv_zksh.ts";

export const tables: readonly Table[] = [
  rv_i,
  rv_m,
  rv_zba,
  rv_zbb,
  rv_zbs,
  rv_zicond,
  rv_f,
  rv_d,
  rv_zfh,
  rv_zfa,
  rv_a,
  rv_zacas,
  rv_zawrs,
  rv_zicsr,
  rv_zifencei,
  rv_priv,
  rv_zihint,
  rv_zicbo,
  rv_zimop,
  rv_zbc,
  rv_zbkb,
  rv_zbkx,
  rv_zknd,
  rv_zkne,
  rv_zknh,
  rv_zksed,
  rv_zksh,
];
