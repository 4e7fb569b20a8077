/** `wasmvisor img create`, `convert`, `resize`, `commit` and `rebase`: making and changing images. */

import { diskHost } from "#disk";
import {
  type BlockBackend,
  type Compression,
  copyDisk,
  createDisk,
  type CreateDiskOptions,
  type Disk,
  type DiskFormat,
  openDisk,
  type Preallocation,
  Qcow2,
} from "../disk/index.ts";
import { pullUp, pushDown } from "../disk/copy.ts";
import { writeZeros } from "../disk/qcow2/create.ts";
import { settle } from "../disk/steps.ts";
import { print } from "../host/process.ts";
import { allowing, closeAll, formatOf, nameBeside, oneFile, open, openChain } from "./img-files.ts";
import { type ImgArguments, parseOptions, parseSize } from "./img-options.ts";
import { usage } from "./usage.ts";

/** Prints a line, unless -q. */
export async function say({ flags }: ImgArguments, text: string): Promise<void> {
  if (!flags.has("q")) await print(`${text}\n`);
}

/** What -p shows. */
function progress({ flags }: ImgArguments): ((done: number, total: number) => void) | undefined {
  if (!flags.has("p")) return undefined;
  let shown = "";
  return (done, total) => {
    const text = ((100 * done) / Math.max(1, total)).toFixed(2);
    if (text === shown) return;
    shown = text;
    void print(`    (${text}/100%)\r`);
  };
}

function onOff(name: string, value: string): boolean {
  if (["on", "yes", "true", "y"].includes(value)) return true;
  if (["off", "no", "false", "n"].includes(value)) return false;
  throw usage(`The option ${name} is on or off, not "${value}".`);
}

/** What is set aside. `falloc` sets room aside without writing it; where that cannot be had, and here it cannot, zeros are written. */
function preallocationOf(value: string): Preallocation {
  if (value === "falloc") return "full";
  if (value === "off" || value === "metadata" || value === "full") return value;
  throw usage(`The option preallocation is off, metadata, falloc or full, not "${value}".`);
}

type Layout = Partial<CreateDiskOptions>;

/** What each -o NAME=VALUE means. */
const LAYOUT_OPTIONS: Readonly<Record<string, (value: string) => Layout>> = {
  size: (value) => ({ size: parseSize(value) }),
  compat: (value) => {
    if (["0.10", "v2"].includes(value)) return { version: 2 };
    if (["1.1", "v3"].includes(value)) return { version: 3 };
    throw usage(`The option compat is 0.10 or 1.1, not "${value}".`);
  },
  cluster_size: (value) => ({ clusterBytes: parseSize(value) }),
  refcount_bits: (value) => ({ refcountBits: parseSize(value) }),
  lazy_refcounts: (value) => ({ lazyRefcounts: onOff("lazy_refcounts", value) }),
  compression_type: (value) => {
    if (value !== "zlib" && value !== "zstd")
      throw usage(`The option compression_type is zlib or zstd, not "${value}".`);
    return { compression: value satisfies Compression };
  },
  backing_file: (value) => ({ backingFile: value }),
  backing_fmt: (value) => ({ backingFormat: value }),
  extended_l2: (value) => {
    if (onOff("extended_l2", value)) throw usage("Extended L2 entries are not supported; leave extended_l2 out.");
    return {};
  },
  preallocation: (value) => ({ preallocation: preallocationOf(value) }),
};

const QCOW2_HELP = `Supported qcow2 options:
  backing_file=<str>     - File name of a base image
  backing_fmt=<str>      - Image format of the base image
  cluster_size=<size>    - qcow2 cluster size
  compat=<str>           - Compatibility level (v2 [0.10] or v3 [1.1])
  compression_type=<str> - Compression method used for image cluster compression (zlib or zstd)
  lazy_refcounts=<bool (on/off)> - Postpone refcount updates
  preallocation=<str>    - Preallocation mode (off, metadata, falloc, full)
  refcount_bits=<num>    - Width of a reference count entry in bits
  size=<size>            - Virtual disk size
`;
const RAW_HELP = `Supported raw options:
  preallocation=<str>    - Preallocation mode (off, falloc, full)
  size=<size>            - Virtual disk size
`;

const RAW_OPTIONS = new Set(["size", "preallocation"]);

/** The layout that -o, -b, -B and -F ask for; undefined after `-o help`. */
async function layoutOf(args: ImgArguments, format: DiskFormat, backingLetter: string): Promise<Layout | undefined> {
  const options = parseOptions(args.options);
  if (options.has("help") || options.has("?")) {
    await print(format === "raw" ? RAW_HELP : QCOW2_HELP);
    return undefined;
  }
  let layout: Layout = { format };
  for (const [name, value] of options) {
    if (!Object.hasOwn(LAYOUT_OPTIONS, name) || (format === "raw" && !RAW_OPTIONS.has(name)))
      throw usage(`The format ${format} has no option "${name}"; see wasmvisor img create -f ${format} -o help.`);
    layout = { ...layout, ...LAYOUT_OPTIONS[name]!(value) };
  }
  if (format === "raw" && layout.preallocation === "metadata")
    throw usage("A raw image has no tables; its preallocation is off, falloc or full.");
  const { values } = args;
  const backing = values.get(backingLetter);
  if (backing !== undefined) layout = { ...layout, backingFile: backing };
  const backingFormat = formatOf(values.get("F"));
  if (backingFormat !== undefined) layout = { ...layout, backingFormat };
  if (layout.backingFile !== undefined && format === "raw")
    throw usage("A raw image lies over no other; use -f qcow2.");
  return layout;
}

/** `create`. */
export async function imgCreate(args: ImgArguments): Promise<number> {
  const [file, size, ...rest] = args.files;
  const format = formatOf(args.values.get("f")) ?? "raw";
  const layout = await layoutOf(args, format, "b");
  if (layout === undefined) return 0;
  if (file === undefined || rest.length > 0)
    throw usage("wasmvisor img create needs a file and a size; see wasmvisor img --help.");
  const { backingFile, backingFormat } = layout;
  if (backingFile !== undefined && backingFormat === undefined)
    throw usage(`Name the format of ${backingFile}, too: -F raw or -F qcow2.`);
  const given = size === undefined ? layout.size : parseSize(size);
  const bytes = given ?? (await sizeBelow(args, file, layout));
  const whole = { ...layout, size: bytes };
  await say(args, `Formatting '${file}', ${formatting(args, format, whole)}`);
  await createDisk(file, whole);
  return 0;
}

/** As large as what lies below. */
async function sizeBelow(args: ImgArguments, file: string, { backingFile, backingFormat }: Layout): Promise<number> {
  if (backingFile === undefined || args.flags.has("u")) throw usage("An image needs a size, such as 8G.");
  const format = formatOf(backingFormat);
  const disk = await open(nameBeside(backingFile, file), args, {
    readonly: true,
    alone: true,
    ...(format === undefined ? {} : { format }),
  });
  await disk.close();
  return disk.size;
}

function formatting(args: ImgArguments, format: DiskFormat, layout: Layout & { readonly size: number }): string {
  const given = parseOptions(args.options);
  const preallocation = given.has("preallocation") ? ` preallocation=${given.get("preallocation")}` : "";
  if (format === "raw") return `fmt=raw size=${layout.size}${preallocation}`;
  const {
    clusterBytes = 65_536,
    compression = "zlib",
    backingFile,
    backingFormat,
    lazyRefcounts = false,
    refcountBits = 16,
  } = layout;
  const compat = given.get("compat");
  return [
    `fmt=qcow2 cluster_size=${clusterBytes} extended_l2=off${preallocation} compression_type=${compression} size=${layout.size}`,
    ...(compat === undefined ? [] : [`compat=${compat}`]),
    ...(backingFile === undefined ? [] : [`backing_file=${backingFile} backing_fmt=${backingFormat}`]),
    `lazy_refcounts=${lazyRefcounts ? "on" : "off"} refcount_bits=${refcountBits}`,
  ].join(" ");
}

/** `convert`. */
export async function imgConvert(args: ImgArguments): Promise<number> {
  const files = [...args.files];
  const format = formatOf(args.values.get("O")) ?? "raw";
  const layout = await layoutOf(args, format, "B");
  if (layout === undefined) return 0;
  const target = files.pop();
  if (target === undefined || files.length === 0)
    throw usage("wasmvisor img convert needs images to read and a file to write; see wasmvisor img --help.");
  const compress = args.flags.has("c");
  if (compress && (layout.preallocation ?? "off") !== "off")
    throw usage("Compressed clusters take the room that they need; leave -c or preallocation out.");
  if (compress && format !== "qcow2") throw usage("Only qcow2 images can be compressed; use -O qcow2.");
  const sources: Disk[] = [];
  let base: BlockBackend | undefined;
  try {
    const snapshot = snapshotOption(args);
    for (const file of files)
      sources.push(await open(file, args, { readonly: true, ...(snapshot === undefined ? {} : { snapshot }) }));
    const size = sources.reduce((sum, disk) => sum + disk.size, 0);
    if (layout.backingFile !== undefined) {
      const baseFormat = formatOf(layout.backingFormat);
      base = await openDisk(nameBeside(layout.backingFile, target), {
        readonly: true,
        shared: true,
        allow: allowing(args),
        ...(baseFormat === undefined ? {} : { format: baseFormat }),
      });
    }
    if (!args.flags.has("n")) await createDisk(target, { ...layout, size: layout.size ?? size });
    await fill(target, sources, args, { format, compress, base });
    if (args.flags.has("p")) await print("    (100.00/100%)\n");
    return 0;
  } finally {
    for (const disk of sources) await disk.close();
    await base?.close();
  }
}

/** The internal snapshot that -l names: `snapshot.id=1`, `snapshot.name=before`, or the one or the other alone. */
function snapshotOption({ values }: ImgArguments): string | undefined {
  const text = values.get("l");
  if (text === undefined || !text.startsWith("snapshot.")) return text;
  const given = parseOptions([text]);
  const wanted = given.get("snapshot.id") ?? given.get("snapshot.name");
  if (wanted !== undefined && given.size === 1) return wanted;
  throw usage("Name one snapshot: -l ID, -l NAME, -l snapshot.id=ID or -l snapshot.name=NAME.");
}

interface Filling {
  readonly format: DiskFormat;
  readonly compress: boolean;
  readonly base: BlockBackend | undefined;
}

/** Writes the sources, one behind the other. */
async function fill(
  target: string,
  sources: readonly Disk[],
  args: ImgArguments,
  { format, compress, base }: Filling,
): Promise<void> {
  const disk = await openDisk(target, { format, alone: true });
  const onProgress = progress(args);
  const sparse = args.values.get("S");
  try {
    let at = 0;
    for (const source of sources) {
      await copyDisk(source, disk, at, {
        compress,
        isEmpty: !args.flags.has("n"),
        ...(base === undefined ? {} : { base }),
        ...(sparse === undefined ? {} : { sparseBytes: parseSize(sparse) }),
        ...(onProgress === undefined ? {} : { onProgress }),
      });
      at += source.size;
    }
  } finally {
    await disk.close();
  }
}

/** `resize`. */
export async function imgResize(args: ImgArguments): Promise<number> {
  const files = [...args.files];
  const text = files.pop();
  const [file, ...rest] = files;
  if (text === undefined || file === undefined || rest.length > 0)
    throw usage("wasmvisor img resize needs an image and a size, such as +1G; see wasmvisor img --help.");
  const preallocation = preallocationOf(args.values.get("preallocation") ?? "off");
  const sign = /^[+-]/.exec(text)?.[0];
  const amount = parseSize(sign === undefined ? text : text.slice(1));
  const disk = await open(file, args);
  try {
    const wanted = sign === "+" ? disk.size + amount : sign === "-" ? disk.size - amount : amount;
    if (wanted < 0) throw usage(`The image has ${disk.size} bytes; it cannot lose ${amount}.`);
    const size = Math.ceil(wanted / 512) * 512;
    if (size < disk.size && !args.flags.has("shrink"))
      throw usage("A smaller image loses what is behind its new end; add --shrink if that is what you want.");
    const grownFrom = disk.size;
    await disk.resize(size);
    if (preallocation !== "off" && size > grownFrom) await settle(writeZeros(disk, grownFrom, size));
  } finally {
    await disk.close();
  }
  await say(args, "Image resized.");
  return 0;
}

/** `commit`: into what lies below, or with -b into an image further down. */
export async function imgCommit(args: ImgArguments): Promise<number> {
  const file = oneFile("commit", args);
  const levels = await openChain(file, args);
  const base = baseLevel(
    args,
    levels.map(({ name }) => name),
  );
  const names = levels
    .slice(0, base + 1)
    .map(({ name, disk }) => ({ name, format: disk instanceof Qcow2 ? "qcow2" : "raw" }) as const);
  await closeAll(levels);
  const onProgress = progress(args);
  const target = names[base]!;
  const into = await open(target.name, args, { format: target.format });
  try {
    for (const { name, format } of names.slice(0, base).reverse()) {
      const level = await open(name, args, { format, readonly: true, alone: true });
      try {
        await pushDown(level, into, onProgress);
      } finally {
        await level.close();
      }
    }
    await into.flush();
  } finally {
    await into.close();
  }
  // Nothing is taken out above before all of it is safe below.
  if (base === 1 && !args.flags.has("d")) await emptyTop(file, args);
  if (args.flags.has("p")) await print("    (100.00/100%)\n");
  await say(args, "Image committed.");
  return 0;
}

function baseLevel(args: ImgArguments, names: readonly string[]): number {
  if (names.length < 2) throw usage(`The image ${names[0]} lies over no other; there is nothing to commit to.`);
  const base = args.values.get("b");
  if (base === undefined) return 1;
  const path = diskHost.realPath(base);
  const index = names.findIndex((name, level) => level > 0 && diskHost.realPath(name) === path);
  if (index < 0)
    throw usage(`The image ${names[0]} does not lie over ${base}; see wasmvisor img info --backing-chain.`);
  return index;
}

async function emptyTop(file: string, args: ImgArguments): Promise<void> {
  const top = await open(file, args, { alone: true, format: "qcow2" });
  try {
    if (top instanceof Qcow2) await top.empty();
  } finally {
    await top.close();
  }
}

/** `rebase`: over another image, with the same contents, or with -u by name only. */
export async function imgRebase(args: ImgArguments): Promise<number> {
  const file = oneFile("rebase", args);
  const { values, flags } = args;
  const name = values.get("b");
  if (name === undefined)
    throw usage('wasmvisor img rebase needs -b FILE, or -b "" for none; see wasmvisor img --help.');
  const format = formatOf(values.get("F"));
  if (name !== "" && format === undefined) throw usage(`Name the format of ${name}, too: -F raw or -F qcow2.`);
  const isUnsafe = flags.has("u");
  const base =
    isUnsafe || name === ""
      ? undefined
      : await openDisk(nameBeside(name, file), {
          readonly: true,
          shared: true,
          allow: allowing(args),
          ...(format === undefined ? {} : { format }),
        });
  try {
    const disk = await open(file, args, isUnsafe ? { alone: true } : {});
    try {
      if (!(disk instanceof Qcow2)) throw usage("A raw image lies over no other; convert it to qcow2.");
      if (!isUnsafe) {
        await pullUp(disk, base, progress(args));
        await disk.flush();
      }
      await disk.setBacking(name === "" ? undefined : name, format);
    } finally {
      await disk.close();
    }
  } finally {
    await base?.close();
  }
  if (flags.has("p")) await print("    (100.00/100%)\n");
  return 0;
}
