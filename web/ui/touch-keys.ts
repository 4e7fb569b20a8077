/** Keys that a touch screen's keyboard lacks. */

import { make } from "./dom.ts";
import type { GuestTerminal } from "./terminal.ts";

/** Label, what a screen reader says in its place, and the key's name for the terminal. */
const KEYS = [
  ["Esc", undefined, "Escape"],
  ["Tab", undefined, "Tab"],
  ["←", "Left", "ArrowLeft"],
  ["↓", "Down", "ArrowDown"],
  ["↑", "Up", "ArrowUp"],
  ["→", "Right", "ArrowRight"],
] as const;

/** Fills `bar`. Ctrl holds for the next key that is typed. */
export function setUpTouchKeys(bar: HTMLElement, terminal: GuestTerminal): void {
  const control = make("button", { type: "button", "aria-pressed": "false" }, "Ctrl");
  control.addEventListener("click", () => terminal.holdControl(!terminal.controlHeld));
  terminal.onControl = (held) => control.setAttribute("aria-pressed", String(held));
  const keys = KEYS.map(([label, name, key]) =>
    make("button", { type: "button", "aria-label": name, onclick: () => terminal.press(key) }, label),
  );
  bar.append(keys[0]!, control, ...keys.slice(1));
  // The terminal keeps the focus, and with it the screen's keyboard.
  bar.addEventListener("pointerdown", (event) => event.preventDefault());
}
