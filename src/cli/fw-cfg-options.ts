/** `--fw-cfg`, in QEMU's words. */

import type { FwCfgFile } from "../index.ts";
import { propertiesOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** A file of the firmware configuration device whose data is in a file. */
export interface FwCfgPath {
  readonly name: string;
  readonly path: string;
}

/**
 * What the values of `--fw-cfg` ask for: `name=opt/…,string=TEXT` or `name=opt/…,file=PATH`.
 * @throws WasmvisorError `usage`
 */
export function fwCfgOptions(values: readonly string[]): {
  readonly fwCfg: readonly FwCfgFile[] | undefined;
  readonly fwCfgFiles: readonly FwCfgPath[] | undefined;
} {
  const [texts, paths]: [FwCfgFile[], FwCfgPath[]] = [[], []];
  for (const value of values) {
    const properties = propertiesOf("fw-cfg", value.startsWith("opt/") ? `name=${value}` : value);
    const [name, text, path] = ["name", "string", "file"].map((key) => properties.get(key));
    const isWhole = name !== undefined && (text === undefined) !== (path === undefined) && properties.size === 2;
    if (!isWhole)
      throw usage(`--fw-cfg ${value} is not whole; write --fw-cfg name=opt/NAME,string=TEXT or …,file=PATH.`);
    if (text !== undefined) texts.push({ name, data: text });
    else paths.push({ name, path: path! });
  }
  return { fwCfg: texts.length > 0 ? texts : undefined, fwCfgFiles: paths.length > 0 ? paths : undefined };
}
