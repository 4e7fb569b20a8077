/** Choosing what to boot: files from disk, or addresses. */

import type { LoadProgress } from "../../src/index.ts";
import type { FileKind } from "../disks/kind.ts";
import type { GuestImage, GuestSpec } from "../session/protocol.ts";
import { DEMO_SPEC } from "../session/catalogue.ts";
import { make } from "./dom.ts";
import { size } from "./format.ts";

/** A file from disk, or an address to type. */
class ImageField {
  readonly element: HTMLElement;
  readonly #file: HTMLInputElement;
  readonly #address: HTMLInputElement;

  constructor(id: string, label: string, hint: string) {
    this.#file = make("input", { type: "file", id });
    this.#address = make("input", {
      type: "url",
      placeholder: "or an address: https://…",
      "aria-label": `${label} by address`,
    });
    this.#file.addEventListener("change", () => (this.#address.value = ""));
    this.#address.addEventListener("input", () => (this.#file.value = ""));
    this.element = make(
      "div",
      { class: "field-row" },
      make("label", { htmlFor: id }, label),
      make("div", { class: "sources" }, this.#file, this.#address, make("small", {}, hint)),
    );
  }

  /** Takes a file that was dropped. */
  put(file: File): void {
    const transfer = new DataTransfer();
    transfer.items.add(file);
    this.#file.files = transfer.files;
    this.#address.value = "";
  }

  get image(): GuestImage | undefined {
    const address = this.#address.value.trim();
    if (address === "") return this.#file.files?.[0];
    return URL.canParse(address, location.href) ? new URL(address, location.href).href : address;
  }

  get name(): string | undefined {
    const image = this.image;
    return typeof image === "string" ? image.split("/").at(-1) : this.#file.files?.[0]?.name;
  }
}

/** A dialog that asks what to boot, shows how far loading has come, and what went wrong. */
export class LoadDialog {
  readonly #dialog = make("dialog", { class: "load", "aria-labelledby": "load-title" });
  readonly #kernel = new ImageField(
    "kernel-file",
    "Kernel",
    "an ELF file, a Linux Image (also gzipped) or a flat binary",
  );
  readonly #initrd = new ImageField("initrd-file", "Initrd", "the initial RAM disk, if the kernel needs one");
  readonly #bios = new ImageField("bios-file", "Firmware", "OpenSBI or another; without it, SBI is built in");
  readonly #bare = make("input", { type: "checkbox", id: "bare" });
  readonly #append = make("input", {
    type: "text",
    id: "append",
    value: "console=ttyS0",
    class: "mono",
    spellcheck: false,
  });
  readonly #memory = make("select", { id: "memory" });
  readonly #harts = make("select", { id: "harts" });
  readonly #boot = make("button", { type: "submit", class: "primary" }, "Boot");
  readonly #problem = make("p", { class: "problem", role: "alert" });
  readonly #progress = make("div", { class: "progress", role: "status" });
  readonly #onBoot: (spec: GuestSpec) => Promise<void>;

  readonly #onBooted: () => void;

  /**
   * @param onBoot - boots; rejects with the sentence to show
   * @param onBooted - called when that has worked and the dialog is gone
   */
  constructor(onBoot: (spec: GuestSpec) => Promise<void>, onBooted: () => void) {
    this.#onBoot = onBoot;
    this.#onBooted = onBooted;
    for (const amount of ["16M", "64M", "128M", "256M", "512M", "1G", "2G"]) {
      this.#memory.append(
        make("option", { value: amount, selected: amount === "256M" }, amount.replace(/([MG])/, " $1iB")),
      );
    }
    for (let count = 1; count <= 8; count++)
      this.#harts.append(make("option", { value: String(count) }, String(count)));
    this.#dialog.append(this.#form());
    document.body.append(this.#dialog);
  }

  /** Opens it. */
  open(): void {
    this.#problem.textContent = "";
    this.#progress.replaceChildren();
    if (!this.#dialog.open) this.#dialog.showModal();
  }

  /** Opens it with dropped files in their places. */
  openWith(files: readonly { readonly file: File; readonly kind: FileKind }[]): void {
    for (const { file, kind } of files) {
      if (kind === "initrd") this.#initrd.put(file);
      else if (kind === "firmware") this.#bios.put(file);
      else this.#kernel.put(file);
    }
    this.open();
    this.#boot.focus();
  }

  /** Shows how far an image has come. */
  progress({ image, step, loaded, total }: LoadProgress): void {
    if (!this.#dialog.open) return;
    const text = `${step} ${image}: ${size(loaded)}${total === undefined ? "" : ` of ${size(total)}`}`;
    const bar = make("progress", {
      max: 1,
      "aria-label": text,
      ...(total === undefined ? {} : { value: loaded / total }),
    });
    this.#progress.replaceChildren(bar, make("span", { class: "num" }, text));
  }

  #form(): HTMLFormElement {
    const row = (input: HTMLElement, label: string) =>
      make("div", { class: "field-row" }, make("label", { htmlFor: input.id }, label), input);
    const cancel = make("button", { type: "button", onclick: () => this.#dialog.close() }, "Cancel");
    const demo = make("button", { type: "button", onclick: () => void this.#start(DEMO_SPEC) }, "Demo guest");
    const form = make(
      "form",
      { method: "dialog", noValidate: true },
      make("h2", { id: "load-title" }, "Load a guest"),
      ...[this.#kernel.element, this.#initrd.element, this.#bios.element],
      row(this.#append, "Command line"),
      make(
        "div",
        { class: "field-row pair" },
        ...[make("label", { htmlFor: "memory" }, "Memory"), this.#memory],
        ...[make("label", { htmlFor: "harts" }, "Harts"), this.#harts],
        make("label", { class: "check" }, this.#bare, "start in M mode"),
      ),
      ...[this.#problem, this.#progress],
      make("footer", {}, demo, make("span", { class: "grow" }), cancel, this.#boot),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    return form;
  }

  #submit(): void {
    const [kernel, initrd, bios] = [this.#kernel.image, this.#initrd.image, this.#bios.image];
    if (kernel === undefined && bios === undefined) {
      this.#problem.textContent = "Choose a kernel or firmware: a file, or an address.";
      return;
    }
    const names = [this.#bios.name, this.#kernel.name, this.#initrd.name].filter((name) => name !== undefined);
    void this.#start({
      name: names.join(" + "),
      ...(kernel === undefined ? {} : { kernel }),
      ...(initrd === undefined ? {} : { initrd }),
      ...(bios === undefined ? (this.#bare.checked ? { bios: "none" as const } : {}) : { bios }),
      append: this.#append.value.trim(),
      memory: this.#memory.value,
      harts: Number(this.#harts.value),
    });
  }

  async #start(spec: GuestSpec): Promise<void> {
    this.#problem.textContent = "";
    this.#boot.disabled = true;
    try {
      await this.#onBoot(spec);
      this.#dialog.close();
      this.#onBooted();
    } catch (error) {
      this.#problem.textContent = error instanceof Error ? error.message : String(error);
      this.#progress.replaceChildren();
    } finally {
      this.#boot.disabled = false;
    }
  }
}
