/** `wasmvisor img`: disk images, with qemu-img's commands, options and output. */

import { WasmvisorError } from "../error.ts";
import { print, printError } from "../host/process.ts";
import { nearest } from "../nearest.ts";
import { imgCommit, imgConvert, imgCreate, imgRebase, imgResize } from "./img-change.ts";
import { imgCheck } from "./img-check.ts";
import { imgInfo, imgMap } from "./img-info.ts";
import { type ImgArguments, type ImgSpec, readImgArguments } from "./img-options.ts";
import { usage } from "./usage.ts";

interface ImgCommand extends ImgSpec {
  run(args: ImgArguments): Promise<number>;
}

/** `-t`, `-T`, `-m`, `-W` and `-r` of convert choose how fast qemu-img is; they are read and not needed. */
const COMMANDS: Readonly<Record<string, ImgCommand>> = {
  create: { letters: "f:b:F:o:qu", run: imgCreate },
  info: { letters: "f:", long: { "backing-chain": "backing-chain" }, run: imgInfo },
  convert: { letters: "f:O:o:B:F:S:l:t:T:m:r:cnpqW", run: imgConvert },
  check: { letters: "f:r:T:q", run: imgCheck },
  resize: { letters: "f:q", long: { shrink: "shrink", preallocation: "preallocation:" }, run: imgResize },
  commit: { letters: "f:t:b:r:dpq", run: imgCommit },
  rebase: { letters: "f:t:T:b:F:upq", run: imgRebase },
  map: { letters: "f:s:l:", long: { "start-offset": "s:", "max-length": "l:" }, run: imgMap },
};

/** What `--help` prints. */
export const IMG_HELP = `wasmvisor img COMMAND [options] …

Disk images, with qemu-img's commands, options, units and output. Formats: raw, qcow2.

  create [-f FORMAT] [-o OPTIONS] [-b BASE -F FORMAT] [-u] FILE [SIZE]
                      make an image, with -b over another one
  info [--backing-chain] [--output=json] FILE
                      what an image is
  convert [-f FORMAT] [-O FORMAT] [-c] [-o OPTIONS] [-B BASE -F FORMAT] [-l SNAPSHOT] [-n] [-S SIZE] FILE… TARGET
                      copy images, one behind the other; -c compresses, -l takes the disk as it was in a snapshot
  check [-r leaks|all] [--output=json] FILE
                      whether tables and reference counts agree, and repair them
  resize [--shrink] [--preallocation=off|metadata|falloc|full] FILE [+|-]SIZE
  commit [-b BASE] [-d] FILE
                      write what is in an image into the one below it
  rebase -b BASE [-F FORMAT] [-u] FILE
                      put an image over another one, with the same contents; with -u by name only
  map [-s OFFSET] [-l LENGTH] [--output=json] FILE
                      where the contents lie

  -q                  say nothing but errors
  -p                  show how far it is
  -U, --force-share   do not mind who else uses the image
  --allow PATH        an image may lie over that file or address, or over files in that folder (again for more); by itself
                      it may lie over files in its own folder
  -o help             the options of a format

Sizes: bytes, or with k, M, G, T, P, E. Exit codes: 1 for errors; of check: 2 errors in the image, 3 leaks, 63 no such check.
`;

/** Runs one command; returns its exit code. */
export async function runImg(args: readonly string[]): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || ["help", "--help", "-help", "-h"].includes(name)) {
    await print(IMG_HELP);
    return name === undefined ? 1 : 0;
  }
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name]! : undefined;
    if (command === undefined) throw noCommand(name);
    const read = readImgArguments(name, rest, command);
    if (read.flags.has("h")) {
      await print(IMG_HELP);
      return 0;
    }
    return await command.run(read);
  } catch (error) {
    if (!(error instanceof WasmvisorError)) throw error;
    await printError(`wasmvisor: ${error.message}\n`);
    return 1;
  }
}

function noCommand(name: string): WasmvisorError {
  const meant = nearest(name, Object.keys(COMMANDS));
  return usage(
    `There is no command "img ${name}"; ${meant === undefined ? "see wasmvisor img --help" : `did you mean wasmvisor img ${meant}?`}`,
  );
}
