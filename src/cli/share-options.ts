/** `--virtfs`, `--fsdev` and `--device virtio-9p-device`, in QEMU's words. */

import type { ShareOptions } from "../index.ts";
import { onOff, propertiesOf, slotOf } from "./properties.ts";
import { usage } from "./usage.ts";

/** A folder that has been named and waits for its device. */
interface Folder {
  readonly source: string;
  readonly readonly: boolean;
  readonly tag: string | undefined;
  readonly id: string | undefined;
}

const FOLDER = ["path", "security_model", "readonly", "mount_tag", "id", "writeout", "multidevs", "fmode", "dmode"];

/**
 * The shares that these options ask for.
 * @param devices - the values of `--device virtio-9p-device`
 * @throws WasmvisorError `usage`
 */
export function shareOptions(
  virtfs: readonly string[],
  fsdevs: readonly string[],
  devices: readonly string[],
): { readonly shares?: ShareOptions[] } {
  const shares: ShareOptions[] = virtfs.map((text) => {
    const { source, readonly, tag } = folderOf("virtfs", text);
    if (tag === undefined) throw usage(`--virtfs ${text} has no tag to mount it by; add mount_tag=NAME.`);
    return { tag, source, readonly };
  });
  const folders = new Map<string, Folder>();
  for (const text of fsdevs) {
    const folder = folderOf("fsdev", text);
    if (folder.id === undefined) throw usage(`--fsdev ${text} has no id for its device; add id=NAME.`);
    folders.set(folder.id, folder);
  }
  for (const text of devices) shares.push(deviceOf(text, folders));
  const [unused] = folders.keys();
  if (unused !== undefined)
    throw usage(
      `Nothing shares the folder of --fsdev ${unused}; add --device virtio-9p-device,fsdev=${unused},mount_tag=NAME.`,
    );
  return shares.length === 0 ? {} : { shares };
}

function folderOf(option: string, text: string): Folder {
  const [, driver = "", rest = ""] = /^([^,]*),?(.*)$/s.exec(text) ?? [];
  if (driver !== "local" && driver !== "fsdriver=local")
    throw usage(
      `--${option} shares a local folder, not "${driver}"; write --${option} local,path=FOLDER,mount_tag=NAME.`,
    );
  const properties = rest === "" ? new Map<string, string>() : propertiesOf(option, rest);
  const unknown = [...properties.keys()].find((name) => !FOLDER.includes(name));
  if (unknown !== undefined) throw usage(`--${option} has no property "${unknown}"; it has ${FOLDER.join(", ")}.`);
  const source = properties.get("path");
  if (source === undefined) throw usage(`--${option} ${text} names no folder; add path=FOLDER.`);
  const model = properties.get("security_model") ?? "none";
  if (model !== "none" && model !== "passthrough")
    throw usage(`Owners cannot be kept beside files here (security_model=${model}); use security_model=none.`);
  return {
    source,
    readonly: onOff("readonly", properties.get("readonly") ?? "off"),
    tag: properties.get("mount_tag"),
    id: properties.get("id"),
  };
}

const DEVICE = ["fsdev", "mount_tag", "bus", "id"];

function deviceOf(text: string, folders: Map<string, Folder>): ShareOptions {
  const properties = propertiesOf("device", text.replace(/^[^,]*,?/s, ""));
  const unknown = [...properties.keys()].find((name) => !DEVICE.includes(name));
  if (unknown !== undefined)
    throw usage(`The device virtio-9p-device has no property "${unknown}"; it has ${DEVICE.join(", ")}.`);
  const [id = "", tag, bus] = ["fsdev", "mount_tag", "bus"].map((name) => properties.get(name));
  const folder = folders.get(id);
  if (folder === undefined)
    throw usage(
      `The virtio-9p-device names no --fsdev; add --fsdev local,id=NAME,path=FOLDER,security_model=none and fsdev=NAME.`,
    );
  folders.delete(id);
  if (tag === undefined) throw usage("The virtio-9p-device has no tag to mount it by; add mount_tag=NAME.");
  const { source, readonly } = folder;
  return { tag, source, readonly, ...(bus === undefined ? {} : { slot: slotOf(bus) }) };
}
