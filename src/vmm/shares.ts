/** Shared folders of a VM as programs ask for them. */

import type { FileMap } from "../backend/share/map.ts";
import type { Share } from "../backend/share/share.ts";
import type { VirtioModel } from "../device/virtio/model.ts";
import { WasmvisorError } from "../error.ts";
import { known } from "./known.ts";

/** A folder that the guest mounts: `mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt`. */
export interface ShareOptions {
  /** By which the guest mounts it: 1 to 31 bytes. */
  readonly tag: string;
  /**
   * A path of a folder (in node), or a `Map` of paths (`"folder/file"`) and contents. What the guest changes in a map's files is in the map
   * as soon as it has closed them, or synchronized them; what the program changes later the guest does not see.
   */
  readonly source: string | FileMap;
  /** Whether the guest may only read. Default false. */
  readonly readonly?: boolean;
  /** The virtio slot, 0 to 7. Default: the highest free one. */
  readonly slot?: number;
}

/** A share with its device. */
export interface OpenedShare {
  readonly slot: number;
  readonly share: Share;
  readonly model: VirtioModel;
}

const KEYS = Object.keys({ tag: 0, source: 0, readonly: 0, slot: 0 } satisfies Record<keyof ShareOptions, 0>);

/** As Linux's drivers and QEMU have it. */
const TAG_BYTES = 31;

/**
 * Opens them.
 * @throws WasmvisorError `share`, `option`
 */
export async function openShares(wanted: readonly ShareOptions[], slots: readonly number[]): Promise<OpenedShare[]> {
  const [{ openFolder }, { Virtio9p }, { MapShare }] = await Promise.all([
    import("#share"),
    import("../device/virtio/9p/9p.ts"),
    import("../backend/share/map.ts"),
  ]);
  const opened: OpenedShare[] = [];
  try {
    for (const [index, { tag, source, readonly = false }] of wanted.entries()) {
      const share = typeof source === "string" ? openFolder(source) : new MapShare(source);
      opened.push({ slot: slots[index]!, share, model: new Virtio9p(share, tag, readonly) });
    }
    return opened;
  } catch (error) {
    for (const { share } of opened) share.close();
    throw error;
  }
}

/**
 * Checks what is asked for.
 * @throws WasmvisorError `share`, `option`
 */
export function checkShares(shares: readonly ShareOptions[] = []): void {
  if (!Array.isArray(shares)) throw fault("shares is a list; give one.", shares);
  const tags = new Set<string>();
  for (const options of shares as readonly ShareOptions[]) {
    known({ code: "option", where: "a share" }, options, KEYS);
    const { tag, source, readonly } = options;
    const bytes = typeof tag === "string" ? new TextEncoder().encode(tag).length : 0;
    if (bytes === 0 || bytes > TAG_BYTES || tag.includes("\0"))
      throw fault(`A share's tag is text of 1 to ${TAG_BYTES} bytes, not "${tag}".`, tag);
    if (tags.has(tag)) throw fault(`There are two shares with the tag ${tag}; give each a tag of its own.`, tag);
    tags.add(tag);
    if (readonly !== undefined && typeof readonly !== "boolean")
      throw fault(`A share is readonly or not (true or false), not ${String(readonly)}.`, readonly);
    if (typeof source !== "string" && !isMap(source))
      throw fault("A share's source is the path of a folder, or a Map of paths and contents; give that.", tag);
  }
}

function isMap(source: unknown): source is FileMap {
  const methods = ["keys", "get", "set", "delete"] as const;
  return (
    typeof source === "object" &&
    source !== null &&
    methods.every((name) => typeof (source as Record<string, unknown>)[name] === "function")
  );
}

function fault(sentence: string, value: unknown): WasmvisorError {
  return new WasmvisorError("share", sentence, { value });
}
