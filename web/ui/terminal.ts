/** The guest's serial console as a terminal. */

import { FitAddon } from "@xterm/addon-fit";
import { type ITheme, Terminal } from "@xterm/xterm";
import "@xterm/xterm/css/xterm.css";
import { colour } from "./dom.ts";

const LINES_KEPT = 10_000;

/** Pixels. */
const NARROW = 520;

const ANSI = ["black", "red", "green", "yellow", "blue", "magenta", "cyan", "white"] as const;

function themeOfPage(): ITheme {
  const theme: Record<string, string> = {
    background: colour("screen"),
    foreground: colour("screen-ink"),
    cursor: colour("accent"),
    cursorAccent: colour("screen"),
    selectionBackground: colour("selection"),
  };
  for (const name of ANSI) {
    theme[name] = colour(`ansi-${name}`);
    theme[`bright${name[0]!.toUpperCase()}${name.slice(1)}`] = colour(`ansi-${name}-bright`) || colour(`ansi-${name}`);
  }
  return theme;
}

/** Keys that send the same whatever is held; arrows depend on the mode that the guest has set. (xterm control sequences, "PC-Style Function Keys") */
const PLAIN_KEYS: Readonly<Record<string, string>> = { Escape: "\x1b", Tab: "\t" };
const ARROWS: Readonly<Record<string, string>> = { ArrowUp: "A", ArrowDown: "B", ArrowRight: "C", ArrowLeft: "D" };

/** What Ctrl makes of a character: its low five bits, for the letters and the signs that stand beside them in ASCII. */
function withControl(text: string): string {
  const code = text.toUpperCase().charCodeAt(0);
  return text.length === 1 && code >= 0x40 && code < 0x60 ? String.fromCharCode(code & 0x1f) : text;
}

export class GuestTerminal {
  /** Told when Ctrl is held for the next key, and when that has been typed. */
  onControl: ((held: boolean) => void) | undefined;
  readonly #onType: (text: string) => void;
  #controlHeld = false;
  readonly #terminal: Terminal;
  readonly #fit = new FitAddon();
  readonly #root: HTMLElement;

  /** @param onType - called with what is typed and pasted */
  constructor(root: HTMLElement, onType: (text: string) => void) {
    this.#root = root;
    this.#onType = onType;
    this.#terminal = new Terminal({
      fontFamily: '"IBM Plex Mono", ui-monospace, "SF Mono", Menlo, Consolas, monospace',
      lineHeight: 1.25,
      scrollback: LINES_KEPT,
      cursorBlink: true,
      cursorStyle: "bar",
      cursorWidth: 2,
      macOptionIsMeta: true,
      theme: themeOfPage(),
    });
    this.#terminal.loadAddon(this.#fit);
    this.#terminal.open(root);
    this.#terminal.textarea?.setAttribute("aria-label", "Serial console of the guest");
    this.#terminal.onData((text) => this.#type(text));
    this.#terminal.attachCustomKeyEventHandler((event) => this.#isForGuest(event));
    new ResizeObserver(() => this.fit()).observe(root);
    this.fit();
  }

  /** Takes the page's present colours. */
  retheme(): void {
    this.#terminal.options.theme = themeOfPage();
  }

  /** Fills its box; a narrow one, as on a phone, with smaller letters. */
  fit(): void {
    const { clientWidth } = this.#root;
    if (clientWidth === 0) return;
    this.#terminal.options.fontSize = clientWidth < NARROW ? 11 : 13;
    this.#fit.fit();
  }

  /** Shows bytes of the guest; calls back when they are on the screen. */
  show(bytes: Uint8Array, done: () => void): void {
    this.#terminal.write(bytes, done);
  }

  /** A remark of the page's own, dim, on a line of its own. */
  remark(text: string): void {
    const fresh = this.#terminal.buffer.active.cursorX === 0;
    this.#terminal.write(`${fresh ? "" : "\r\n"}\x1b[2m${text}\x1b[0m\r\n`);
  }

  /** Empties the screen for another guest. */
  clear(): void {
    this.#terminal.reset();
  }

  focus(): void {
    this.#terminal.focus();
  }

  get focused(): boolean {
    return document.activeElement === this.#terminal.textarea;
  }

  /** Whether Ctrl holds for the next key. */
  get controlHeld(): boolean {
    return this.#controlHeld;
  }

  /** Has Ctrl hold for the next key, or not. */
  holdControl(held: boolean): void {
    this.#controlHeld = held;
    this.onControl?.(held);
  }

  /** Types a key that has a name: "Escape", "Tab", "ArrowUp", …. */
  press(key: string): void {
    const arrow = ARROWS[key];
    const { applicationCursorKeysMode } = this.#terminal.modes;
    this.#type(arrow === undefined ? (PLAIN_KEYS[key] ?? "") : `\x1b${applicationCursorKeysMode ? "O" : "["}${arrow}`);
  }

  #type(text: string): void {
    this.#onType(this.#controlHeld ? withControl(text) : text);
    if (this.#controlHeld) this.holdControl(false);
  }

  /** All text, scrolled-off lines included. */
  get text(): string {
    const { active } = this.#terminal.buffer;
    const lines: string[] = [];
    for (let row = 0; row < active.length; row++) {
      const line = active.getLine(row);
      if (line === undefined) continue;
      const text = line.translateToString(true);
      if (line.isWrapped) lines.push((lines.pop() ?? "") + text);
      else lines.push(text);
    }
    return lines.join("\n").trimEnd();
  }

  /** Puts the selection, or without one everything, on the clipboard. */
  async copy(): Promise<void> {
    await navigator.clipboard.writeText(this.#terminal.getSelection() || this.text);
    this.#terminal.clearSelection();
  }

  /** Types what is on the clipboard. */
  async paste(): Promise<void> {
    this.#terminal.paste(await navigator.clipboard.readText());
    this.focus();
  }

  /**
   * Alt+Shift+letter belongs to the page. Ctrl+C copies when something is selected, and interrupts otherwise; Ctrl+V
   * pastes through the browser, and so do the keys with Shift.
   */
  #isForGuest(event: KeyboardEvent): boolean {
    if (event.altKey && event.shiftKey) return false;
    const command = event.ctrlKey || event.metaKey;
    if (!command || event.altKey) return true;
    if (event.code === "KeyV") return false;
    if (event.code !== "KeyC" || !(event.shiftKey || this.#terminal.hasSelection())) return true;
    if (event.type === "keydown") {
      event.preventDefault();
      void this.copy();
    }
    return false;
  }
}
