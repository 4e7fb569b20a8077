/** What lies in the initramfs for a Linux: a static busybox, an init script, and optionally modules. */

import { charDevice, cpio, dir, file, link } from "./cpio.ts";

/**
 * Kernel arguments the init script understands:
 * `root=/dev/vda` starts the system on that disk (`rootfstype=ext4`, `rw` and `init=/sbin/init` as usual), with all modules loaded;
 * `wasmvisor.modules=a,b` loads modules (or `all`), `wasmvisor.run=CMD` runs a command (URL-escaped: `%20` is a space),
 * `wasmvisor.dhcp` asks for an address for each network device, `wasmvisor.exit` powers off instead of starting a shell, `wasmvisor.size=24x80` tells how large the terminal is.
 */
export const INIT = `#!/bin/sh
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox mount -t devtmpfs dev /dev
export PATH=/bin HOME=/root TERM=\${TERM:-linux} PS1='\\w # '

argument() {
  for word in $(/bin/busybox cat /proc/cmdline); do
    case $word in "$1"|"$1"=*) echo "\${word#"$1"}"; return 0 ;; esac
  done
  return 1
}

root=$(argument root) || root=
root=\${root#=}
wanted=$(argument wasmvisor.modules) || wanted=
wanted=\${wanted#=}
[ -n "$root" ] && wanted=all

if [ -n "$wanted" ] && [ -d /lib/modules ]; then
  wanted=,$wanted,
  for path in $(/bin/busybox cat /lib/modules/order); do
    name=\${path%.ko}
    case $wanted in *,all,*|*,"$name",*) /bin/busybox insmod "/lib/modules/$path" || echo "no module $name" ;; esac
  done
fi

if [ -n "$root" ]; then
  tries=50
  while [ ! -b "$root" ] && [ $tries -gt 0 ]; do
    /bin/busybox sleep 0.1
    tries=$((tries - 1))
  done
  type=$(argument rootfstype) || type==ext4
  start=$(argument init) || start==/sbin/init
  mode=ro
  argument rw >/dev/null && mode=rw
  if /bin/busybox mount -t "\${type#=}" -o "$mode" "$root" /mnt; then
    for path in dev proc sys; do /bin/busybox mount --move /$path /mnt/$path; done
    exec /bin/busybox switch_root /mnt "\${start#=}"
  fi
  echo "wasmvisor: $root cannot be mounted"
fi

echo "wasmvisor: userland up"
/bin/busybox --install -s /bin

if argument wasmvisor.dhcp >/dev/null; then
  ip link set lo up
  for device in /sys/class/net/eth*; do
    [ -e "$device" ] || continue
    # It stays, and renews the lease; without an answer for five seconds it goes on asking aside.
    udhcpc -i "\${device##*/}" -b -S -t 5 -T 1 -s /etc/udhcpc.script >/dev/null 2>&1
  done
fi

if escaped=$(argument wasmvisor.run); then
  command=$(printf '%b' "$(echo "\${escaped#=}" | sed 's/%/\\\\x/g')")
  sh -c "$command"
  echo "wasmvisor: command exited with $?"
fi

argument wasmvisor.exit >/dev/null && poweroff -f

# What busybox's poweroff, reboot and halt say to init.
trap 'poweroff -f' USR2
trap 'reboot -f' TERM
trap 'halt -f' USR1

echo "This is busybox on $(uname -sr), $(nproc) hart(s). Type 'poweroff' to leave."
if size=$(argument wasmvisor.size); then
  size=\${size#=}
  size="stty rows \${size%x*} cols \${size#*x};"
fi
while true; do
  # Aside, because a shell hears signals only while it waits; what runs aside has no input unless it is given one.
  setsid cttyhack sh -c "$size exec sh" </dev/console &
  wait $!
done
`;

/** What busybox's `udhcpc` runs when it has an address, or has lost one. */
export const LEASE = `#!/bin/sh
case $1 in
  deconfig)
    ip addr flush dev "$interface"
    ip link set "$interface" up
    ;;
  bound|renew)
    ip link set "$interface" mtu "\${mtu:-1500}"
    ip addr replace "$ip/\${mask:-24}" dev "$interface"
    for address in $router; do ip route replace default via "$address" dev "$interface"; done
    {
      [ -z "$search$domain" ] || echo "search \${search:-$domain}"
      for address in $dns; do echo "nameserver $address"; done
    } >/etc/resolv.conf
    ;;
esac
`;

/** The initramfs; `modules` is a list of `[file name, bytes]` in load order. */
export function initramfs(
  busybox: Uint8Array,
  modules: readonly (readonly [name: string, bytes: Uint8Array])[] = [],
): Uint8Array {
  const directories = ["bin", "dev", "etc", "lib", "mnt", "proc", "root", "sys", "tmp"];
  const entries = [
    ...directories.map((path) => dir(path)),
    charDevice("dev/console", 5, 1),
    charDevice("dev/null", 1, 3, 0o666),
    file("bin/busybox", busybox, 0o755),
    link("bin/sh", "busybox"),
    file("init", INIT, 0o755),
    file("etc/udhcpc.script", LEASE, 0o755),
  ];
  if (modules.length > 0) {
    entries.push(dir("lib/modules"));
    entries.push(file("lib/modules/order", modules.map(([name]) => `${name}\n`).join("")));
    entries.push(...modules.map(([name, bytes]) => file(`lib/modules/${name}`, bytes)));
  }
  return cpio(entries);
}
