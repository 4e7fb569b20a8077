#!/bin/sh
# The first program on the new disk, in place of init: has dpkg configure what was unpacked there, and switches the machine off.
# It ends with "rootfs: done", or "rootfs: failed: …".
set -eu
say() { echo "rootfs: $*"; }
off() {
  sync
  mount -o remount,ro / || say "the disk is still written to"
  echo o >/proc/sysrq-trigger
  sleep 60
}
fail() {
  say "failed: $*"
  off
}
trap 'test $? = 0 || fail "see above"' EXIT
export PATH=/usr/sbin:/usr/bin HOME=/root LC_ALL=C.UTF-8 TERM=dumb
export DEBIAN_FRONTEND=noninteractive DEBCONF_NONINTERACTIVE_SEEN=true SYSTEMD_OFFLINE=1
# From memory: a file that is deleted while it runs would keep the disk from being unmounted.
if test "$0" = /configure/start; then
  mount -t tmpfs run /run
  cp "$0" /run/start
  exec /bin/sh /run/start
fi
# Nothing that is installed is started.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 755 /usr/sbin/policy-rc.d
# Python's byte code is left out: python makes what it needs. Until all is configured it does nothing.
python=$(echo /usr/bin/python3.*)
mv "$python" /run/python
printf '#!/bin/sh\nexit 0\n' >"$python"
chmod 755 "$python"

say "configuring"
cd /var/lib/dpkg/info
for script in $(cat /configure/preinst); do
  package=${script%.preinst}
  DPKG_MAINTSCRIPT_NAME=preinst DPKG_MAINTSCRIPT_PACKAGE=${package%:*} DPKG_MAINTSCRIPT_PACKAGE_REFCOUNT=1 \
    DPKG_MAINTSCRIPT_ARCH=riscv64 DPKG_ROOT='' DPKG_ADMINDIR=/var/lib/dpkg ./"$script" install </dev/null || fail "$script"
done
cd /
dpkg --force-unsafe-io --configure -a </dev/null || fail "dpkg --configure -a"

say "settings"
cp -p /run/python "$python"
rm /usr/sbin/policy-rc.d
echo debian >/etc/hostname
printf '127.0.0.1 localhost debian\n::1 localhost ip6-localhost ip6-loopback\n' >/etc/hosts
echo '/dev/vda / ext4 defaults,errors=remount-ro 0 1' >/etc/fstab
cat >/etc/apt/sources.list.d/debian.sources <<END
Types: deb
URIs: http://deb.debian.org/debian
Suites: trixie
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
END
passwd -q -d root
# Whatever network a virtual network device is given has DHCP; nothing waits for it.
cat >/etc/systemd/network/80-virtio.network <<END
[Match]
Driver=virtio_net
[Network]
DHCP=yes
[DHCPv4]
ClientIdentifier=mac
END
systemctl -q enable systemd-networkd.service systemd-resolved.service
systemctl -q disable systemd-networkd-wait-online.service
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
# They would load a machine that is to do something else.
systemctl -q disable apt-daily.timer apt-daily-upgrade.timer
# There is no screen, and a busy host is slow.
systemctl -q mask getty-static.service getty@tty1.service
mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\nDefaultTimeoutStartSec=30min\nDefaultDeviceTimeoutSec=30min\nStatusUnitFormat=name\n' >/etc/systemd/system.conf.d/slow.conf
# All is up to date: the first boot need not look.
/usr/lib/systemd/systemd-update-done
# Each machine gets its own at its first boot.
: >/etc/machine-id

audit=$(dpkg --audit) || fail "dpkg --audit"
test -z "$audit" || fail "dpkg --audit: $audit"
apt-get -qq check || fail "apt-get check"
rm -rf /configure /var/cache/apt/*.bin
say "done"
off
