import { describe, expect, test } from "vitest";
import { parseCommandLine } from "../../src/cli/options.ts";
import { WasmvisorError } from "../../src/index.ts";

const run = (...args: string[]) => {
  const command = parseCommandLine(["run", ...args]);
  if (command.kind !== "run") throw new Error(`not a run: ${command.kind}`);
  return command.options;
};

function sentenceOf(...args: string[]): string {
  try {
    parseCommandLine(args);
  } catch (error) {
    expect(error).toBeInstanceOf(WasmvisorError);
    expect((error as WasmvisorError).code).toBe("usage");
    return (error as WasmvisorError).message;
  }
  throw new Error("it was accepted");
}

describe("wasmvisor run", () => {
  test("understands every option", () => {
    const options = run(
      ...["--kernel", "Image", "--initrd", "initrd", "--append", "console=ttyS0 quiet", "--bios", "fw.bin"],
      ...["--dtb", "board.dtb", "-m", "1G", "--smp", "4", "--engine", "interpret", "--deterministic"],
      ...["--timeout", "1.5", "--exit-on", "^login:", "--signature", "out.sig", "--stats"],
    );
    expect(options).toEqual({
      vm: {
        kernel: "Image",
        initrd: "initrd",
        append: "console=ttyS0 quiet",
        bios: "fw.bin",
        dtb: "board.dtb",
        memory: "1G",
        harts: 4,
        engine: "interpret",
        clock: "deterministic",
      },
      timeout: 1.5,
      exitOn: /^login:/m,
      signature: "out.sig",
      stats: "text",
    });
  });

  test("leaves out what was not given", () => {
    expect(run("guest.elf")).toEqual({ vm: { kernel: "guest.elf" } });
  });

  test("takes values after = and options after the kernel", () => {
    expect(run("guest.elf", "--memory=64M", "--append=--odd")).toEqual({
      vm: { kernel: "guest.elf", memory: "64M", append: "--odd" },
    });
  });
});

describe("QEMU's way of saying it", () => {
  test("is understood: one dash, and no command", () => {
    const words = [
      "-M",
      "virt",
      "-cpu",
      "rv64",
      "-nographic",
      "-m",
      "256",
      "-smp",
      "4",
      "-kernel",
      "Image",
      "-initrd",
      "i",
    ];
    const more = [
      "-append",
      "-v console=ttyS0",
      "-serial",
      "mon:stdio",
      "-monitor",
      "none",
      "-no-reboot",
      "-bios",
      "none",
    ];
    const command = parseCommandLine([...words, ...more]);
    expect(command).toEqual({ kind: "run", options: run(...words, ...more) });
    expect(run(...words, ...more)).toEqual({
      vm: { kernel: "Image", initrd: "i", append: "-v console=ttyS0", bios: "none", memory: "256M", harts: 4 },
      noReboot: true,
    });
  });

  test("of what a VM is like anyway asks for nothing", () => {
    const usual = [
      ["-machine", "type=virt,accel=tcg"],
      ["-accel", "tcg"],
      ["-cpu", "max"],
      ["-display", "none"],
      ["-vga", "none"],
      ["-nic", "none"],
      ["-net", "none"],
      ["-nodefaults"],
      ["-name", "guest"],
      ["-M", "virt", "-machine", "aclint=off"],
      ["-monitor", "null"],
      ["-bios", "default"],
    ];
    expect(run("x.elf", ...usual.flat())).toEqual({ vm: { kernel: "x.elf" } });
  });

  test.each([
    ["256", "256M"],
    ["1G", "1G"],
    ["size=64", "64M"],
    ["512m", "512m"],
  ])("-m %s is %s", (text, memory) => {
    expect([run("-m", text).vm.memory, run(`-m${text}`.replace("size=", "")).vm.memory]).toEqual([memory, memory]);
  });

  test("-m knows that no memory is plugged in later", () => {
    expect(run("-m", "size=64,slots=0,maxmem=64").vm.memory).toBe("64M");
  });

  test.each([
    ["2", 2],
    ["cpus=3", 3],
    ["4,sockets=1,cores=4,threads=1", 4],
    ["sockets=2,cores=2", 4],
  ])("-smp %s is %i harts", (text, harts) => {
    expect(run("-smp", text).vm.harts).toBe(harts);
  });

  test("-drive, -device and -snapshot are disks", () => {
    const text = "file=a,,b.img,format=raw,serial=x,iops=100,throttling.bps-total=5000,readonly=on";
    const { drives, virtio } = run("-drive", text, "-global", "virtio-mmio.force-legacy=false").vm;
    expect(drives).toEqual([
      { source: "a,b.img", format: "raw", serial: "x", readonly: true, limits: { operations: 100, bytes: 5000 } },
    ]);
    expect(virtio).toBe("modern");
    const xv6 = [
      "-drive",
      "file=fs.img,if=none,format=raw,id=x0",
      "-device",
      "virtio-blk-device,drive=x0,bus=virtio-mmio-bus.0",
    ];
    expect(run(...xv6, "-snapshot").vm.drives).toEqual([{ source: "fs.img", format: "raw", slot: 0, snapshot: true }]);
  });

  test("-device vmgenid is a generation ID", () => {
    expect(run("-device", "vmgenid").vm.generationId).toBe(true);
    expect(run("-device", "vmgenid,guid=auto,id=a").vm.generationId).toBe(true);
    const uuid = "01234567-89ab-4def-8123-456789abcdef";
    expect(run("-device", `vmgenid,guid=${uuid}`).vm.generationId).toBe(uuid);
    expect(() => run("-device", "vmgenid,guid=1")).toThrow(/auto, or a UUID/);
    expect(() => run("-device", "vmgenid", "-device", "vmgenid")).toThrow(/has one vmgenid/);
  });

  test("-device virtio-balloon-device is a memory balloon, in QEMU's words or with all that it can do", () => {
    expect(run("-device", "virtio-balloon-device").vm.balloon).toEqual({});
    const words = "virtio-balloon-device,free-page-reporting=on,deflate-on-oom=off,bus=virtio-mmio-bus.3";
    expect(run("--device", words).vm.balloon).toEqual({ freePageReporting: true, deflateOnOom: false, slot: 3 });
    expect(run("--device", "virtio-balloon").vm.balloon).toEqual({ freePageReporting: true, deflateOnOom: true });
    expect(() => run("--device", "virtio-balloon-device,deflate-on-oom=1")).toThrow(/on or off/);
  });

  test("-device virtio-rng-device is an entropy device", () => {
    expect(run("-device", "virtio-rng-device").vm.rng).toEqual({});
    const limited = "virtio-rng-device,rng=r,max-bytes=1024,period=1000,bus=virtio-mmio-bus.3";
    expect(run("-object", "rng-random,filename=/dev/urandom,id=r", "-device", limited).vm.rng).toEqual({
      maxBytes: 1024,
      period: 1000,
      slot: 3,
    });
  });

  test("-netdev and -device, -nic, or -net are network devices", () => {
    const words = ["-netdev", "user,id=n,hostfwd=tcp::8080-:80,hostfwd=udp:[::1]:0-10.0.2.9:53,restrict=on,ipv6=off"];
    const device = "virtio-net-device,netdev=n,mac=52:54:00:00:00:01,bus=virtio-mmio-bus.1,host_mtu=1400";
    expect(run(...words, "-device", device).networks).toEqual([
      {
        device: { mac: "52:54:00:00:00:01", slot: 1, mtu: 1400 },
        user: {
          hostfwd: [
            { protocol: "tcp", hostPort: 8080, guestPort: 80 },
            { protocol: "udp", hostAddress: "::1", hostPort: 0, guestAddress: "10.0.2.9", guestPort: 53 },
          ],
          restrict: true,
          ipv6: false,
        },
      },
    ]);
    expect(run("-nic", "user,model=virtio,mac=52:54:00:00:00:02,net=10.1.0.0/16,pps=100,bps=1000").networks).toEqual([
      {
        device: { mac: "52:54:00:00:00:02", limits: { packets: 100, bytes: 1000 } },
        user: { net: "10.1.0.0/16" },
      },
    ]);
    const guestfwd = "guestfwd=tcp:10.0.2.100:80-tcp:127.0.0.1:8080";
    expect(run("-net", "nic,macaddr=52:54:00:00:00:03", "-net", `user,${guestfwd}`).networks).toEqual([
      {
        device: { mac: "52:54:00:00:00:03" },
        user: { guestfwd: [{ address: "10.0.2.100", port: 80, to: { address: "127.0.0.1", port: 8080 } }] },
      },
    ]);
    const vxlan = "vxlan,vni=42,peer=192.0.2.7,peer=192.0.2.8:99,peer=fd00::7,peer=[fd00::8]:5,local=192.0.2.1,port=0";
    expect(run("-netdev", `${vxlan},id=v`, "-device", "virtio-net-device,netdev=v,host_mtu=1450").networks).toEqual([
      {
        device: { mtu: 1450 },
        vxlan: {
          ...{ vni: 42, address: "192.0.2.1", port: 0 },
          peers: [
            ...[{ address: "192.0.2.7" }, { address: "192.0.2.8", port: 99 }],
            ...[{ address: "fd00::7" }, { address: "fd00::8", port: 5 }],
          ],
        },
      },
    ]);
    expect(run("--net", "relay,url=wss://a.example/x?y=z,token=t,mac=52:54:00:00:00:01").networks).toEqual([
      { device: { mac: "52:54:00:00:00:01" }, relay: { url: "wss://a.example/x?y=z", token: "t" } },
    ]);
    const wisp = { url: "wss://a.example/wisp/", account: { user: "me", password: "a:b" } };
    expect(run("--net", "user,wisp=wss://a.example/wisp/,account=me:a:b,mtu=1400").networks).toEqual([
      { device: { mtu: 1400 }, user: {}, sockets: { wisp } },
    ]);
    expect(run("--nic", "user,fetch,dns=10.0.2.9").networks).toEqual([
      { device: {}, user: { dns: "10.0.2.9" }, sockets: "fetch" },
    ]);
    expect(run("--nic", "user,fetch=off").networks).toEqual([{ device: {}, user: {} }]);
    expect(run("--net", "user", "--pcap", "x.pcapng")).toMatchObject({ pcap: "x.pcapng", networks: [{ user: {} }] });
    expect(run("-device", "virtio-net-device").networks).toEqual([{ device: {} }]);
    expect(run("-nic", "none", "-net", "none").networks).toBeUndefined();
    expect(run().networks).toBeUndefined();
  });

  test("-fw_cfg names files for firmware", () => {
    const words = ["-fw_cfg", "opt/a,string=x,,y", "--fw-cfg", "name=opt/b,file=b.bin"];
    expect(run(...words).vm.fwCfg).toEqual([{ name: "opt/a", data: "x,y" }]);
    expect(run(...words).fwCfgFiles).toEqual([{ name: "opt/b", path: "b.bin" }]);
  });

  test("-virtfs, -fsdev and -device virtio-9p-device are shared folders", () => {
    expect(run("-virtfs", "local,path=/a,mount_tag=t,security_model=none,readonly=on").vm.shares).toEqual([
      { tag: "t", source: "/a", readonly: true },
    ]);
    const device = "virtio-9p-device,fsdev=f,mount_tag=u,bus=virtio-mmio-bus.1";
    expect(run("-fsdev", "local,id=f,path=/b,security_model=none", "-device", device).vm.shares).toEqual([
      { tag: "u", source: "/b", readonly: false, slot: 1 },
    ]);
  });

  test("-device virtconsole is a console on this terminal", () => {
    const words = ["-device", "virtio-serial-device,bus=virtio-mmio-bus.2", "-chardev", "stdio,id=c"];
    expect(run(...words, "-device", "virtconsole,chardev=c").vm.virtioSerial).toEqual({ slot: 2, console: true });
  });

  test("-device virtserialport is a named port, and -chardev its far end", () => {
    const socket = ["-chardev", "socket,id=s,path=/run/a,,b,server=on,wait=off", "-device", "virtio-serial-device"];
    const { vm, ports } = run(
      ...socket,
      ...["-device", "virtserialport,name=org.a,chardev=s,id=p0", "-device", "virtserialport,name=org.b,chardev=f"],
      ...["-chardev", "file,path=/log,id=f", "-device", "virtserialport,name=org.c", "-device", "virtconsole"],
    );
    expect(vm.virtioSerial).toEqual({
      console: true,
      ports: [
        { name: "org.a", connected: false },
        { name: "org.b", connected: true },
        { name: "org.c", connected: true },
      ],
    });
    expect(ports).toEqual([
      { name: "org.a", chardev: { kind: "socket", path: "/run/a,b", server: true, wait: false } },
      { name: "org.b", chardev: { kind: "file", path: "/log" } },
      { name: "org.c", chardev: { kind: "null" } },
    ]);
    expect(
      run("-chardev", "socket,path=x,id=a", "-device", "virtserialport,name=n,chardev=a").ports![0]!.chardev,
    ).toMatchObject({ server: false, wait: false });
  });

  test.each([
    [["-chardev", "pty,id=a"], "There is no --chardev pty; use stdio, null, file, socket"],
    [["-chardev", "null", "-device", "virtserialport,name=a"], "needs an id=NAME"],
    [["-chardev", "null,id=a", "-chardev", "null,id=a"], "two --chardev with id=a"],
    [["-chardev", "file,id=a"], "needs path=FILE"],
    [["-chardev", "socket,id=a,path=b,server=1"], 'on or off, not "1"'],
    [["-chardev", "socket,id=a,path=b,telnet=on"], 'no property "telnet"'],
    [["-device", "virtserialport"], "needs a name=NAME"],
    [["-device", "virtserialport,name=a,chardev=b"], "There is no --chardev with id=b"],
    [["-chardev", "stdio,id=t", "-device", "virtserialport,name=a,chardev=t"], "The terminal is the console's"],
    [
      [
        "-chardev",
        "null,id=t",
        "-device",
        "virtserialport,name=a,chardev=t",
        "-device",
        "virtserialport,name=b,chardev=t",
      ],
      "Two ports name the --chardev t",
    ],
    [["-hda", "disk.img"], "write --drive file=disk.img in place of -hda disk.img"],
    [["-cdrom", "disk.iso"], "--drive file=disk.iso,readonly=on"],
    [["-drive", "format=raw"], "names no image"],
    [["-drive", "file=a,size=3"], 'no property "size"'],
    [["-drive", "file=a,format=vmdk"], 'format of a drive is raw or qcow2, not "vmdk"'],
    [["-drive", "file=a,if=none,id=x"], "--device virtio-blk-device,drive=x"],
    [["-device", "virtio-blk-device,drive=x"], "names no drive"],
    [["-nic", "vxlan,vni=3"], "has an identifier and other ends"],
    [["-nic", "vxlan,vni=16777216,peer=192.0.2.7"], "whole number up to 16777215"],
    [["-nic", "relay"], "A relay network has an address"],
    [["-nic", "relay,url=wss://a/,x=y"], 'no property "x"'],
    [["-netdev", "user,id=n"], "add --device virtio-net-device,netdev=n"],
    [["-netdev", "user"], "has no id"],
    [["-netdev", "user,id=n", "-netdev", "user,id=n"], "the same id"],
    [["-netdev", "tap,id=n"], 'There is no network "tap" to join; it takes rights'],
    [["-netdev", "hubport,id=n,hubid=0"], "a lan of wasmvisor.json joins VMs by a switch"],
    [["-netdev", "netmap,id=n"], 'There is no network "netmap" to join; use user'],
    [["-nic", "tap,ifname=tap0"], "it takes rights and a device of the host's; use user"],
    [["--net", "user,wisp=ws://a/,fetch"], "goes by wisp or by fetch"],
    [["--net", "user,account=a:b"], "is for wisp"],
    [["--net", "user,wisp=ws://a/,account=a"], "write account=NAME:PASSWORD"],
    [["--net", "user,fetch,hostfwd=tcp::1-:1"], "leave hostfwd out"],
    [["-device", "virtio-net-device,netdev=n"], "names no free network"],
    [["-device", "virtio-net-device,speed=1"], 'no property "speed"'],
    [["-device", "virtio-net-pci"], "use virtio-net-device."],
    [["-nic", "user,model=e1000"], 'not "e1000"'],
    [["-nic", "user,smb=x"], "nothing like QEMU's smb"],
    [["-nic", "user,nat=x"], 'no property "nat"'],
    [["-nic", "user,hostfwd=tcp::80"], "write hostfwd=tcp:127.0.0.1:8080-:80"],
    [["-nic", "user,hostfwd=tcp::80-:0"], "A forward is not"],
    [["-nic", "user,hostfwd=tcp::65536-:1"], "A forward is not"],
    [["-nic", "user,guestfwd=tcp:10.0.2.9:80-cmd:x"], "write guestfwd=tcp:"],
    [["-nic", "user,restrict=maybe"], 'on or off, not "maybe"'],
    [["-net", "nic", "-net", "nic"], "one each"],
    [["-object", "filter-dump,id=f,netdev=n,file=x"], "--pcap FILE"],
    [["--lockstep", "--net", "user"], "leave the network out of --lockstep"],
    [["--pcap", "x"], "There is no network to capture in x"],
    [["-device", "virtio-rng-pci"], "use virtio-rng-device."],
    [["-device", "virtio-rng-device,max-bytes=0"], "from 1 up"],
    [["-device", "virtio-rng-device,speed=1"], 'no property "speed"'],
    [["-fw_cfg", "name=opt/a"], "--fw-cfg name=opt/NAME,string=TEXT"],
    [["-device", "virtconsole", "-device", "virtconsole"], "one virtconsole"],
    [["-device", "virtio-rng-device", "-device", "virtio-rng-device"], "one virtio-rng-device"],
    [["-device", "virtio-rng-device,bus=pcie.0"], 'There is no bus "pcie.0"'],
    [["-virtfs", "local,path=."], "add mount_tag=NAME"],
    [["-virtfs", "proxy,socket=x"], 'not "proxy"'],
    [["-virtfs", "local,path=.,mount_tag=t,security_model=mapped-xattr"], "use security_model=none"],
    [["-virtfs", "local,path=.,mount_tag=t,color=red"], 'no property "color"'],
    [["-fsdev", "local,path=.,id=a"], "--device virtio-9p-device,fsdev=a"],
    [["-device", "virtio-9p-device,fsdev=a,mount_tag=t"], "names no --fsdev"],
    [["-s"], "There is no gdb server yet"],
    [["-S"], "There is no gdb server yet"],
    [["-gdb", "tcp::1234"], "There is no gdb server yet"],
    [["-M", "sifive_u"], '"sifive_u"'],
    [["-machine", "virt,aia=aplic"], '"aia=aplic"'],
    [["-M", "virt", "-machine", "dumpdtb=a.dtb"], 'no property "dumpdtb=a.dtb"'],
    [["-global", "virtio-blk-device.x=y"], '"virtio-blk-device.x=y"'],
    [["-qmp", "unix:a"], "nothing like QEMU's -qmp"],
    [["-singlestep"], "nothing like QEMU's -singlestep"],
    [["-cpu", "rv32"], '"rv32"'],
    [["-cpu", "rv64,v=true"], '"v=true"'],
    [["-accel", "kvm"], '"kvm"'],
    [["-enable-kvm"], "KVM"],
    [["-serial", "pty"], "The serial console is this terminal"],
    [["-display", "gtk"], "There is no screen"],
    [["-icount", "shift=0"], "--deterministic"],
    [["-nographic=yes"], "takes no value"],
    [["-drive"], "needs a value"],
    [["-kernel", "-append", "x"], "The option -kernel needs a value"],
    [["-m", "-kernel", "x"], "The option -m needs a value"],
    [["-kernell", "x"], "There is no option -kernell; did you mean -kernel?"],
    [["--timout=3"], "There is no option --timout; did you mean --timeout?"],
    [["-xyzzy"], "There is no option -xyzzy; see wasmvisor run --help."],
    [["-m", "size=64M,slots=2,maxmem=1G"], "No memory can be plugged in later"],
    [["-smp", "4,cores=4,cores=4"], "--smp takes"],
  ])("%j is answered by name", (words, named) => {
    const sentence = sentenceOf(...words);
    expect(sentence).toContain(named);
    expect(sentence).toMatch(/^[A-Z-].*\.$/);
  });

  test.each("tap bridge l2tpv3 socket stream dgram vde vhost-user vhost-vdpa".split(" "))(
    "-netdev %s is answered by what serves in its place",
    (kind) => {
      expect(sentenceOf("run", "-netdev", `${kind},id=n`)).toMatch(
        new RegExp(`^There is no network "${kind}" to join; .*vxlan,vni=42,peer=ADDRESS.*\\.$`),
      );
    },
  );
});

test.each([
  ["guests/demo.elf", 'There is no command "guests/demo.elf"; to boot that file, use wasmvisor run guests/demo.elf.'],
  ["linx", 'There is no command "linx"; did you mean wasmvisor linux?'],
  [
    "boot",
    'There is no command "boot"; use wasmvisor run, linux, up, exec, cp, logs, snapshot, migrate, memory, top, img, relay or study, or see wasmvisor --help.',
  ],
])("the command %s is answered", (command, sentence) => {
  expect(sentenceOf(command)).toBe(sentence);
});

/** Of `qemu-system-riscv64 -help`, QEMU 7.2. */
const QEMU_OPTIONS =
  "preconfig D L S accel action add-fd append async-teardown audio audio-help audiodev bios blockdev boot cdrom chardev chroot " +
  "compat cpu d daemonize debugcon device dfilter display drive dtb dump-vmstate echr enable-kvm enable-sync-profile fda fsdev " +
  "full-screen fw_cfg gdb global h hda hdc icount incoming initrd iscsi k kernel loadvm m machine mem-path mem-prealloc mon " +
  "monitor msg mtdblock name net netdev nic no-reboot no-shutdown no-user-config nodefaults nographic numa object " +
  "only-migratable option-rom overcommit parallel pflash pidfile plugin portrait qmp qmp-pretty readconfig rotate rtc runas s " +
  "sandbox sd seed semihosting semihosting-config serial set singlestep smp snapshot spice tpmdev trace usb usbdevice uuid " +
  "version vga virtfs vnc watchdog-action";

test.each(QEMU_OPTIONS.split(" "))("QEMU's -%s is known", (name) => {
  let sentence = "";
  try {
    parseCommandLine([`-${name}`, "1"]);
  } catch (error) {
    sentence = (error as Error).message;
  }
  expect(sentence).not.toContain("There is no option");
});

describe("words", () => {
  test("after -- are no options", () => {
    expect(run("--", "-kernel")).toEqual({ vm: { kernel: "-kernel" } });
  });

  test("of a repeated option: the last counts, but for those that may be repeated", () => {
    expect(run("--kernel", "a", "-kernel", "b").vm.kernel).toBe("b");
    expect(run("--dbt", "cache=off", "-dbt", "window=off", "x").vm.translator).toEqual({ cache: false, window: false });
  });

  test("of --on-panic", () => {
    expect([run("--on-panic", "exit").onPanic, run("-on-panic", "run").onPanic]).toEqual(["exit", "run"]);
  });
});

describe("--lockstep", () => {
  test("takes the number of instructions to compare", () => {
    expect(run("--lockstep", "--instructions", "1e6", "guest.elf")).toMatchObject({
      lockstep: true,
      instructions: 1e6,
    });
    expect(run("--lockstep", "guest.elf").instructions).toBeUndefined();
    expect(run("guest.elf").lockstep).toBeUndefined();
  });
});

describe("--stats", () => {
  test("may have a form as its value, and takes no kernel for one", () => {
    expect(run("--stats=json", "guest.elf").stats).toBe("json");
    expect(run("--stats", "guest.elf")).toMatchObject({ stats: "text", vm: { kernel: "guest.elf" } });
  });
});

describe("help and version", () => {
  test.each([
    [[], { kind: "demo" }],
    [["-help"], { kind: "help", topic: "wasmvisor" }],
    [["-version"], { kind: "version" }],
    [["-kernel", "x", "-help"], { kind: "help", topic: "run" }],
    [["--help"], { kind: "help", topic: "wasmvisor" }],
    [["help", "run"], { kind: "help", topic: "run" }],
    [["run", "--help"], { kind: "help", topic: "run" }],
    [["run", "x", "-h"], { kind: "help", topic: "run" }],
    [["--version"], { kind: "version" }],
    [["run", "--version"], { kind: "version" }],
  ])("%j", (args, command) => {
    expect(parseCommandLine(args)).toEqual(command);
  });
});

describe("a mistake gets one sentence that names it", () => {
  test.each([
    [["fly"], '"fly"'],
    [["run", "--flavour", "x"], "--flavour"],
    [["run", "-q"], "-q"],
    [["run", "--kernel"], "--kernel"],
    [["run", "--stats=yes"], "--stats"],
    [["run", "--instructions", "5", "guest.elf"], "--instructions goes with --lockstep"],
    [["run", "--lockstep", "--instructions", "1.5", "guest.elf"], "--instructions takes a whole number"],
    [["run", "a.elf", "b.elf"], '"b.elf"'],
    [["run", "a.elf", "--kernel", "b.elf"], '"a.elf"'],
    [["run", "--smp", "0"], "--smp"],
    [["run", "--smp", "9"], "--smp"],
    [["run", "--smp", "2.5"], "--smp"],
    [["run", "--smp", "two"], '"two"'],
    [["run", "--engine", "steam"], '"steam"'],
    [["run", "--on-panic", "faint"], '"faint"'],
    [["run", "--deterministic=yes"], "--deterministic takes no value"],
    [["run", "--timeout", "soon"], '"soon"'],
    [["run", "--timeout", "0"], "--timeout"],
    [["run", "--timeout", "1e99"], "--timeout"],
    [["run", "--exit-on", "("], '"("'],
  ])("%j", (args, named) => {
    const sentence = sentenceOf(...args);
    expect(sentence).toContain(named);
    expect(sentence).toMatch(/^[A-Z"-].*\.$/);
  });
});
