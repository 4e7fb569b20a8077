// Runs once before the whole-system tests: they boot what `npm run guests:debian` prepares. Quick when that is done. What
// cannot be had is the matter of the tests that need it (`guestFile`).

import { ensureDebian } from "../../scripts/debian.mjs";
import { ensureInstaller } from "../../scripts/debian-installer.mjs";
import { ensureTools } from "../../scripts/debian-tools.mjs";

export default function setup(project) {
  let reason;
  try {
    ensureDebian();
    ensureTools();
    ensureInstaller();
  } catch (error) {
    reason = error.message.replaceAll("\n", " ");
  }
  project.provide("guests", reason);
}
