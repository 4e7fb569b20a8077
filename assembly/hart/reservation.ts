/**
 * The LR/SC reservation of a hart: the physical address, and the value that LR read there (sign-extended for LR.W). As
 * in QEMU, SC succeeds when the address matches and memory still holds the value; other stores need not look here.
 */

import { Hart } from "../state/state";
import { pa_of } from "../mem/vmem";

/** `reservationPa` when there is none. */
const NO_RESERVATION: u64 = -1;

/** LR: remembers what it read at `va`, which lies at `ma`. */
// @ts-ignore: decorator
@inline export function reserve(hart: Hart, va: u64, ma: usize, value: u64): void {
  hart.reservationPa = pa_of(hart, va, ma);
  hart.reservationValue = value;
}

/** SC: ends the reservation and returns whether it held for `va`, which lies at `ma`, where memory now has `value`. */
// @ts-ignore: decorator
@inline export function take_reservation(hart: Hart, va: u64, ma: usize, value: u64): bool {
  const held = hart.reservationPa == pa_of(hart, va, ma) && hart.reservationValue == value;
  hart.reservationPa = NO_RESERVATION;
  return held;
}

/** Ends the reservation, as every change of privilege mode does. */
// @ts-ignore: decorator
@inline export function drop_reservation(hart: Hart): void {
  hart.reservationPa = NO_RESERVATION;
}

// @ts-ignore: decorator
@inline export function has_reservation(hart: Hart): bool {
  return hart.reservationPa != NO_RESERVATION;
}
