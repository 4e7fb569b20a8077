/**
 * Tables by guest address: what has been noted of an instruction, as long as there is room.
 *
 *  2^bits entries, in sets of two:   +0 u64 pc | +8 i32 weight | the owner's own fields
 *
 * A new address takes the place of the lighter entry of its set; the sign of a weight is the owner's. An
 * empty entry is all zeros, and so is that of address 0. Nothing of the guest depends on what a table forgets.
 */

/** Where an entry's fields are. */
export enum PcEntry {
  WEIGHT = 8,
  /** The owner's fields. */
  OWN = 12,
}

// @ts-ignore: decorator
@inline function first_of(table: usize, bits: u32, bytes: usize, pc: u64): usize {
  return table + ((<usize>((<u32>(pc >> 1) * 0x9e37_79b1) >> (33 - bits))) << 1) * bytes;
}

// @ts-ignore: decorator
@inline function weight(entry: usize): i32 {
  const weight = load<i32>(entry, PcEntry.WEIGHT);
  return weight < 0 ? -weight : weight;
}

/** The entry of `pc` in the table of 2^`bits` entries of `bytes`; 0 when it has none. */
// @ts-ignore: decorator
@inline export function pc_find(table: usize, bits: u32, bytes: usize, pc: u64): usize {
  const first = first_of(table, bits, bytes, pc);
  if (load<u64>(first) == pc) return first;
  return load<u64>(first + bytes) == pc ? first + bytes : 0;
}

/** The entry of `pc`; when it has none, the one that would have to give way to it, which tells by its own pc. */
// @ts-ignore: decorator
@inline export function pc_entry(table: usize, bits: u32, bytes: usize, pc: u64): usize {
  const first = first_of(table, bits, bytes, pc);
  if (load<u64>(first) == pc) return first;
  const second = first + bytes;
  return load<u64>(second) == pc || weight(second) < weight(first) ? second : first;
}

/** The entry of `pc`, emptied and made its own when it was another address's. */
// @ts-ignore: decorator
@inline export function pc_take(table: usize, bits: u32, bytes: usize, pc: u64): usize {
  const entry = pc_entry(table, bits, bytes, pc);
  if (load<u64>(entry) == pc) return entry;
  memory.fill(entry, 0, bytes);
  store<u64>(entry, pc);
  return entry;
}
