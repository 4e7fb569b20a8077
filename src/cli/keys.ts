/** The keys that do not go to the guest: Ctrl-A and the one after it, as QEMU has them. */

/** What a key after Ctrl-A asks for. */
export type KeyCommand = "quit" | "monitor" | "help";

/** What follows from some typed bytes, in order. */
export type KeyEvent =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "command"; readonly command: KeyCommand };

const CTRL_A = 0x01;

const COMMANDS: Readonly<Record<string, KeyCommand>> = { x: "quit", c: "monitor", h: "help", "?": "help" };

/** Splits typed bytes into what is for the guest and what is for us; remembers a Ctrl-A at the end. */
export class KeyFilter {
  #escaped = false;

  /** Takes the next bytes. Ctrl-A twice is one Ctrl-A for the guest; after it, a key without a meaning is dropped. */
  feed(input: Uint8Array): KeyEvent[] {
    const events: KeyEvent[] = [];
    let plain: number[] = [];
    const flush = () => {
      if (plain.length > 0) events.push({ kind: "bytes", bytes: Uint8Array.from(plain) });
      plain = [];
    };
    for (const byte of input) {
      if (!this.#escaped) {
        if (byte === CTRL_A) this.#escaped = true;
        else plain.push(byte);
        continue;
      }
      this.#escaped = false;
      const command = COMMANDS[String.fromCharCode(byte).toLowerCase()];
      if (byte === CTRL_A) plain.push(byte);
      else if (command !== undefined) {
        flush();
        events.push({ kind: "command", command });
      }
    }
    flush();
    return events;
  }
}

/** What Ctrl-A h prints. */
export const KEYS_HELP = `
Ctrl-A x       leave
Ctrl-A c       monitor, and back to the guest
Ctrl-A h       this list
Ctrl-A Ctrl-A  a Ctrl-A for the guest
`;
