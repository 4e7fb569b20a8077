/** Browsers have no files of their own: bytes and streams are copied in their place. */

import { WasmvisorError } from "../error.ts";
import type { HostEntry } from "./files.ts";

function none(): WasmvisorError {
  return new WasmvisorError(
    "unsupported",
    "There are no files to copy in a browser; use bytes or a stream, or vm.readFile and vm.writeFile.",
  );
}

export const entryOf = (_path: string, _follow: boolean): Promise<HostEntry> => Promise.reject(none());
export const list = (_path: string): Promise<HostEntry[]> => Promise.reject(none());
export const read = (_path: string): ReadableStream<Uint8Array> => {
  throw none();
};
export const write = (
  _path: string,
  _chunks: AsyncIterable<Uint8Array>,
  _mode: number,
  _mtime: number,
): Promise<void> => Promise.reject(none());
export const makeFolder = (_path: string, _mustBeReal: boolean): Promise<void> => Promise.reject(none());
export const makeLink = (_path: string, _target: string): Promise<void> => Promise.reject(none());
export const change = (_path: string, _mode: number, _mtime: number): Promise<void> => Promise.reject(none());
export const join = (folder: string, name: string): string => `${folder}/${name}`;
export const isName = (name: string): boolean => name !== "" && !name.includes("/");
