/**
 * `npm run guests:debian [-- --update] [-- --rootfs]`: fetches Debian 13's riscv64 kernel, busybox, OpenSBI, U-Boot and EDK2 and
 * prepares them in `.guests/` (ignored by git). Nothing of it needs root or touches the machine's own packages. `--rootfs` makes a disk
 * with the whole distribution, too (scripts/debian-rootfs.mjs).
 *
 * ```
 * .guests/Image             the kernel, as Debian ships it
 * .guests/initrd.cpio       busybox and an init script that prints "wasmvisor: userland up"
 * .guests/initrd-modules.cpio   the same with the virtio, ext4, 9p, vsock, vxlan and drm modules
 * .guests/initrd-root.cpio  the same with what a disk and a network need: `root=/dev/vda` starts the system there
 * .guests/opensbi/ u-boot/  fw_jump, fw_dynamic; u-boot for S mode (smode.*) and M mode (mmode.*)
 * .guests/edk2/             UEFI firmware for two flash banks: code.fd, vars.fd
 * .guests/tools.img         git, OpenSSH and iperf3 on a disk (scripts/debian-tools.mjs)
 * .guests/manifest.json     versions and sizes; when it is right, nothing is fetched again
 * ```
 */

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { PrepareError, PrivateApt, run } from "./debian-apt.mjs";
import { initramfs } from "./debian-initramfs.mjs";

/** The folder everything is prepared in. */
export const GUESTS = fileURLToPath(new URL("../.guests/", import.meta.url));
const MANIFEST = join(GUESTS, "manifest.json");

/** In load order, by what each needs. */
const MODULES = [
  "kernel/drivers/virtio/virtio_mmio",
  "kernel/drivers/block/virtio_blk",
  "kernel/net/core/failover",
  "kernel/drivers/net/net_failover",
  "kernel/drivers/net/virtio_net",
  "kernel/net/ipv4/udp_tunnel",
  "kernel/net/ipv6/ip6_udp_tunnel",
  "kernel/drivers/net/vxlan/vxlan",
  "kernel/net/vmw_vsock/vsock",
  "kernel/net/vmw_vsock/vmw_vsock_virtio_transport_common",
  "kernel/net/vmw_vsock/vmw_vsock_virtio_transport",
  "kernel/fs/netfs/netfs",
  "kernel/net/9p/9pnet",
  "kernel/fs/9p/9p",
  "kernel/net/9p/9pnet_virtio",
  "kernel/drivers/virtio/virtio_balloon",
  "kernel/crypto/crc32c_generic",
  "kernel/lib/crc16",
  "kernel/fs/jbd2/jbd2",
  "kernel/fs/mbcache",
  "kernel/fs/ext4/ext4",
  "kernel/drivers/char/hw_random/virtio-rng",
  "kernel/drivers/virtio/virtio_input",
  "kernel/drivers/gpu/drm/drm",
  "kernel/drivers/gpu/drm/drm_kms_helper",
  "kernel/drivers/gpu/drm/drm_shmem_helper",
  "kernel/drivers/virtio/virtio_dma_buf",
  "kernel/drivers/gpu/drm/virtio/virtio-gpu",
];

/** What the root file system on a disk needs, and its network. */
const ROOT_MODULES = [
  ...["virtio_mmio", "virtio_blk", "crc32c_generic", "crc16", "jbd2", "mbcache", "ext4"],
  ...["failover", "net_failover", "virtio_net"],
];

const MIB = 1 << 20;
const say = (text) => process.stderr.write(`guests:debian: ${text}\n`);

/** Unpacks the named files of a .deb (paths without the leading slash) below `root`. */
function unpack(deb, root, paths) {
  mkdirSync(root, { recursive: true });
  const tar = join(root, `${basename(deb)}.tar`);
  writeFileSync(tar, run("dpkg-deb", ["--fsys-tarfile", deb]));
  try {
    run("tar", ["-xf", tar, "-C", root, ...paths.map((path) => `./${path}`)]);
  } finally {
    rmSync(tar);
  }
}

function check(name, good) {
  if (!good) throw new PrepareError(`${name} is not what was expected: delete .guests and try again.`);
}

/** A Linux Image for riscv64 says "RSC\x05" at offset 56 ("Boot image header in RISC-V Linux"). */
function isLinuxImage(bytes) {
  return bytes.length > 4 * MIB && bytes.toString("latin1", 56, 60) === "RSC\x05";
}

/** An ELF file for RISC-V (machine 243). */
function isRiscvElf(bytes) {
  return bytes.length > 64 && bytes.toString("latin1", 0, 4) === "\x7fELF" && bytes.readUInt16LE(18) === 243;
}

function prepareKernel(deb, version, root, put) {
  const modulePath = (name) => `usr/lib/modules/${version}/${name}.ko.xz`;
  unpack(deb, root, [`boot/vmlinux-${version}`, ...MODULES.map(modulePath)]);
  const image = readFileSync(join(root, `boot/vmlinux-${version}`));
  check("Debian's kernel", isLinuxImage(image));
  put("Image", image);
  return MODULES.map((name) => {
    const bytes = run("xz", ["-dc", join(root, modulePath(name))]);
    check(`The module ${name}`, isRiscvElf(bytes));
    return [`${basename(name)}.ko`, bytes];
  });
}

function prepareInitramfs(deb, root, modules, put) {
  unpack(deb, root, ["usr/bin/busybox"]);
  const busybox = readFileSync(join(root, "usr/bin/busybox"));
  check("busybox", isRiscvElf(busybox));
  put("initrd.cpio", initramfs(busybox));
  put("initrd-modules.cpio", initramfs(busybox, modules));
  const isForRoot = ([name]) => ROOT_MODULES.includes(basename(name, ".ko"));
  put("initrd-root.cpio", initramfs(busybox, modules.filter(isForRoot)));
}

/** Puts files of a package's folder into places of `.guests`, when their length is right. */
function putFiles(deb, root, folder, files, isRight, put) {
  unpack(
    deb,
    root,
    Object.keys(files).map((name) => `${folder}/${name}`),
  );
  for (const [name, target] of Object.entries(files)) {
    const bytes = readFileSync(join(root, folder, name));
    check(target, isRight(bytes.length));
    put(target, bytes);
  }
}

function prepareFirmware(opensbi, uBoot, root, put) {
  const from = (deb, folder, files) => putFiles(deb, root, folder, files, (length) => length > 64 * 1024, put);
  from(opensbi, "usr/lib/riscv64-linux-gnu/opensbi/generic", {
    "fw_jump.bin": "opensbi/fw_jump.bin",
    "fw_jump.elf": "opensbi/fw_jump.elf",
    "fw_dynamic.bin": "opensbi/fw_dynamic.bin",
    "fw_dynamic.elf": "opensbi/fw_dynamic.elf",
  });
  from(uBoot, "usr/lib/u-boot/qemu-riscv64_smode", {
    "u-boot.bin": "u-boot/smode.bin",
    "uboot.elf": "u-boot/smode.elf",
  });
  from(uBoot, "usr/lib/u-boot/qemu-riscv64", { "u-boot.bin": "u-boot/mmode.bin", "uboot.elf": "u-boot/mmode.elf" });
}

/** Bytes of a flash bank. */
const BANK_BYTES = 32 * MIB;

/** EDK2, in the two flash banks that it lives in. */
function prepareEdk2(deb, root, put) {
  const files = { "RISCV_VIRT_CODE.fd": "edk2/code.fd", "RISCV_VIRT_VARS.fd": "edk2/vars.fd" };
  putFiles(deb, root, "usr/share/qemu-efi-riscv64", files, (length) => length === BANK_BYTES, put);
}

/** What is made from the packages here, and not only taken out: another init script makes another initramfs. */
export function recipe() {
  const hash = createHash("sha256").update(JSON.stringify([MODULES, ROOT_MODULES, "edk2"]));
  return hash.update(initramfs(new Uint8Array(0))).digest("hex");
}

/** The manifest, when every file it lists is there with its size, and was made as it would be now. */
export function readManifest(folder = GUESTS) {
  const path = join(folder, "manifest.json");
  if (!existsSync(path)) return undefined;
  const manifest = JSON.parse(readFileSync(path, "utf8"));
  const whole = Object.entries(manifest.files).every(([name, size]) => {
    const file = join(folder, name);
    return existsSync(file) && statSync(file).size === size;
  });
  return whole && manifest.recipe === recipe() ? manifest : undefined;
}

function download(apt, name) {
  const found = apt.locate(name);
  say(`fetching ${name}, ${(found.bytes / MIB).toFixed(1)} MiB …`);
  return apt.download(found);
}

function prepare() {
  const apt = new PrivateApt(join(GUESTS, "apt"));
  apt.configure();
  say(`reading the package lists of ${apt.mirror} …`);
  apt.update(say);

  const depends = apt.show("linux-image-riscv64").Depends ?? "";
  const version = /linux-image-([0-9][^ ,]*)/.exec(depends)?.[1];
  if (!version) throw new PrepareError("linux-image-riscv64 names no kernel: try another DEBIAN_MIRROR.");
  const kernelDeb = download(apt, `linux-image-${version}`);
  const busyboxDeb = download(apt, "busybox-static");
  const opensbiDeb = download(apt, "opensbi");
  const uBootDeb = download(apt, "u-boot-qemu");
  const edk2Deb = download(apt, "qemu-efi-riscv64");

  say("unpacking …");
  const files = {};
  const put = (name, bytes) => {
    const path = join(GUESTS, name);
    mkdirSync(join(path, ".."), { recursive: true });
    // A file of its own: the old one may be somebody's hard link.
    rmSync(path, { force: true });
    writeFileSync(path, bytes);
    files[name] = bytes.length;
  };
  const scratch = join(GUESTS, "unpacked");
  rmSync(MANIFEST, { force: true });
  const modules = prepareKernel(kernelDeb, version, scratch, put);
  prepareInitramfs(busyboxDeb, scratch, modules, put);
  prepareFirmware(opensbiDeb, uBootDeb, scratch, put);
  prepareEdk2(edk2Deb, scratch, put);
  rmSync(scratch, { recursive: true, force: true });

  const packages = [kernelDeb, busyboxDeb, opensbiDeb, uBootDeb, edk2Deb].map((deb) => basename(deb, ".deb"));
  writeFileSync(MANIFEST, `${JSON.stringify({ kernel: version, recipe: recipe(), packages, files }, undefined, 2)}\n`);
  return readManifest();
}

/** Prepares `.guests/` unless that is done, and returns its manifest. */
export function ensureDebian({ update = false } = {}) {
  const present = update ? undefined : readManifest();
  if (present) return present;
  return prepare();
}

async function main(options) {
  try {
    const update = options.includes("--update");
    const manifest = ensureDebian({ update });
    say(`ready in .guests/: Linux ${manifest.kernel}, ${Object.keys(manifest.files).length} files.`);
    const { ensureTools } = await import("./debian-tools.mjs");
    ensureTools({ update });
    say("ready in .guests/: tools.img.");
    if (!options.includes("--rootfs")) return;
    const { ensureRootfs } = await import("./debian-rootfs.mjs");
    const { packages } = await ensureRootfs({ update });
    say(`ready in .guests/: rootfs.qcow2, ${packages.length} packages.`);
  } catch (error) {
    if (!(error instanceof PrepareError)) throw error;
    say(error.message);
    process.exitCode = 2;
  }
}

// Not awaited: debian-rootfs.mjs imports this module.
if (process.argv[1] === fileURLToPath(import.meta.url)) void main(process.argv.slice(2));
