/** What a destination says, read as it comes: a no must be heard also while pages are sent. */

import { WasmvisorError } from "../error.ts";
import { BlockKind } from "../snapshot/format.ts";
import { decodeNote, garbled, type Note, type NoteName, WANTS_MOST } from "./format.ts";
import type { Line } from "./line.ts";

/** The words of the other side, in order. */
export class Inbox {
  readonly #names: NoteName[] = [];
  #wanted: number[] = [];
  readonly #read: () => void;
  /** Whether a page is still to be sent; undefined when none follow. */
  #isLeft: ((page: number) => boolean) | undefined;
  #ran = false;
  #hasEnded = false;
  #failed: { readonly error: unknown } | undefined;
  #told: () => void = () => undefined;

  /** @param onFailure - told when nothing more will come: the other side has refused, or the line is lost */
  constructor(line: Line, onFailure: (error: unknown) => void) {
    this.#read = () => void this.#readFrom(line, onFailure);
    this.#read();
  }

  /**
   * Pages follow when the VM runs, so that "running" is not the last word; it may have been said already.
   * @param isLeft - whether a page is still to be sent
   */
  follow(isLeft: (page: number) => boolean): void {
    this.#isLeft = isLeft;
    if (!this.#hasEnded) return;
    this.#hasEnded = false;
    this.#read();
  }

  /**
   * Waits for one word.
   * @throws WasmvisorError `migration-damaged` when it is another one, and what has ended the line
   */
  async expect(name: NoteName): Promise<void> {
    for (;;) {
      const next = this.#names.shift();
      if (next === name) return;
      if (next !== undefined) throw garbled(`it says ${next} in place of ${name}`);
      if (this.#failed !== undefined) throw this.#failed.error;
      await new Promise<void>((resolve) => (this.#told = resolve));
    }
  }

  /** Whether this is the next word. @throws as `expect` */
  hears(name: NoteName): boolean {
    if (this.#failed !== undefined) throw this.#failed.error;
    return this.#names[0] === name;
  }

  /** The page that was asked for first and is still to be sent, once. */
  takeWanted(): number | undefined {
    this.#forgetSent();
    return this.#wanted.shift();
  }

  /** Why the other side has gone, if it says so after all; else `error`, by which that was seen here. */
  async lastWord(error: unknown): Promise<unknown> {
    if (!(error instanceof WasmvisorError) || error.code !== "migration-lost") return error;
    const until = performance.now() + LAST_WORD;
    while (this.#failed === undefined && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const said = this.#failed?.error;
    return said instanceof WasmvisorError && said.code === "migration-refused" ? said : error;
  }

  async #readFrom(line: Line, onFailure: (error: unknown) => void): Promise<void> {
    try {
      for (;;) {
        const { kind, bytes } = await line.receive();
        if (kind !== BlockKind.NOTE) throw garbled("it sends a VM in place of taking one");
        const note = decodeNote(bytes);
        this.#hear(note);
        this.#told();
        this.#ran ||= note.is === "running";
        this.#hasEnded = this.#isLast(note.is);
        if (this.#hasEnded) return;
      }
    } catch (error) {
      this.#failed = { error };
      this.#told();
      onFailure(error);
    }
  }

  #isLast(is: NoteName): boolean {
    return this.#isLeft !== undefined ? this.#ran && is === "got" : is === "running";
  }

  #hear({ is, page }: Note): void {
    // It only says that it is there.
    if (is === "still") return;
    const isWant = is === "want" && this.#ran && page !== undefined;
    if (isWant) this.#wanted.push(page);
    else this.#names.push(is);
    if (this.#wanted.length > WANTS_MOST) this.#forgetSent();
    if (this.#names.length > WORDS_MOST || this.#wanted.length > WANTS_MOST)
      throw garbled("it says more than it is asked");
  }

  /** What has been asked for before it was seen to come with others. */
  #forgetSent(): void {
    this.#wanted = this.#wanted.filter((page) => this.#isLeft?.(page) === true);
  }
}

/** Milliseconds in which a last word comes. */
const LAST_WORD = 500;

/** Words that wait to be asked for, at most. */
const WORDS_MOST = 6;
