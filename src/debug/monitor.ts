/** The monitor behind Ctrl-A c: a line editor and QEMU's most used commands. */

import type { Vm } from "../index.ts";
import { WasmvisorError } from "../error.ts";
import { countersText, hartsText, regionsText, regionText, registersText } from "./monitor-info.ts";
import { examine, MonitorError, parseAddress } from "./monitor-memory.ts";

/** What the monitor does to its surroundings. */
export interface MonitorHost {
  print(text: string): void;
  /** Ends the whole program. */
  quit(): void;
  /** Moves the VM to an address; what is said of that. */
  migrate?(address: string): Promise<string>;
}

const HELP = `info registers      registers and CSRs of the present hart
info harts          all harts
info counters       what the VM has done
info regions        what is translated
info region ADDRESS what the translator makes of the code at an address: guest code and its own representation
x/NFS ADDRESS       memory by virtual address: N units of size S (b h w g) as F (x d u c i s)
xp/NFS ADDRESS      the same by physical address
                    ADDRESS: 0x80000000, $pc, $sp, $satp, $pc+16
hart N              makes hart N the present one
stop, cont          pauses, goes on
step [N]            runs N instructions of the present hart of a stopped VM
reset               switches the machine off and on again
savevm              keeps what the VM is now, in memory, in place of what was kept before
loadvm              has the VM be that again
migrate ADDRESS     moves the VM to where wasmvisor run --incoming ADDRESS waits, such as tcp:HOST:4444
reclaim             has a VM run on here that may have been moved, and was not
quit                leaves wasmvisor
Ctrl-A c            back to the guest
`;

const PROMPT = "(wasmvisor) ";

const ENTER = /[\r\n]/;
const BACKSPACE = /[\b\x7f]/;
const CTRL_U = "\x15";

/** One monitor. Typed bytes go in by `type`; what it prints has plain newlines. */
export class Monitor {
  readonly #vm: Vm;
  readonly #host: MonitorHost;
  #line = "";
  #hart = 0;

  constructor(vm: Vm, host: MonitorHost) {
    this.#vm = vm;
    this.#host = host;
  }

  /** Shows the prompt. */
  enter(): void {
    this.#line = "";
    this.#host.print(`\nwasmvisor monitor, the VM is ${this.#vm.state}; help lists the commands\n${PROMPT}`);
  }

  /** Takes typed bytes. */
  type(bytes: Uint8Array): void {
    for (const key of new TextDecoder().decode(bytes)) this.#key(key);
  }

  /** Runs one line and returns what it prints. */
  command(line: string): string {
    try {
      return this.#run(line.trim());
    } catch (error) {
      if (error instanceof MonitorError || error instanceof WasmvisorError) return `${error.message}\n`;
      throw error;
    }
  }

  #key(key: string): void {
    if (ENTER.test(key)) {
      const line = this.#line;
      this.#line = "";
      this.#host.print("\n");
      const text = this.command(line);
      if (text !== "") this.#host.print(text);
      this.#host.print(PROMPT);
    } else if (BACKSPACE.test(key)) {
      if (this.#line === "") return;
      this.#line = this.#line.slice(0, -1);
      this.#host.print("\b \b");
    } else if (key === CTRL_U) {
      this.#host.print("\b \b".repeat(this.#line.length));
      this.#line = "";
    } else if (key >= " ") {
      this.#line += key;
      this.#host.print(key);
    }
  }

  #run(line: string): string {
    const memory = /^(xp?)(?:\/(\S*))?\s+(.+)$/.exec(line);
    if (memory !== null) return examine(this.#vm, this.#hart, memory[1] === "xp", memory[2] ?? "", memory[3] ?? "");
    const [name = "", argument = "", ...rest] = line.split(/\s+/);
    switch (name) {
      case "":
        return "";
      case "help":
      case "?":
        return HELP;
      case "info":
      case "i":
        return this.#info(argument, rest.join(""));
      case "hart":
      case "cpu":
        this.#hart = this.#vm.hart(wholeNumber(argument)).index;
        return "";
      case "stop":
      case "pause":
        this.#vm.pause();
        return "";
      case "cont":
      case "c":
      case "continue":
        this.#vm.resume();
        return "";
      case "step":
      case "s":
        this.#vm.step(this.#hart, argument === "" ? 1 : wholeNumber(argument));
        return examine(this.#vm, this.#hart, false, "1i", "$pc");
      case "reset":
      case "system_reset":
        this.#later(this.#vm.reset().then(() => ""));
        return "";
      case "savevm":
        this.#later(
          this.#vm.checkpoint().then(() => "It is kept, until the VM ends or savevm keeps another moment.\n"),
        );
        return "";
      case "loadvm":
        this.#later(this.#vm.revert().then(() => ""));
        return "";
      case "migrate":
        if (argument === "") throw new MonitorError("migrate ADDRESS, such as migrate tcp:HOST:4444.");
        this.#later(this.#host.migrate?.(argument));
        return "";
      case "reclaim":
        this.#later(this.#vm.reclaim().then(() => ""));
        return "";
      case "quit":
      case "q":
        this.#host.quit();
        return "";
      default:
        throw new MonitorError(`There is no command ${name}; help lists them.`);
    }
  }

  /** Prints what comes of something when that is known. */
  #later(said: Promise<string> | undefined): void {
    said?.then(
      (text) => text !== "" && this.#host.print(`\n${text}`),
      (error: unknown) => this.#host.print(`\n${String(error)}\n`),
    );
  }

  #info(what: string, address: string): string {
    switch (what) {
      case "registers":
      case "r":
        return registersText(this.#vm.hart(this.#hart));
      case "harts":
      case "cpus":
        return hartsText(this.#vm, this.#hart);
      case "counters":
        return countersText(this.#vm);
      case "regions":
        return regionsText(this.#vm);
      case "region": {
        const pc = parseAddress(this.#vm, this.#hart, address === "" ? "$pc" : address);
        return regionText(this.#vm, this.#hart, pc);
      }
      default:
        throw new MonitorError("info registers, info harts, info counters, info regions or info region ADDRESS.");
    }
  }
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new MonitorError(`"${text}" is no whole number.`);
}
