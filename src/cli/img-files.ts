/** Opening the images that `wasmvisor img` is told of. */

import { diskHost } from "#disk";
import { type Disk, DISK_FORMATS, type DiskFormat, openDisk, type OpenDiskOptions, Qcow2 } from "../disk/index.ts";
import { backingPlace, placeOf } from "../disk/open.ts";
import { isAddress } from "../disk/source.ts";
import { WasmvisorError } from "../error.ts";
import { type ImgArguments } from "./img-options.ts";
import { usage } from "./usage.ts";

/**
 * A format by its name.
 * @throws WasmvisorError `usage`
 */
export function formatOf(name: string | undefined): DiskFormat | undefined {
  if (name === undefined) return undefined;
  const format = DISK_FORMATS.find((known) => known === name);
  if (format === undefined) throw usage(`There is no format "${name}"; use ${DISK_FORMATS.join(" or ")}.`);
  return format;
}

/** Files below an image may be in its folder, or what `--allow` names: a file, a folder with all that is in it, or an address. */
export function allowing({ allowed }: ImgArguments): NonNullable<OpenDiskOptions["allow"]> {
  const addresses = new Set(allowed.filter((name) => isAddress(name)));
  const paths = allowed.filter((name) => !addresses.has(name)).map((name) => diskHost.realPath(name));
  return (file, image) =>
    isAddress(file)
      ? addresses.has(file)
      : diskHost.isBeside(file, image) || paths.some((path) => file === path || diskHost.isBeside(file, `${path}/.`));
}

/** Opens an image as the arguments say. */
export function open(file: string, args: ImgArguments, options: OpenDiskOptions = {}): Promise<Disk> {
  const format = options.format ?? formatOf(args.values.get("f"));
  return openDisk(file, {
    allow: allowing(args),
    shared: args.flags.has("U"),
    ...options,
    ...(format === undefined ? {} : { format }),
  });
}

/** The one image that a command is for. */
export function oneFile(command: string, { files }: ImgArguments): string {
  const [file, ...rest] = files;
  if (file === undefined || rest.length > 0)
    throw usage(`wasmvisor img ${command} needs the name of one image; see wasmvisor img --help.`);
  return file;
}

/** One image of a chain, opened alone. */
export interface Level {
  /** As it is to be called: seen from where the command runs. */
  readonly name: string;
  readonly disk: Disk;
}

/** Whom a name means, when it is written in an image of that name. */
export function nameBeside(name: string, image: string): string {
  if (isAddress(name)) return name;
  const plain = name.startsWith("file:") ? name.slice("file:".length) : name;
  const folder = image.slice(0, image.lastIndexOf("/") + 1);
  return plain.startsWith("/") ? plain : folder + plain;
}

const MOST_LEVELS = 64;

/** Opens an image and all below it, each alone and for reading. */
export async function openChain(file: string, args: ImgArguments): Promise<Level[]> {
  const levels: Level[] = [];
  const seen = new Set<string>();
  try {
    let name: string | undefined = file;
    let format = formatOf(args.values.get("f"));
    while (name !== undefined) {
      const place = placeOf(name);
      if (seen.has(place) || levels.length >= MOST_LEVELS)
        throw new WasmvisorError(
          "image-backing",
          `The disk image ${file} lies over itself, by way of "${name}"; rebase it.`,
        );
      seen.add(place);
      const disk = await open(name, args, { readonly: true, alone: true, ...(format === undefined ? {} : { format }) });
      levels.push({ name, disk });
      const info: { backingFile?: string; backingFormat?: string } = disk instanceof Qcow2 ? disk.info : {};
      if (info.backingFile === undefined) break;
      backingPlace(info.backingFile, place, allowing(args));
      name = nameBeside(info.backingFile, name);
      format = formatOf(info.backingFormat);
    }
    return levels;
  } catch (error) {
    await closeAll(levels);
    throw error;
  }
}

/** Closes them. */
export async function closeAll(levels: readonly Level[]): Promise<void> {
  for (const { disk } of levels) await disk.close();
}
