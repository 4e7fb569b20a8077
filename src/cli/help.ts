/** What `--help` and Ctrl-A h print. */

/** By topic. */
export const HELP = {
  wasmvisor: `wasmvisor runs RISC-V virtual machines, compatible with QEMU's virt board.

  wasmvisor                          the bundled guest: a small shell that shows the machine
  wasmvisor linux [options]          fetch a small Linux, and boot it
  wasmvisor run [options] [KERNEL]   run a guest with its console on this terminal
  wasmvisor run --help               the options
  wasmvisor init | up | status | provision | pause | resume | suspend | restore | clone | reload | down | destroy
                                     machines that stay, described by a file: see wasmvisor help init and help up
  wasmvisor exec | cp | console | logs …
                                     drive the guest of such a machine, or of a VM that runs with --agent --control SOCKET
  wasmvisor exec --help
  wasmvisor snapshot …               keep a machine, or a VM that runs with --control SOCKET, as it is now
  wasmvisor memory SIZE              have its guest work with less RAM, or more again
  wasmvisor migrate ADDRESS          move one to where wasmvisor run --incoming ADDRESS waits
  wasmvisor top …                    what they use: time, memory, disks and networks
  wasmvisor img COMMAND …            make, convert and check disk images, as qemu-img does
  wasmvisor img --help
  wasmvisor relay [options]          give VMs in browsers a network
  wasmvisor relay --help
  wasmvisor study [options]          measure virtualization techniques against each other
  wasmvisor study --help
  wasmvisor --version
`,
  run: `wasmvisor run [options] [KERNEL]

Runs a guest with its serial console on stdin and stdout, and ends with the guest's exit code.

What to run
  --kernel FILE       ELF, Linux Image (raw or gzip), U-Boot image or flat binary; also as KERNEL
  --initrd FILE       initial RAM disk
  --append STRING     the kernel's command line
  --bios builtin      SBI calls are answered by wasmvisor; the kernel starts in S mode (default)
  --bios none         the kernel starts in M mode (default for programs with a tohost symbol)
  --bios FILE         firmware such as OpenSBI or U-Boot
  --dtb FILE          a device tree in place of the board's own

The machine
  -m, --memory SIZE   RAM, such as 64M or 2G (default 256M); a bare number is MiB
  --smp N             harts, 1 to 8 (default 1)
  --drive PROPERTIES  a disk, such as --drive file=disk.qcow2 or --drive file=base.img,format=raw,overlay=mine.qcow2; also
                      readonly, snapshot, serial=TEXT, bus=virtio-mmio-bus.0, iops=N, bps=N;
                      a file may be https://… (to be read only, or with an overlay) or nbd://host:port/export
  --drive if=pflash,unit=0,format=raw,file=FILE
                      a flash bank of 32 MiB (unit 0 or 1; readonly=on): firmware such as EDK2, and its variables
  --snapshot          forget what changes on all disks
  --device virtio-balloon
                      a memory balloon: the guest's free pages are the host's; QEMU's words for it are
                      virtio-balloon-device,deflate-on-oom=on,free-page-reporting=on
  --device sunxi-wdt  a watchdog timer (Linux: sunxi_wdt): a guest that lets it run out has failed
  --device vmgenid,guid=auto
                      a generation ID, by which Linux sees that it has been restored or cloned, and stirs its random numbers
  --device virtio-rng-device
                      random bytes of the host's (/dev/hwrng); also max-bytes=N,period=MILLISECONDS
  --net user          a network device on a NAT to what this computer reaches; also
                      user,hostfwd=tcp:127.0.0.1:8080-:80,restrict=on,mac=…; without this option, or with none, there is no network
  --net user,wisp=wss://relay.example.org/wisp/
                      a NAT to what a Wisp relay reaches; also account=NAME:PASSWORD (default: WASMVISOR_WISP_ACCOUNT)
  --net user,fetch    a NAT to web sites, as pages of a browser reach them: the guest's http:// leaves as https://
  --net vxlan,vni=42,peer=192.0.2.7,mtu=1450
                      an Ethernet shared with other hosts, over UDP (RFC 7348); also peer=…:PORT (again for more), local=ADDRESS,port=N
  --net relay,url=wss://relay.example.org/
                      the network of a wasmvisor relay; also token=TEXT (default: WASMVISOR_RELAY_TOKEN)
  --pcap FILE         write what is sent and received, for Wireshark (pcapng)
  --fw-cfg name=opt/NAME,string=TEXT
                      a file for firmware; also name=opt/NAME,file=PATH
  --virtfs local,path=FOLDER,mount_tag=TAG
                      a folder that the guest mounts: mount -t 9p -o trans=virtio,version=9p2000.L TAG /mnt; also readonly=on;
                      also --fsdev local,id=ID,path=FOLDER --device virtio-9p-device,fsdev=ID,mount_tag=TAG
  --agent             a small program of wasmvisor's in the guest, added to the initial RAM disk, by which it is driven
  --loadvm FILE       go on from a snapshot: the machine is as it was; disks, networks and shares are given again, and the images if
                      the guest is to be able to restart
  --incoming ADDRESS  wait for a VM that wasmvisor migrate, or migrate in the monitor, sends, and run it: tcp:HOST:PORT, tcp:PORT (from this
                      computer alone) or unix:PATH; disks, networks and shares are given as with --loadvm. Who can connect there can send
                      what he likes, and what is sent can be read on the way, unless both sides have a key
  --migration-key FILE
                      16 random bytes or more, the same on both sides: the line is encrypted, and both prove that they have it
  --control SOCKET    where wasmvisor exec, cp, logs, snapshot, migrate, memory and top find this VM: a Unix socket, for this user alone
  --chardev socket,id=ID,path=FILE,server=on,wait=off
                      the far end of a serial port: a socket (server=off: somebody else's), or file,id=ID,path=FILE
  --device virtserialport,name=NAME,chardev=ID
                      a serial port of that name; in Linux /dev/virtio-ports/NAME
  --device virtconsole
                      a second console on this terminal, for --append console=hvc0
  --engine NAME       tiered (default): translates hot code to Wasm; interpreter;
                      for study: translator (all code), interpret (decodes every time)
  --dbt KEY=VALUE     set a part of the translator (again for more):
                        on or off   cache, chaining, indirect-cache, return-prediction, regions,
                                    jump-tables, unrolling, inlining, merged-checks, window,
                                    micro-tlb, position-independent, keep-callers, branch-hints,
                                    inline-fp, relaxed-madd, count
                        sensitive   exit, callout or inline: who executes CSR accesses
                        a number    hot-threshold, max-region-instructions, code-cache-regions,
                                    code-cache-modules, code-cache-bytes
  --memory-model NAME how loads and stores are translated: shadow (default: a TLB of host addresses);
                      for study, with interpreter or interpret: tlb (of guest addresses), nested (no TLB)
  --deterministic     guest time follows instructions: every run is the same

When to end
  --timeout SECONDS   give up, also while images are read: exit code 124
  --exit-on REGEX     end with 0 when the output matches
  --on-panic exit     end with 101 when the guest's kernel has panicked (default without a terminal)
  --on-panic run      let it go on (default on a terminal)
  --no-reboot         end with 0 when the guest resets the machine

What to tell
  --signature FILE    write the memory between begin_signature and end_signature, as Spike does
  --profile FILE      write a flame graph of the guest's functions (SVG)
  --stats[=json]      print instructions, MIPS, traps, time and the translator's work to stderr
  --lockstep          run the interpreter beside the engine (tiered, or translator), compare everything,
                      and report the first difference: exit code 1, or 0 when there is none
  --instructions N    stop the lock-step after N instructions, such as 1e9
  --help, --version

On a terminal
  Ctrl-A x            leave
  Ctrl-A c            monitor: registers, memory, disassembly, counters; and back
  Ctrl-A h            all keys

Options may have one dash, as QEMU's have: wasmvisor -M virt -nographic -kernel Image -append "console=ttyS0" -smp 4. Options of
QEMU's that ask for what is not there are answered by name.

The guest does not learn the terminal's size by itself: say stty rows 50 cols 120 in it, or run resize, which asks the terminal.

Exit codes: the guest's own; 2 wrong use or bad input; 101 panic; 124 timeout; 128 + n signal n; 70 an error in wasmvisor.
`,
  linux: `wasmvisor linux [options]

Boots Debian's kernel for riscv64 to a busybox shell. The first time it is fetched, some 9 MB, and kept in the user's cache folder
(XDG_CACHE_HOME, LOCALAPPDATA or ~/Library/Caches). What comes is checked by hashes that are part of wasmvisor, or by the signature of
Debian's release key. With no terminal on standard input the guest switches itself off once it is up. Disks, networks, shares and the
agent need the kernel's drivers: with one of them, all of its package is fetched once, some 110 MB. A network is ready at the shell.

  --mirror URL        a Debian archive (default DEBIAN_MIRROR, or http://deb.debian.org/debian); http_proxy, https_proxy and
                      no_proxy count
  --update            fetch it anew

and the options of wasmvisor run, but for --kernel and --initrd: -m 1G, --smp 4, --net user, --append "quiet" …
`,
  exec: `wasmvisor exec [options] [--] COMMAND [ARGUMENT…]

Runs a program in the guest of a machine that is up, or of a VM that was started with wasmvisor run --agent --control SOCKET: with this standard
input and output, on a terminal where this is one. Signals are passed on; the exit code is the program's.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
  -t, --tty           with a terminal; -T, --no-tty: without
  -u, --user NAME     whom it runs as (default root)
  -w, --cwd FOLDER    where it starts (default: the user's home)
  -e, --env NAME=VALUE
                      a variable of its environment (again for more)
  --timeout SECONDS   kills it then, with all of its process group: exit code 124
`,
  cp: `wasmvisor cp [--control SOCKET | --machine NAME] FROM TO

Copies a file or folder between here and the guest of a machine that is up, or of a VM that was started with wasmvisor run --agent --control
SOCKET. A path of the guest's begins with a colon: wasmvisor cp src :/root/ and wasmvisor cp :/var/log/syslog . A target that ends with / is
the folder that the copy goes into.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
`,
  console: `wasmvisor console [--control SOCKET | --machine NAME]

This terminal at the serial console of a machine that is up, or of a VM that runs with --control SOCKET. Ctrl-A x leaves it, and the guest goes on.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
`,
  logs: `wasmvisor logs [--control SOCKET | --machine NAME] [-f, --follow]

Prints what the console of a machine, or of a VM that was started with wasmvisor run --control SOCKET, has printed, the last MiB of it; with
--follow what it prints from now on, too. Of a machine that is off, what it had printed until then.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
`,
  relay: `wasmvisor relay [options]

Gives VMs that come by WebSocket, as those in browsers do, a network: each a NAT of its own to the public addresses that this computer
reaches, as --net user. Needs the package ws (npm install ws). A VM joins by openRelayNetwork, or by --net relay,url=…

  --listen ADDRESS:PORT
                      where (default 127.0.0.1:8765)
  --token TEXT        what VMs must show (default: WASMVISOR_RELAY_TOKEN, or a token that is made up and printed)
  --tokens FILE       a token for each tenant: lines with a name and a token
  --allow TO[:PORTS]  what VMs may reach, in place of all public addresses (again for more): names with stars, addresses, prefixes,
                      such as *.debian.org:80 or 10.0.0.0/8
  --sessions N        VMs at once for each tenant (default 16)
  --connections N     TCP connections at once for each VM (default 1024)
  --bps N, --pps N    bytes and packets in a second for each VM and direction (default: no limits)
  --tls-cert FILE, --tls-key FILE
                      a certificate and its key (PEM), for wss:
  --origin URL        a page whose VMs may come (again for more; default: all that have the token)
`,
  top: `wasmvisor top [--control SOCKET]… [--once] [--json] [--delay SECONDS]

Shows what the machines of wasmvisor.json, or VMs that were started with wasmvisor run --control SOCKET, use, a line for each: the part of the time in which they run and in which
they wait to run, millions of instructions a second, memory taken, memory shared, memory in all, and bytes a second of disks and networks.

  --control SOCKET    a VM's socket (again for more; default: WASMVISOR_CONTROL)
  --once              looks once: what was used since the VMs were made; fails when none answers
  --json              one line of JSON for each look
  --delay SECONDS     between two looks (default 2)
`,
  snapshot: `wasmvisor snapshot [--machine NAME] NAME | --list | --delete NAME
wasmvisor snapshot [--control SOCKET | --machine NAME] [--disks] FILE
wasmvisor snapshot info [--json] FILE

Keeps what a machine is, with its disks, under a name; it runs on, and wasmvisor restore NAME has it be like that again. What has a path, such as
./vm.snap, is a file, as is anything with --control SOCKET: wasmvisor run --loadvm FILE goes on from there. Disks that the guest writes to must be
then as they are now, unless --disks takes them along. With info it says what is in such a file, and whether any of it is damaged.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
  --disks             take the contents of its disks along, to a file
  --json              for programs
  --list              what has been kept of the machine
  --delete NAME       forget one of them
`,
  migrate: `wasmvisor migrate [--control SOCKET | --machine NAME] [options] ADDRESS

Moves a VM that was started with wasmvisor run --control SOCKET to where wasmvisor run --incoming ADDRESS waits for it: tcp:HOST:PORT or
unix:PATH. It runs on while its memory is sent, stands still for a moment, and goes on there; here its process ends. When it cannot be moved it
runs on here. The line is not encrypted unless both were started with --migration-key FILE. Disks that the guest writes to must be the same
ones there, unless --disks or --mirror takes them along.

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
  --downtime SECONDS  for which it may stand still, as far as that can be foreseen (default 0.3)
  --bandwidth SIZE    bytes a second at most, such as 10M (default: no limit)
  --mode MODE         pre: it goes when nearly all of its memory is there (default); post: at once, and its memory follows; auto: as pre, and
                      when it stores faster than can be sent, the rest follows
  --disks             take the contents of its disks along, into memory, while it stands still
  --mirror            take them along while it runs, to the files that --drive names there, which must not be there yet
  --reclaim           have it run on here, when nobody has answered that it runs there, and it does not
`,
  memory: `wasmvisor memory [--control SOCKET | --machine NAME] [SIZE]

Has a VM work with SIZE of its RAM, such as 128M: the balloon in its guest takes the rest, as far as the guest can do without, and gives it back
to this computer. A larger SIZE lets the guest have it again. Without SIZE it says how much there is. The VM must have a balloon
(--device virtio-balloon-device; "balloon": true).

  --control SOCKET    the VM's socket (default: WASMVISOR_CONTROL)
  -m, --machine NAME  a machine of wasmvisor.json, in place of a socket (default: the only one)
`,
  study: `wasmvisor study [options] [EXPERIMENT]

Measures techniques of virtualization: every bundled workload on every rung of a ladder, from interpretation to
native code, and the axes between. EXPERIMENT is one of wasmvisor study list, or a file such as my-experiment.ts.

  wasmvisor study --quick            the ladder, within two minutes
  wasmvisor study --html report.html everything, within half an hour
  wasmvisor study list               experiments, rungs and workloads
  wasmvisor study compare A.json B.json
                                     what changed between two studies, with significance
  wasmvisor study show A.json        the report again; with --md, --html, --svg in their forms

What to measure
  --rungs A,B         these rungs only
  --workloads A,B     these workloads or kinds only
  --peer NAME=COMMAND another emulator: {elf} and {append}, or {linux} and {scale}, are filled in
  --rounds N          samples of each figure (default 5; 3 with --quick)
  --seconds N         time for all experiments (fewer samples when it does not suffice)

What to write
  --json FILE         everything, with a summary for other programs; compressed when it is called .gz
  --md FILE           the report as Markdown
  --html FILE         the report as one page with plots (needs the packages vega and vega-lite)
  --svg FILE          the ladder as one picture (needs them, too)
  --resume FILE       go on from the JSON of an interrupted study

Ctrl-C ends a study early; what was measured is kept. Exit codes: 1 when a figure is void because a result was wrong.
`,
} as const;
