/** Asking for a disk: a file to bring in, one on a server, an empty one, or a layer over another. */

import { isAddress } from "../../src/disk/source.ts";
import { make } from "./dom.ts";
import { size } from "./format.ts";

/** What the dialog is opened for. */
export type DiskWish =
  | { readonly kind: "file"; readonly file?: File }
  | { readonly kind: "address" }
  | { readonly kind: "empty" }
  | { readonly kind: "layer"; readonly base: string };

/** What somebody has said. */
export type DiskAnswer =
  | { readonly kind: "file"; readonly name: string; readonly file: File; readonly keep: boolean }
  | { readonly kind: "address"; readonly name: string; readonly address: string }
  | { readonly kind: "empty"; readonly name: string; readonly size: number }
  | { readonly kind: "layer"; readonly name: string; readonly base: string };

/** Does it; rejects with the sentence to show. */
export type DiskAct = (
  answer: DiskAnswer,
  onProgress: (done: number, total: number) => void,
  signal: AbortSignal,
) => Promise<void>;

const TITLES = {
  file: "Add a disk image",
  address: "Use a disk on a server",
  empty: "Make an empty disk",
  layer: "Make a layer",
};
const ACTIONS = { file: "Add", address: "Use", empty: "Make", layer: "Make" };
const UNITS = { M: 2 ** 20, G: 2 ** 30 } as const;

/** A name that no disk has: `debian.qcow2`, `debian-2.qcow2`. */
function freeName(wanted: string, taken: readonly string[]): string {
  const dot = wanted.lastIndexOf(".");
  const [stem, ending] = dot > 0 ? [wanted.slice(0, dot), wanted.slice(dot)] : [wanted, ""];
  let name = wanted;
  for (let count = 2; taken.includes(name); count++) name = `${stem}-${count}${ending}`;
  return name;
}

/** The name of what lies over an image. */
const layerName = (base: string, taken: readonly string[]) =>
  freeName(`${base.replace(/(?:\.\w+)?(?:\.gz|\.zst)?$/, "")}-mine.qcow2`, taken);

/** Asks, does it, and goes away when that has worked. What is under way when it is closed is given up. */
export function askForDisk(wish: DiskWish, taken: readonly string[], act: DiskAct): void {
  const controller = new AbortController();
  const file = make("input", { type: "file", id: "disk-file" });
  const address = make("input", { type: "url", id: "disk-address", placeholder: "https://…", spellcheck: false });
  const name = make("input", { type: "text", id: "disk-name", spellcheck: false, autocomplete: "off" });
  const keep = make("input", { type: "checkbox", checked: true });
  const amount = make("input", { type: "number", id: "disk-size", min: "1", max: "1024", value: "4", step: "1" });
  const unit = make(
    "select",
    { "aria-label": "Unit" },
    make("option", { value: "G" }, "GiB"),
    make("option", { value: "M" }, "MiB"),
  );
  const problem = make("p", { class: "problem", role: "alert" });
  const progress = make("div", { class: "progress", role: "status" });
  const submit = make("button", { type: "submit", class: "primary" }, ACTIONS[wish.kind]);
  const cancel = make("button", { type: "button", onclick: () => dialog.close() }, "Cancel");
  const row = (label: string, id: string, ...inputs: HTMLElement[]) =>
    make(
      "div",
      { class: "field-row" },
      make("label", { htmlFor: id }, label),
      make("div", { class: "said" }, ...inputs),
    );

  const rows: HTMLElement[] = [];
  if (wish.kind === "file") {
    if (wish.file !== undefined) {
      const transfer = new DataTransfer();
      transfer.items.add(wish.file);
      file.files = transfer.files;
    }
    const suggest = () => (name.value = freeName(file.files?.[0]?.name ?? "", taken));
    file.addEventListener("change", suggest);
    if (wish.file !== undefined) suggest();
    rows.push(
      row("Image", "disk-file", file, make("small", {}, "raw or qcow2")),
      row("Name", "disk-name", name),
      make(
        "div",
        { class: "field-row" },
        make("span", {}),
        make(
          "label",
          { class: "said check-line" },
          keep,
          "keep a copy in this browser; otherwise what the guest changes is forgotten",
        ),
      ),
    );
  } else if (wish.kind === "address") {
    address.addEventListener("input", () => {
      const file = URL.canParse(address.value) ? new URL(address.value).pathname.split("/").at(-1)! : "";
      name.value = file === "" ? "" : layerName(file, taken);
    });
    rows.push(
      make(
        "p",
        { class: "intro" },
        "Of the server's image only what the guest reads is fetched; what it changes is kept in this browser. The server has to send ranges, and to allow that to this page.",
      ),
      row("Address", "disk-address", address),
      row("Name", "disk-name", name),
    );
  } else if (wish.kind === "empty") {
    name.value = freeName("disk.qcow2", taken);
    rows.push(
      row("Name", "disk-name", name),
      row("Size", "disk-size", amount, unit, make("small", {}, "takes room only for what is written")),
    );
  } else {
    name.value = layerName(wish.base, taken);
    rows.push(
      make("p", { class: "intro" }, `What the guest changes goes to the layer, and ${wish.base} stays as it is.`),
      row("Name", "disk-name", name),
    );
  }

  const answer = (): DiskAnswer | string => {
    const said = name.value.trim();
    const chosen = file.files?.[0];
    if (wish.kind === "file" && chosen === undefined) return "Choose a file.";
    const place = URL.canParse(address.value) ? new URL(address.value).href : undefined;
    if (wish.kind === "address" && (place === undefined || !isAddress(place)))
      return "Give an address that begins with https:// or http://.";
    if (said === "") return "Give the disk a name.";
    if (taken.includes(said)) return `There is a disk ${said} already; choose another name.`;
    if (wish.kind === "file") return { kind: "file", name: said, file: chosen!, keep: keep.checked };
    if (wish.kind === "address") return { kind: "address", name: said, address: place! };
    if (wish.kind === "layer") return { kind: "layer", name: said, base: wish.base };
    const bytes = Number(amount.value) * UNITS[unit.value as keyof typeof UNITS];
    if (!Number.isInteger(bytes) || bytes < 2 ** 20 || bytes > 2 ** 40) return "A disk has from 1 MiB to 1024 GiB.";
    return { kind: "empty", name: said, size: bytes };
  };

  const run = async (): Promise<void> => {
    const said = answer();
    problem.textContent = typeof said === "string" ? said : "";
    if (typeof said === "string") return;
    submit.disabled = true;
    try {
      await act(
        said,
        (done, total) => {
          const text = `${size(done)} of ${size(total)}`;
          progress.replaceChildren(
            make("progress", { max: 1, value: total === 0 ? 1 : done / total, "aria-label": text }),
            make("span", { class: "num" }, text),
          );
        },
        controller.signal,
      );
      dialog.close();
    } catch (error) {
      progress.replaceChildren();
      problem.textContent = error instanceof Error ? error.message : String(error);
    } finally {
      submit.disabled = false;
    }
  };

  const form = make(
    "form",
    { method: "dialog", noValidate: true },
    make("h2", { id: "disk-title" }, TITLES[wish.kind]),
    ...rows,
    problem,
    progress,
    make("footer", {}, make("span", { class: "grow" }), cancel, submit),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void run();
  });
  const dialog = make("dialog", { class: "load", "aria-labelledby": "disk-title" }, form);
  dialog.addEventListener("close", () => {
    controller.abort(new Error("The dialog was closed."));
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  const first = {
    file: wish.kind === "file" && wish.file !== undefined ? submit : file,
    address,
    empty: name,
    layer: name,
  };
  first[wish.kind].focus();
}

/** Asks before something that cannot be taken back. */
export function confirmDeletion(name: string, act: () => void): void {
  const close = () => dialog.close();
  const remove = make("button", { type: "submit", class: "primary" }, "Delete");
  const form = make(
    "form",
    { method: "dialog" },
    make("h2", { id: "delete-title" }, `Delete ${name}?`),
    make("p", {}, "All that is on it is lost; download it first if you may want it again."),
    make(
      "footer",
      {},
      make("span", { class: "grow" }),
      make("button", { type: "button", onclick: close }, "Cancel"),
      remove,
    ),
  );
  form.addEventListener("submit", act);
  const dialog = make("dialog", { "aria-labelledby": "delete-title" }, form);
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
