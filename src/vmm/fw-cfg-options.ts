/** Files of the firmware configuration device as programs give them. */

import { type FwCfgFile, MAX_FILES, NAME_BYTES } from "../device/fw-cfg/items.ts";
import { WasmvisorError } from "../error.ts";

/** Bytes of one file. */
const FILE_MOST = 2 ** 26;

/**
 * The files, checked.
 * @throws WasmvisorError `option`
 */
export function checkFwCfg(files: readonly FwCfgFile[] = []): readonly FwCfgFile[] {
  if (!Array.isArray(files) || files.length > MAX_FILES)
    throw fault(`fwCfg is a list of up to ${MAX_FILES} files; leave some out.`);
  const names = new Set<string>();
  for (const { name, data } of files as readonly FwCfgFile[]) {
    if (typeof name !== "string" || !/^[\x21-\x7e]+$/.test(name) || name.length >= NAME_BYTES) {
      throw fault(`The name of a file in fwCfg is 1 to ${NAME_BYTES - 1} characters of ASCII, not "${name}".`);
    }
    if (names.has(name)) throw fault(`There are two files named ${name} in fwCfg; leave one out.`);
    names.add(name);
    if (!(typeof data === "string" || data instanceof Uint8Array) || data.length > FILE_MOST) {
      throw fault(`The data of ${name} in fwCfg is text or bytes, up to ${FILE_MOST >> 20} MiB; give that.`);
    }
  }
  return files as readonly FwCfgFile[];
}

function fault(sentence: string): WasmvisorError {
  return new WasmvisorError("option", sentence, { key: "fwCfg" });
}
