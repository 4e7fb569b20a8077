/** The disks: those at hand, and what those of the machine do and hold. */

import { DISK_PARTS, type DiskMap, type DiskPart } from "../../src/disk/map.ts";
import type { DiskShelf, ShelfDisk } from "../disks/shelf.ts";
import type { DriveView, Query, View } from "../session/protocol.ts";
import { askForDisk, confirmDeletion, type DiskAnswer, type DiskWish } from "../ui/disk-dialog.ts";
import { colour, make, rgb } from "../ui/dom.ts";
import { short, size } from "../ui/format.ts";
import type { Panel } from "./panel.ts";

/** What the panel needs of the page. */
export interface DisksHost {
  /** Starts the machine anew, with the disks that are chosen. */
  restart(): void;
  /** Shows what went wrong. */
  problem(error: unknown): void;
}

/** Milliseconds between two pictures of where clusters are. */
const MAP_EVERY = 2000;

const PARTS: Readonly<Record<DiskPart, { readonly colour: string; readonly label: string }>> = {
  data: { colour: "accent", label: "in the image" },
  compressed: { colour: "violet", label: "compressed" },
  below: { colour: "map-touched", label: "in the image below" },
  zero: { colour: "amber", label: "zeros" },
  nothing: { colour: "map-empty", label: "never written" },
};

/** In the order of the legend. */
const ORDER: readonly DiskPart[] = ["data", "compressed", "below", "zero", "nothing"];

export class DisksPanel implements Panel {
  readonly id = "disks";
  readonly title = "Disks";
  readonly element = make("div", { class: "panel disks" });
  readonly #shelf: DiskShelf;
  readonly #host: DisksHost;
  readonly #list = make("ul", { class: "shelf" });
  readonly #room = make("p", { class: "room" });
  readonly #pending = make("p", { class: "pending", role: "status" });
  readonly #drives = make("div", { class: "drives" });
  #sections: DriveSection[] = [];
  #disks: readonly ShelfDisk[] = [];
  /** The names of the disks that the machine has. */
  #present: readonly string[] = [];
  #mappedAt = 0;
  /** What has been written when it was looked at last. */
  #written = -1;

  constructor(shelf: DiskShelf, host: DisksHost) {
    this.#shelf = shelf;
    this.#host = host;
    const button = (label: string, act: () => void) => make("button", { type: "button", onclick: act }, label);
    this.element.append(
      make(
        "div",
        { class: "toolbar" },
        button("Add image…", () => this.ask({ kind: "file" })),
        button("By address…", () => this.ask({ kind: "address" })),
        button("New disk…", () => this.ask({ kind: "empty" })),
        this.#room,
      ),
      this.#list,
      this.#pending,
      this.#drives,
    );
    void this.refresh();
  }

  /** Asks for a disk. */
  ask(wish: DiskWish): void {
    const act = async (answer: DiskAnswer, onProgress: (done: number, total: number) => void, signal: AbortSignal) => {
      if (answer.kind === "empty") await this.#shelf.create(answer.name, answer.size);
      else if (answer.kind === "address") await this.#shelf.layerOver(answer.name, answer.address);
      else if (answer.kind === "layer") await this.#shelf.layer(answer.name, answer.base);
      else if (answer.keep) await this.#shelf.keep(answer.name, answer.file, onProgress, signal);
      else this.#shelf.use(answer.name, answer.file);
      await this.refresh();
    };
    askForDisk(
      wish,
      this.#disks.map(({ name }) => name),
      act,
    );
  }

  /** Looks again at what is there. */
  async refresh(): Promise<void> {
    try {
      const [disks, room] = [await this.#shelf.list(), await this.#shelf.room()];
      this.#disks = disks;
      this.#room.textContent = room === undefined ? "" : `${size(room.used)} of ${size(room.quota)} used`;
      this.#showList(disks);
    } catch (error) {
      this.#list.dataset.key = "";
      this.#list.replaceChildren(make("li", { class: "none" }, error instanceof Error ? error.message : String(error)));
    }
    this.#showPending();
  }

  query(): Query {
    return { drives: { maps: performance.now() - this.#mappedAt > MAP_EVERY } };
  }

  show({ drives = [] }: View): void {
    const names = drives.map(({ name }) => name);
    if (names.join("\n") !== this.#present.join("\n") || this.#sections.length !== drives.length) {
      this.#present = names;
      this.#sections = drives.map(() => new DriveSection());
      this.#drives.replaceChildren(...this.#sections.map(({ element }) => element));
      this.#showPending();
    }
    drives.forEach((drive, index) => this.#sections[index]!.show(drive));
    if (drives.some(({ map }) => map !== undefined)) {
      this.#mappedAt = performance.now();
      const written = drives.reduce((sum, { statistics }) => sum + statistics.bytesWritten, 0);
      if (written !== this.#written) void this.refresh();
      this.#written = written;
    }
  }

  redraw(): void {
    for (const section of this.#sections) section.draw();
  }

  clear(): void {
    this.#mappedAt = 0;
    this.#written = -1;
    this.#sections = [];
    this.#present = [];
    this.#drives.replaceChildren();
    void this.refresh();
  }

  /** What is there already stays, so that the focus does not get lost. */
  #showList(disks: readonly ShelfDisk[]): void {
    const key = JSON.stringify(disks.map(({ name, isKept }) => [name, isKept]));
    if (this.#list.dataset.key !== key) {
      this.#list.dataset.key = key;
      const none = make("li", { class: "none" }, "No disks yet. Drop an image on the page, or make an empty one.");
      this.#list.replaceChildren(...(disks.length === 0 ? [none] : disks.map((disk) => this.#item(disk))));
    }
    disks.forEach((disk, index) => {
      const item = this.#list.children[index]!;
      item.querySelector("input")!.checked = disk.isChosen;
      item.querySelector(".about")!.textContent = aboutText(disk);
    });
  }

  #item({ name, isKept }: ShelfDisk): HTMLElement {
    const box = make("input", { type: "checkbox" });
    box.addEventListener("change", () => this.#try(() => this.#shelf.choose(name, box.checked)));
    const button = (label: string, act: () => void) =>
      make("button", { type: "button", class: "quiet", "aria-label": `${label} ${name}`, onclick: act }, label);
    const actions = isKept
      ? [
          button("Layer…", () => this.ask({ kind: "layer", base: name })),
          button("Download", () => void this.#download(name)),
          button("Delete…", () => confirmDeletion(name, () => this.#try(() => this.#shelf.remove(name)))),
        ]
      : [button("Forget", () => this.#try(() => this.#shelf.remove(name)))];
    return make(
      "li",
      {},
      make("label", {}, box, make("span", { class: "name" }, name)),
      make("span", { class: "about" }),
      make("span", { class: "actions" }, ...actions),
    );
  }

  #try(act: () => unknown): void {
    void (async () => {
      try {
        await act();
      } catch (error) {
        this.#host.problem(error);
      }
      await this.refresh();
    })();
  }

  async #download(name: string): Promise<void> {
    try {
      const url = URL.createObjectURL(await this.#shelf.download(name));
      make("a", { href: url, download: name }).click();
      // The browser reads it when it has asked where to put it.
      setTimeout(() => URL.revokeObjectURL(url), 600_000);
    } catch (error) {
      this.#host.problem(error);
    }
  }

  /** Says when the machine has other disks than those that are chosen. */
  #showPending(): void {
    const chosen = this.#shelf.drives.map(({ name }) => name);
    const isPending = chosen.join("\n") !== this.#present.join("\n");
    if (!isPending) {
      if (this.#pending.childElementCount > 0) this.#pending.replaceChildren();
      return;
    }
    if (this.#pending.childElementCount > 0) return;
    const restart = make("button", { type: "button", onclick: () => this.#host.restart() }, "Start it anew");
    this.#pending.replaceChildren(
      make("span", {}, "The machine gets the disks that are ticked when it starts anew."),
      restart,
    );
  }
}

/** What the list says of a disk: `qcow2, 4 GiB · over base.qcow2 · 3.3 MiB here`. */
function aboutText({ format, size: bytes, base, isKept, fileBytes }: ShelfDisk): string {
  const parts = [
    format === "unknown" ? undefined : `${format}, ${size(bytes)}`,
    base === undefined ? undefined : `over ${base}`,
    isKept ? `${size(fileBytes)} here` : "not kept",
  ];
  return parts.filter((part) => part !== undefined).join(" · ");
}

/** One disk of the machine. */
class DriveSection {
  readonly element = make("section", {});
  readonly #title = make("h3", {});
  readonly #legend = make("ul", { class: "legend" });
  readonly #canvas = make("canvas", { class: "clusters", role: "img" });
  readonly #totals = make("dl", { class: "totals" });
  readonly #bars = make("div", { class: "bars", role: "img" });
  readonly #scale = make("p", { class: "bars-scale" });
  #map: DiskMap | undefined;

  constructor() {
    const latency = make(
      "figure",
      {},
      make("figcaption", {}, "Requests by how long they took"),
      this.#bars,
      this.#scale,
    );
    this.element.append(this.#title, this.#legend, this.#canvas, this.#totals, latency);
  }

  show({ name, slot, size: bytes, readonly, statistics, map }: DriveView): void {
    this.#title.textContent = `${name} (slot ${slot}, ${size(bytes)}${readonly ? ", read only" : ""})`;
    const { reads, writes, flushes, discards, bytesRead, bytesWritten, errors, depth, depthMost } = statistics;
    const rows: [string, string][] = [
      ["reads", `${short(reads)}, ${size(bytesRead)}`],
      ["writes", `${short(writes)}, ${size(bytesWritten)}`],
      ["flushes", short(flushes)],
      ["discards", short(discards)],
      ["in hand", `${depth}, at most ${depthMost}`],
      ["errors", short(errors)],
    ];
    this.#totals.replaceChildren(
      ...rows.map(([term, value]) => make("div", {}, make("dt", {}, term), make("dd", {}, value))),
    );
    this.#showLatency(statistics.latency);
    if (map === undefined) return;
    this.#map = map;
    this.draw();
  }

  draw(): void {
    const map = this.#map;
    if (map === undefined) return;
    const total = (part: DiskPart) => size(map.bytes[part]);
    this.#legend.replaceChildren(
      ...ORDER.filter((part) => map.bytes[part] > 0).map((part) =>
        make(
          "li",
          {},
          make("i", { style: `background: var(--${PARTS[part].colour})` }),
          PARTS[part].label,
          make("span", { class: "num" }, ` ${total(part)}`),
        ),
      ),
    );
    const said = ORDER.filter((part) => map.bytes[part] > 0).map((part) => `${total(part)} ${PARTS[part].label}`);
    this.#canvas.setAttribute("aria-label", `Where the disk's contents are: ${said.join(", ")}`);
    paint(this.#canvas, map);
  }

  #showLatency(bins: readonly number[]): void {
    const all = bins.reduce((sum, count) => sum + count, 0);
    const last = bins.findLastIndex((count) => count > 0);
    const first = Math.max(
      0,
      bins.findIndex((count) => count > 0),
    );
    this.element.querySelector("figure")!.hidden = all === 0;
    if (all === 0) return;
    const shown = bins.slice(first, last + 1);
    const most = Math.max(...shown);
    this.#bars.replaceChildren(
      ...shown.map((count, index) =>
        make(
          "span",
          { title: `${short(count)} within ${time(first + index)}` },
          make("i", { style: `height: ${count === 0 ? 0 : Math.max(4, (100 * count) / most)}%` }),
        ),
      ),
    );
    let seen = 0;
    const half = bins.findIndex((count) => (seen += count) * 2 >= all);
    this.#bars.setAttribute(
      "aria-label",
      `${short(all)} requests, half of them within ${time(half)}, all within ${time(last)}`,
    );
    this.#scale.replaceChildren(
      make("span", {}, time(first)),
      make("span", {}, `half within ${time(half)}`),
      make("span", {}, time(last)),
    );
  }
}

/** The bound of a bin: a power of two of microseconds. */
function time(bin: number): string {
  const microseconds = 2 ** bin;
  if (microseconds < 1000) return `${microseconds} µs`;
  return microseconds < 1e6 ? `${short(microseconds / 1000)} ms` : `${short(microseconds / 1e6)} s`;
}

/** A pixel for each cell, in rows. */
function paint(canvas: HTMLCanvasElement, { cells }: DiskMap): void {
  const columns = Math.max(1, Math.min(128, cells.length));
  const rows = Math.max(1, Math.ceil(cells.length / columns));
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(columns, rows);
  const palette = DISK_PARTS.map((part) => rgb(colour(PARTS[part].colour)));
  cells.forEach((kind, cell) => image.data.set([...palette[kind]!, 255], cell * 4));
  context.putImageData(image, 0, 0);
}
