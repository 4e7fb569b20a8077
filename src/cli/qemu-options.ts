/**
 * Options of qemu-system-riscv64 that people are used to: understood where there is something to do, and
 * answered by name where there is not. Those that wasmvisor has itself (`-kernel`, `-append`, `-smp` …) are not among them.
 */

/** An option: whether it takes a value, and what that comes to. */
export interface QemuOption {
  readonly takesValue: boolean;
  /** Undefined when nothing is to be done; else a sentence that says what to do instead. */
  answer(value: string): string | undefined;
}

const flag = (sentence?: string): QemuOption => ({ takesValue: false, answer: () => sentence });
const refused = (sentence: string): QemuOption => ({ takesValue: true, answer: () => sentence });
const ignored: QemuOption = { takesValue: true, answer: () => undefined };

/** With one of these values there is nothing to do, as that is what a VM is like anyway. */
const usual = (values: readonly string[], sentence: string): QemuOption => ({
  takesValue: true,
  answer: (value) => (values.includes(value) ? undefined : sentence),
});

/** The first of `virt,aclint=off`, and the others. */
function parts(value: string, key: string): { first: string; others: string[] } {
  const [head = "", ...others] = value.split(",");
  return { first: head.startsWith(`${key}=`) ? head.slice(key.length + 1) : head, others };
}

/** Properties of the machine that say what it is already. */
const MACHINE_PROPERTIES = ["acpi=off", "aclint=off", "aia=none", "accel=tcg", "graphics=off", "usb=off"];

const machine: QemuOption = {
  takesValue: true,
  answer: (value) => {
    // `-M virt -M aclint=off` sets a property, too.
    const { first, others } = parts(/^(?!type=)[\w-]+=/.test(value) ? `virt,${value}` : value, "type");
    if (first !== "virt") return `There is one machine, virt, not "${first}"; write -M virt or leave it out.`;
    const bank = others.map((property) => /^pflash([01])=/.exec(property)).find((match) => match !== null);
    if (bank !== undefined)
      return `A flash bank is one option; write --drive if=pflash,unit=${bank[1]},format=raw,file=FILE in place of ${bank.input}.`;
    const unknown = others.find((property) => !MACHINE_PROPERTIES.includes(property));
    return unknown && `The machine has no property "${unknown}" to set; leave it out.`;
  },
};

const cpu: QemuOption = {
  takesValue: true,
  answer: (value) => {
    const { first, others } = parts(value, "type");
    if (!["rv64", "max", "any"].includes(first))
      return `There is one kind of hart, rv64, not "${first}"; leave -cpu out.`;
    return others.length === 0
      ? undefined
      : `A hart's extensions cannot be chosen; leave "${others.join(",")}" out of -cpu.`;
  },
};

const accelerator: QemuOption = {
  takesValue: true,
  answer: (value) => {
    const { first } = parts(value, "accel");
    return first === "tcg"
      ? undefined
      : `There is no accelerator "${first}"; choose with --engine how instructions are run.`;
  },
};

const NO_DEVICES =
  "There is nothing of that kind to add; the board has disks (--drive), a UART, a real-time clock and a test device";
const NO_DEBUGGER = "There is no gdb server yet; Ctrl-A c opens a monitor with registers, memory and disassembly";
const NO_SCREEN = "There is no screen, only a serial console; leave it out";
const NO_LOG = "There is no log; see --stats, --profile and --lockstep";

const NOTHING_LIKE = "There is nothing like QEMU's";

/** A disk by its place in a PC, which has no such place here. */
const disk = (name: string, properties: string): QemuOption => ({
  takesValue: true,
  answer: (file) =>
    `The board's disks are on virtio; write --drive file=${file}${properties} in place of -${name} ${file}.`,
});

const sentences = (names: readonly string[], reason: string, takesValue = true): (readonly [string, QemuOption])[] =>
  names.map((name) => [name, { takesValue, answer: () => `${reason} (-${name}).` }]);

const OPTIONS: ReadonlyMap<string, QemuOption> = new Map<string, QemuOption>([
  ["M", machine],
  ["machine", machine],
  ["cpu", cpu],
  ["accel", accelerator],
  ["nographic", flag()],
  ["nodefaults", flag()],
  ["no-user-config", flag()],
  ["no-acpi", flag()],
  ...["name", "uuid", "k", "L", "msg", "overcommit", "boot"].map((name) => [name, ignored] as const),
  ["display", usual(["none", "none,"], `${NO_SCREEN} (-display).`)],
  ["vga", usual(["none"], `${NO_SCREEN} (-vga).`)],
  ["parallel", usual(["none"], "There is no parallel port; leave -parallel out.")],
  [
    "serial",
    usual(
      ["stdio", "mon:stdio", "chardev:stdio"],
      "The serial console is this terminal, or standard input and output; redirect those in place of -serial.",
    ),
  ],
  [
    "monitor",
    usual(["none", "null", "stdio"], "The monitor is on this terminal; Ctrl-A c opens it, leave -monitor out."),
  ],
  ...sentences(["s", "S"], NO_DEBUGGER, false),
  ...sentences(["gdb"], NO_DEBUGGER),
  ...["hda", "hdb", "hdc", "hdd", "sd", "mtdblock", "fda"].map((name) => [name, disk(name, "")] as const),
  ["cdrom", disk("cdrom", ",readonly=on")],
  ...sentences(["blockdev", "iscsi"], "A disk is one option, --drive file=disk.qcow2"),
  [
    "pflash",
    {
      takesValue: true,
      answer: (file) =>
        `A flash bank is one option; write --drive if=pflash,format=raw,file=${file} in place of -pflash ${file}.`,
    },
  ],
  ...sentences(["usbdevice", "audiodev", "tpmdev"], NO_DEVICES),
  // A source of random bytes, which virtio-rng-device names; there is one.
  [
    "object",
    {
      takesValue: true,
      answer: (value) => {
        if (value.startsWith("rng-")) return undefined;
        if (value.startsWith("filter-dump"))
          return "What networks send and receive is captured by --pcap FILE (-object).";
        return `${NO_DEVICES} (-object).`;
      },
    },
  ],
  ...sentences(["usb"], NO_DEVICES, false),
  ...sentences(["curses", "full-screen"], NO_SCREEN, false),
  ...sentences(["vnc", "spice"], NO_SCREEN),
  ...sentences(["d", "D", "trace", "dfilter", "plugin"], NO_LOG),
  ["enable-kvm", flag("There is no KVM in WebAssembly; leave -enable-kvm out.")],
  ["no-shutdown", flag("A VM that has switched itself off ends; leave -no-shutdown out.")],
  ["daemonize", flag("A VM ends with its terminal; leave -daemonize out, or use the shell's &.")],
  ["icount", refused("Time that follows instructions is --deterministic; use that in place of -icount.")],
  ["rtc", refused("The clock shows the host's time; leave -rtc out, or use --deterministic.")],
  ["echr", refused("The escape key is Ctrl-A; leave -echr out.")],
  ["semihosting", flag("There is no semihosting; a program may use HTIF (a tohost symbol) or the UART.")],
  ["semihosting-config", refused("There is no semihosting; a program may use HTIF (a tohost symbol) or the UART.")],
  ["mem-path", refused("Memory is the host's own; leave -mem-path out.")],
  ["pidfile", refused("The process is this one; write $! in place of -pidfile.")],
  ...["acpitable", "action", "add-fd", "audio", "chroot", "compat", "debugcon", "dump-vmstate", "mon", "numa"]
    .concat(["option-rom", "qmp", "qmp-pretty", "readconfig", "rotate", "runas", "sandbox", "seed", "set", "smbios"])
    .concat(["watchdog-action"])
    .map((name) => [name, refused(`${NOTHING_LIKE} -${name} here; leave it out.`)] as const),
  ...["async-teardown", "audio-help", "enable-sync-profile", "mem-prealloc", "only-migratable", "portrait"]
    .concat(["preconfig", "singlestep"])
    .map((name) => [name, flag(`${NOTHING_LIKE} -${name} here; leave it out.`)] as const),
]);

/** QEMU's option of that name, without its dash. */
export function qemuOption(name: string): QemuOption | undefined {
  return OPTIONS.get(name);
}

/**
 * The number of harts that `-smp` asks for: `4`, `cpus=4` or a topology, `sockets=1,cores=4,threads=1`. Undefined when it is
 * none of these.
 */
export function hartCount(text: string): number | undefined {
  const pairs = text.split(",").map((part, index) => (index === 0 && /^\d+$/.test(part) ? `cpus=${part}` : part));
  const given = new Map<string, number>();
  for (const pair of pairs) {
    const [, key, value] = /^(cpus|maxcpus|sockets|dies|clusters|cores|threads)=(\d+)$/.exec(pair) ?? [];
    if (key === undefined || given.has(key)) return undefined;
    given.set(key, Number(value));
  }
  const levels = ["sockets", "dies", "clusters", "cores", "threads"].map((level) => given.get(level) ?? 1);
  return given.get("cpus") ?? levels.reduce((product, level) => product * level, 1);
}

/**
 * The size that `-m` asks for, as `parseMemorySize` takes it: a bare number is MiB, `size=` may stand before it. `slots` and `maxmem`, for
 * memory that is plugged in later, are understood where there is to be none; else undefined.
 */
export function memorySize(text: string): string | undefined {
  const [first = "", ...others] = text.split(",");
  const size = first.replace(/^size=/, "");
  const megabytes = /^\d+$/.test(size) ? `${size}M` : size;
  const idle = others.every((part) => part === "slots=0" || part === `maxmem=${size}`);
  return idle ? megabytes : undefined;
}
