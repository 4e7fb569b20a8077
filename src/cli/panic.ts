/** Notices on the console that the guest's kernel has given up. */

/** What has been seen: a panic, and that nothing will follow it. */
export type PanicSign = "panic" | "dead";

/** Linux says it in a line of its own, with the time before it, and after the last of what it knows about it once more. */
const LINUX = /^(?:<\d+>)?(?:\[[ \d.TC]+\] ?)*(---\[ end )?Kernel panic - not syncing/;
/** xv6, the BSDs and many small kernels, which then stand still. Programs print the same on a Linux. */
const OTHERS = /^panic(?:\(cpu \d+\))?: /;
const IS_LINUX = /Linux version \d/;

/** As much of a line as says what it is. */
const LINE_START = 200;

/** Looks at output as it comes, in pieces of any size. */
export class PanicWatch {
  #line = "";
  #isLinux = false;

  /** What the lines say that `output` ends. */
  feed(output: Uint8Array): PanicSign | undefined {
    let sign: PanicSign | undefined;
    for (let start = 0; ;) {
      const end = output.indexOf(NEWLINE, start);
      const piece = output.subarray(start, end < 0 ? undefined : end);
      const room = LINE_START - this.#line.length;
      if (room > 0) this.#line += String.fromCharCode(...piece.subarray(0, room));
      if (end < 0) return sign;
      const found = this.#look();
      if (found === "dead" || sign === undefined) sign = found;
      this.#line = "";
      start = end + 1;
    }
  }

  #look(): PanicSign | undefined {
    const line = this.#line.replace(/^\r/, "");
    this.#isLinux ||= IS_LINUX.test(line);
    const linux = LINUX.exec(line);
    if (linux !== null) return linux[1] === undefined ? "panic" : "dead";
    return !this.#isLinux && OTHERS.test(line) ? "dead" : undefined;
  }
}

const NEWLINE = 10;
