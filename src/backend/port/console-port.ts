/** One console behind a UART and a port: both print; what is typed goes to the port while the guest has it open, else to the UART. */

import type { ConsoleBackend } from "../console/console.ts";
import type { PortBackend } from "./port.ts";

type Receive = (bytes: Uint8Array) => number;

/** The two ends that devices see. */
export interface SharedConsole {
  readonly uart: ConsoleBackend;
  readonly port: PortBackend;
}

/** Has a UART and a port share `console`. */
export function shareConsole(console: ConsoleBackend): SharedConsole {
  let [toUart, toPort]: Receive[] = [() => 0, () => 0];
  let isOpen = false;
  console.onInput((bytes) => (isOpen ? toPort! : toUart!)(bytes));
  return {
    uart: {
      write: (byte) => console.write(byte),
      onInput(receive) {
        toUart = receive;
        console.ready();
      },
      ready: () => console.ready(),
    },
    port: {
      connected: true,
      write(bytes) {
        for (const byte of bytes) console.write(byte);
        return bytes.length;
      },
      onInput: (receive) => void (toPort = receive),
      ready: () => console.ready(),
      opened(open) {
        isOpen = open;
        console.ready();
      },
      onChange: () => undefined,
    },
  };
}
