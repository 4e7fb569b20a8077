/** What goes wrong between a host and the agent in its guest, in sentences. */

import { WasmvisorError } from "../../error.ts";

/** Linux's numbers, as far as they are common. (asm-generic/errno.h) */
const NAMES: Readonly<Record<number, readonly [name: string, sentence: string]>> = {
  1: ["EPERM", "the guest does not allow it"],
  2: ["ENOENT", "there is no such file"],
  3: ["ESRCH", "there is no such user"],
  5: ["EIO", "the guest's disk has failed"],
  13: ["EACCES", "the guest denies the access"],
  16: ["EBUSY", "the file systems are frozen, or it is in use; thaw them first"],
  17: ["EEXIST", "it is there already"],
  18: ["EXDEV", "it is on another file system"],
  20: ["ENOTDIR", "a part of the path is no folder"],
  21: ["EISDIR", "it is a folder"],
  22: ["EINVAL", "it makes no sense to the guest"],
  24: ["EMFILE", "the agent does too much at once; wait until something has ended"],
  28: ["ENOSPC", "there is no room left in the guest"],
  30: ["EROFS", "the guest may only read there"],
  36: ["ENAMETOOLONG", "the name is too long"],
  38: ["ENOSYS", "the agent cannot do that; use one of the same version"],
  39: ["ENOTEMPTY", "the folder is not empty"],
  40: ["ELOOP", "there are too many links"],
  95: ["EOPNOTSUPP", "the guest cannot do that"],
};

/** The name of an error number, such as `ENOENT`. */
export function errnoName(errno: number): string {
  return NAMES[errno]?.[0] ?? `errno ${errno}`;
}

/** "there is no such file (ENOENT)" */
function reason(errno: number): string {
  const [name, sentence] = NAMES[errno] ?? [`errno ${errno}`, "the guest refuses"];
  return `${sentence} (${name})`;
}

/** A file of the guest's. */
export function fileError(what: string, path: string, errno: number): WasmvisorError {
  const data = { path, errno, reason: errnoName(errno) };
  return new WasmvisorError("guest-file", `The guest's ${path} cannot be ${what}: ${reason(errno)}.`, data);
}

/** A program of the guest's. */
export function programError(program: string, errno: number): WasmvisorError {
  const data = { program, errno, reason: errnoName(errno) };
  return new WasmvisorError("guest-program", `The guest cannot start ${program}: ${reason(errno)}.`, data);
}

/** Anything else that the agent was asked to do. */
export function refusedError(what: string, errno: number): WasmvisorError {
  return new WasmvisorError("guest-refused", `The guest cannot ${what}: ${reason(errno)}.`, {
    errno,
    reason: errnoName(errno),
  });
}

export const missingAgent = (): WasmvisorError =>
  new WasmvisorError("agent-missing", "This VM was made without an agent; make it with agent: true.");

export const lostAgent = (why: string): WasmvisorError =>
  new WasmvisorError("agent-lost", `The guest's agent is gone: ${why}.`);

export const brokenAgent = (why: string): WasmvisorError =>
  new WasmvisorError("agent-protocol", `The guest's agent does not follow the protocol: ${why}; start the guest anew.`);

/** "the guest has been silent for 30 seconds" */
export const silentFor = (milliseconds: number): string =>
  `the guest has been silent for ${Math.max(1, Math.round(milliseconds / 1000))} seconds`;

export const guestHangs = (milliseconds: number): WasmvisorError =>
  new WasmvisorError(
    "guest-hang",
    `The guest hangs: its agent has not answered for ${milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${Math.round(milliseconds / 1000)} seconds`}; reset the VM, or have it restarted with onFailure.`,
    { milliseconds },
  );

export const guestCrashed = (): WasmvisorError =>
  new WasmvisorError(
    "guest-panic",
    "The guest has reset itself while its agent ran, as after a kernel panic; look at its console, and reset the VM, or have it restarted with onFailure.",
  );

export const guestNeglects = (): WasmvisorError =>
  new WasmvisorError(
    "guest-hang",
    "The guest hangs: it has not restarted its watchdog timer in time; reset the VM, or have it restarted with onFailure.",
  );
