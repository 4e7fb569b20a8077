#!/bin/sh
# What Debian's netboot installer runs once it has its answers (scripts/debian-installer.mjs): installs Debian 13 to /dev/vda. HOST is where the
# components are, ARCHIVE the Debian archive, PROBE a file of it, MODULES what is loaded, REQUIRED and BASE the packages of the system. Each step is
# told on the console.

# The installer's own debconf is none of the packages': they would ask it.
unset DEBIAN_HAS_FRONTEND DEBIAN_FRONTEND DEBCONF_REDIR DEBCONF_OLD_FD_BASE
exec 3>&-

say() { echo "installer: $*" >/dev/console; }
fail() {
  say "failed: $1"
  poweroff -f
}
step() {
  say "$1"
  shift
  "$@" >/dev/console 2>&1 </dev/null || fail "$*"
}
inside() { chroot /target env DEBIAN_FRONTEND=noninteractive LC_ALL=C PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }

reach_archive() {
  for seconds in 1 5 25; do
    wget -q -O /tmp/probe "$ARCHIVE/$PROBE" && echo "$PROBE_SHA256  /tmp/probe" | sha256sum -c && return
    sleep $seconds
  done
  return 1
}

# depmod would read some 580 modules for the four that are new.
load_components() {
  wget -q -O /tmp/components.tar.gz "$HOST/components.tar.gz" && tar -xzf /tmp/components.tar.gz -C / &&
    rm /tmp/components.tar.gz && modprobe crc16 && modprobe crc32c_generic || return 1
  for module in $MODULES; do insmod "/lib/modules/$(uname -r)/kernel/$module.ko.xz" || return 1; done
}

make_file_system() {
  echo 'label: dos
,,L,*' | sfdisk /dev/vda && udevadm settle && mkfs.ext4 -q /dev/vda1 && mkdir -p /target && mount /dev/vda1 /target
}

# Dependencies have been resolved already, and the list of all packages, whose hash has been checked by then, is cut down to these: it would be read
# several times, for half an hour.
install_base() {
  cat >/tmp/suite <<END
. /usr/share/debootstrap/scripts/trixie
work_out_debs() {
  required="$REQUIRED"
  base="$BASE"
  perl -00 -ni -e 'BEGIN { %wanted = map { \$_ => 1 } qw($REQUIRED $BASE) } print if /^Package: (.*)/ && \$wanted{\$1}' \
    /target/var/lib/apt/lists/*_Packages
}
END
  debootstrap --arch=riscv64 --variant=minbase --no-resolve-deps \
    --keyring=/usr/share/keyrings/debian-archive-keyring.gpg trixie /target "$ARCHIVE" /tmp/suite &&
    rm -rf /target/var/lib/apt/lists/*
}

configure() {
  echo "UUID=$(blkid -s UUID -o value /dev/vda1) / ext4 errors=remount-ro 0 1" >/target/etc/fstab
  echo debian >/target/etc/hostname
  echo "deb $ARCHIVE trixie main" >/target/etc/apt/sources.list
  cp /etc/resolv.conf /target/etc/resolv.conf
  printf '[Match]\nName=e*\n[Network]\nDHCP=yes\n' >/target/etc/systemd/network/wired.network
  mkdir -p /target/etc/initramfs-tools/conf.d
  echo MODULES=dep >/target/etc/initramfs-tools/conf.d/driver-policy
  for folder in proc sys dev; do mount --bind /$folder /target/$folder || return 1; done
  inside passwd -d root && inside systemctl enable systemd-networkd
}

install_kernel() {
  inside apt-get update && inside apt-get install -y --no-install-recommends linux-image-riscv64 initramfs-tools u-boot-menu &&
    echo 'U_BOOT_PARAMETERS="ro console=ttyS0"' >/target/etc/default/u-boot && inside u-boot-update
}

# debootstrap has mounted proc itself, below ours.
finish() {
  inside apt-get clean
  for folder in $(sed -n 's#^[^ ]* \(/target[^ ]*\) .*#\1#p' /proc/mounts | sort -r); do umount "$folder" || return 1; done
}

[ "$(ip -4 addr show scope global | grep -c 'inet 10.0.2.15/')" = 1 ] || fail "no address by DHCP"
step "reaching the archive" reach_archive
step "loading components" load_components
step "making the file system" make_file_system
step "installing the base system" install_base
step "configuring it" configure
step "installing the kernel" install_kernel
step "finishing" finish
say done
poweroff -f
