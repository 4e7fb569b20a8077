/** Frames of machine memory as bytes. */

/** Bytes that are looked at in one step: few enough that a frame is a whole number of steps. */
const STEP: usize = 64;
const FRAME: usize = 4096;

/**
 * Makes `bytes` bytes at `ma` zero, writing only to frames that hold something: a frame that is only read costs the host no memory.
 * Counted by offset, because the address after the last frame may be 4 GiB.
 */
export function frames_clear(ma: usize, bytes: u32): void {
  for (let offset: usize = 0; offset < bytes; offset += FRAME) {
    if (holds_something(ma + offset)) memory.fill(ma + offset, 0, FRAME);
  }
}

/** Whether any byte of the frame at `ma` is not zero: 1 or 0. */
export function frame_holds(ma: usize): u32 {
  return u32(holds_something(ma));
}

function holds_something(frame: usize): bool {
  for (let offset: usize = 0; offset < FRAME; offset += STEP) {
    const at = frame + offset;
    const low = load<u64>(at) | load<u64>(at, 8) | load<u64>(at, 16) | load<u64>(at, 24);
    if (low | load<u64>(at, 32) | load<u64>(at, 40) | load<u64>(at, 48) | load<u64>(at, 56)) return true;
  }
  return false;
}

/** Whether the frames at `a` and `b` hold the same. */
export function frames_equal(a: usize, b: usize): u32 {
  for (let offset: usize = 0; offset < FRAME; offset += 8) {
    if (load<u64>(a + offset) != load<u64>(b + offset)) return 0;
  }
  return 1;
}

/** A hash of what the frame at `ma` holds (FNV-1a over double words, folded). */
export function frame_hash(ma: usize): u32 {
  let hash: u64 = 0xcbf2_9ce4_8422_2325;
  for (let offset: usize = 0; offset < FRAME; offset += 8) {
    hash = rotl<u64>((hash ^ load<u64>(ma + offset)) * 0x100_0000_01b3, 29);
  }
  return <u32>(hash ^ (hash >> 32));
}
