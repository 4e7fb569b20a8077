// Runs once before the whole-system tests: they boot what `npm run guests:debian` prepares. Quick when that is done.

import { ensureDebian } from "../../scripts/debian.mjs";

export default function setup() {
  ensureDebian();
}
