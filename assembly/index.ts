/**
 * The ABI of the core: exports only, no logic. Blocks are passed as plain addresses: for a class, the compiler would add the
 * runtime that manages objects.
 */

export { hart_emulate, hart_run } from "./run";
export {
  code_close,
  code_pages_release,
  decode_word,
  hart_csr_read,
  hart_csr_write,
  hart_fence_i,
  hart_flush,
  hart_note_time,
  hart_reset,
  hart_set_lines,
  hart_sync,
  hart_translate,
  hart_waits,
  vm_code_changed,
  vm_code_ready,
  vm_forget_code,
  vm_leave_code,
  vm_open_translator,
} from "./host";
export { dbt_explain } from "./dbt/drive/explain";
export { dbt_await } from "./dbt/drive/await";
export { dbt_callout, dbt_find, dbt_load, dbt_span, dbt_store, dbt_system } from "./dbt/drive/enter";
export { frame_hash, frame_holds, frames_clear, frames_equal } from "./mem/frames";
export {
  frames_thaw,
  ram_adopt,
  ram_flush,
  ram_frame,
  ram_freeze,
  ram_map,
  ram_protect,
  ram_unuse,
  ram_revert,
  rom_show,
} from "./mem/ram";
