/** Lays the translator's working memory out. */

import { BLOCK_BYTES, CONTEXT_BYTES } from "./block";
import {
  ACCESS_SITE_BITS,
  ACCESS_SITE_BYTES,
  Dbt,
  FINDER_BYTES,
  JUMP_SITE_BITS,
  JUMP_SITE_BYTES,
  MAX_BLOCKS,
  MAX_CONTEXTS,
  MAX_HINTS,
  MAX_IR,
  MAX_TABLES,
  SEEN_BYTES,
  SITE_BITS,
  SITE_BYTES,
  TABLE_BYTES,
} from "./dbt";

/** Lays out the `bytes` bytes at `t`, which are zero. */
export function dbt_open(t: Dbt, bytes: u32): void {
  let at = changetype<usize>(t) + 512;
  t.blocks = <u32>at;
  at += <usize>MAX_BLOCKS * BLOCK_BYTES;
  t.contexts = <u32>at;
  at += <usize>MAX_CONTEXTS * CONTEXT_BYTES;
  t.ir = <u32>at;
  at += MAX_IR * 24;
  t.order = <u32>at;
  at += MAX_BLOCKS * 4;
  t.work = <u32>at;
  at += MAX_BLOCKS * 8;
  t.groups = <u32>at;
  at += 1024;
  t.hints = <u32>at;
  at += MAX_HINTS * 8;
  t.pages = <u32>at;
  at += 256;
  t.spans = <u32>at;
  at += 512;
  t.scratch = <u32>at;
  at += 256 + 16;
  at = (at + 31) & ~31;
  t.sites = <u32>at;
  at += SITE_BYTES << SITE_BITS;
  t.accesses = <u32>at;
  at += ACCESS_SITE_BYTES << ACCESS_SITE_BITS;
  t.tables = <u32>at;
  at += <usize>MAX_TABLES * TABLE_BYTES;
  t.jumps = <u32>at;
  at += JUMP_SITE_BYTES << JUMP_SITE_BITS;
  t.seen = <u32>at;
  at += SEEN_BYTES;
  t.finder = <u32>at;
  at += FINDER_BYTES;
  t.code = <u32>at;
  t.codeBytes = bytes - <u32>(at - changetype<usize>(t));
}
