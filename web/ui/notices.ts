/** What went wrong, in a sentence, with the ways on. */

import { make } from "./dom.ts";

/** A way on. */
export interface Action {
  readonly label: string;
  run(): void;
}

/** The notices at the top of the page. */
export class Notices {
  readonly #root: HTMLElement;

  constructor(root: HTMLElement) {
    this.#root = root;
  }

  /** Shows one, in place of one about the same subject. */
  show(
    subject: string,
    sentence: string,
    actions: readonly Action[] = [],
    kind: "problem" | "remark" = "problem",
  ): void {
    this.clear(subject);
    const notice = make("div", { class: `notice ${kind}`, "data-subject": subject });
    const close = () => notice.remove();
    const buttons = [...actions, { label: "Dismiss", run: () => undefined }].map(({ label, run }) =>
      make(
        "button",
        {
          type: "button",
          onclick: () => {
            close();
            run();
          },
        },
        label,
      ),
    );
    notice.append(make("p", {}, sentence), make("div", { class: "actions" }, ...buttons));
    this.#root.append(notice);
  }

  /** Takes the one about `subject` away. */
  clear(subject: string): void {
    for (const notice of this.#root.querySelectorAll(`[data-subject="${subject}"]`)) notice.remove();
  }
}
