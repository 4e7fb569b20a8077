/** The keys, and what this page is. */

import { make } from "./dom.ts";

/** A key combination with Alt and Shift, by the key's place on the keyboard. */
export interface Shortcut {
  readonly code: string;
  readonly key: string;
  readonly does: string;
  run(): void;
}

/** Has the shortcuts work wherever the focus is. */
export function listenToShortcuts(shortcuts: readonly Shortcut[]): void {
  addEventListener(
    "keydown",
    (event) => {
      if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey) return;
      const shortcut = shortcuts.find(({ code }) => code === event.code);
      if (shortcut === undefined || document.querySelector("dialog[open]") !== null) return;
      event.preventDefault();
      event.stopPropagation();
      shortcut.run();
    },
    { capture: true },
  );
}

/** Shows what there is to know. */
export function openHelp(shortcuts: readonly Shortcut[]): void {
  const key = (name: string) => make("kbd", {}, name);
  const rows = shortcuts.map(({ key: letter, does }) =>
    make("div", {}, make("dt", {}, key("Alt"), key("Shift"), key(letter)), make("dd", {}, does)),
  );
  const copying = make(
    "div",
    {},
    make("dt", {}, key("Ctrl"), key("C")),
    make("dd", {}, "copies a selection of the terminal, and interrupts the guest when there is none"),
  );
  const pasting = make("div", {}, make("dt", {}, key("Ctrl"), key("V")), make("dd", {}, "pastes into the terminal"));
  const close = make("button", { type: "submit", class: "primary" }, "Close");
  const dialog = make(
    "dialog",
    { class: "help", "aria-labelledby": "help-title" },
    make(
      "form",
      { method: "dialog" },
      make("h2", { id: "help-title" }, "Keys"),
      make("p", {}, "In the terminal all keys go to the guest, Tab as well, except these:"),
      make("dl", { class: "keys" }, ...rows, copying, pasting),
      make(
        "p",
        {},
        "The machine is a whole RISC-V computer, compatible with QEMU’s virt board; it runs in a worker of this page, and nothing leaves your browser.",
      ),
      make(
        "p",
        { class: "more" },
        "Disks are kept in this browser’s storage: make or bring one in under Disks, tick it, and start the machine anew. Drop kernels and disk images anywhere on the page.",
      ),
      make("footer", {}, make("span", { class: "grow" }), close),
    ),
  );
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
