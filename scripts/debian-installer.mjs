/**
 * `npm run installer [-- DISK]`: Debian's netboot installer, unattended: it boots, gets its address and its answers through the user network, and
 * installs Debian 13 from the archive to an empty qcow2 image, which U-Boot then boots to its login. (docs/design/installer.md)
 *
 * ```
 * .guests/installer/Image, initrd.gz     kernel and initial RAM disk of the package debian-installer-13-netboot-riscv64
 * .guests/installer/components.tar.gz    what the installer loads before it touches the disk
 * .guests/installer/manifest.json        packages, and a hash of how it was made; when they are right, nothing is fetched again
 * .guests/installer.log                  what the consoles have said
 * .guests/installed.qcow2                the disk
 * ```
 */

import { createHash } from "node:crypto";
import { createWriteStream, existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDebian, GUESTS } from "./debian.mjs";
import { findMirror, PrepareError, PrivateApt, run } from "./debian-apt.mjs";

const FOLDER = join(GUESTS, "installer");
const MANIFEST = join(FOLDER, "manifest.json");
const DIST = new URL("../dist/src/", import.meta.url);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

const INSTALLER = "debian-installer-13-netboot-riscv64";
const INSIDE = "usr/lib/debian-installer/images/13/riscv64/text/debian-installer/riscv64";

/** In the place of the archive's udebs: what is on the installer's RAM disk already is left out. */
const COMPONENTS = [
  ...["debootstrap", "perl-base", "fdisk", "libfdisk1", "libsmartcols1"],
  ...["e2fsprogs", "libext2fs2t64", "libcom-err2"],
];

/** Patterns of apt's: what a system cannot be without, and what is installed besides. */
const REQUIRED = ["?essential", "?priority(required)"];
const BASE = ["apt", "debian-archive-keyring", "systemd-sysv", "udev", "login", "kmod", "e2fsprogs"];

/** The drivers of the disk and its file system, in the order in which they are loaded. */
const MODULES = ["drivers/block/virtio_blk", "fs/mbcache", "fs/jbd2/jbd2", "fs/ext4/ext4"];

/** Whose file is fetched first, to see that the archive can be reached: the smallest. */
const PROBE = "libcom-err2";

const DISK_BYTES = 4 * 2 ** 30;

/** Longest silence of a machine, and longest time that all of it may take. */
const SILENCE_MINUTES = 30;
const ALL_MINUTES = 180;

const say = (text) => process.stderr.write(`installer: ${text}\n`);

function recipe() {
  return createHash("sha256")
    .update(JSON.stringify([INSTALLER, COMPONENTS, MODULES, PROBE, REQUIRED, BASE]))
    .digest("hex");
}

function readManifest() {
  if (!existsSync(MANIFEST)) return undefined;
  const manifest = JSON.parse(readFileSync(MANIFEST, "utf8"));
  return manifest.recipe === recipe() ? manifest : undefined;
}

/** Packs the components; the modules are those of the installer's own kernel. */
function packComponents(debs, kernelDeb, version, scratch) {
  const root = join(scratch, "components");
  for (const deb of debs) run("dpkg-deb", ["-x", deb, root]);
  for (const name of ["doc", "man", "locale"]) rmSync(join(root, "usr/share", name), { recursive: true, force: true });
  const tar = join(scratch, "kernel.tar");
  writeFileSync(tar, run("dpkg-deb", ["--fsys-tarfile", kernelDeb]));
  const modules = MODULES.map((name) => `./usr/lib/modules/${version}/kernel/${name}.ko.xz`);
  run("tar", ["-xf", tar, "-C", root, ...modules]);
  run("tar", ["-czf", join(FOLDER, "components.tar.gz"), "--owner=0", "--group=0", "-C", root, "."]);
}

/** Fetches what the installer needs unless it is there. */
export function ensureInstaller({ update = false } = {}) {
  const present = update ? undefined : readManifest();
  if (present) return present;
  const apt = new PrivateApt(join(GUESTS, "apt"));
  apt.configure();
  apt.update(say);
  const download = (name) => apt.download(apt.locate(name));
  say(`fetching ${INSTALLER} …`);
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  const scratch = join(FOLDER, "unpacked");
  const deb = download(INSTALLER);
  run("dpkg-deb", ["-x", deb, scratch]);
  writeFileSync(join(FOLDER, "Image"), readFileSync(join(scratch, INSIDE, "linux")));
  writeFileSync(join(FOLDER, "initrd.gz"), readFileSync(join(scratch, INSIDE, "initrd.gz")));
  const kernel = /linux-image-([0-9][^ ,]*)/.exec(apt.show("linux-image-riscv64").Depends ?? "")?.[1];
  packComponents(COMPONENTS.map(download), download(`linux-image-${kernel}`), kernel, scratch);
  rmSync(scratch, { recursive: true, force: true });
  const names = (patterns) => apt.closure(patterns).map((name) => name.split("_")[0]);
  const required = names(REQUIRED);
  const base = names([...REQUIRED, ...BASE]).filter((name) => !required.includes(name));
  const { Filename: path, SHA256: sha256 } = apt.show(PROBE);
  const manifest = {
    recipe: recipe(),
    package: basename(deb, ".deb"),
    kernel,
    probe: { path, sha256 },
    required,
    base,
  };
  writeFileSync(MANIFEST, `${JSON.stringify(manifest, undefined, 2)}\n`);
  return manifest;
}

/** The answers to what the installer asks before it runs the script, and the script. */
function answersFor(url) {
  const lines = [
    "debian-installer/locale string C",
    "debian-installer/language string C",
    "debian-installer/country string US",
    "localechooser/supported-locales multiselect",
    "keyboard-configuration/xkb-keymap select us",
    `preseed/run string ${url}/install`,
  ];
  return lines.map((line) => `d-i ${line}\n`).join("");
}

/** What the script is told. The dependencies are known here: to find them in the list of all packages takes perl half an hour there. */
function scriptVariables(url, archive) {
  const { probe, required, base } = readManifest();
  const variables = { HOST: url, ARCHIVE: archive, PROBE: probe.path, PROBE_SHA256: probe.sha256 };
  const lists = { MODULES, REQUIRED: required, BASE: base };
  for (const [name, words] of Object.entries(lists)) variables[name] = words.join(" ");
  return Object.entries(variables)
    .map(([name, value]) => `${name}="${value}"`)
    .join("\n");
}

/**
 * Serves answers, script and components at the host's loopback, which the guest reaches as 10.0.2.2; `requests` are the paths that were asked for.
 * @throws PrepareError when the archive is not to be had by http, which is all that the installer speaks without certificates
 */
export async function serveInstaller(mirror = findMirror()) {
  if (!mirror.startsWith("http:")) {
    throw new PrepareError("The installer needs a Debian archive by http: set DEBIAN_MIRROR to the address of one.");
  }
  const archive = mirror.replace(/\/$/, "");
  const requests = [];
  const server = createServer((request, response) => {
    requests.push(request.url);
    const found = files.get(request.url);
    response.writeHead(found === undefined ? 404 : 200).end(found?.());
  });
  await new Promise((resolve, reject) => server.on("error", reject).listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const url = `http://10.0.2.2:${port}`;
  const variables = scriptVariables(url, archive);
  const script = () => readFileSync(here("debian-installer.sh"), "utf8");
  const files = new Map([
    ["/preseed.cfg", () => answersFor(url)],
    ["/install", () => script().replace("\n", `\n${variables}\n`)],
    ["/components.tar.gz", () => readFileSync(join(FOLDER, "components.tar.gz"))],
  ]);
  const policy = {
    rules: [
      { allow: true, to: "127.0.0.1", ports: port },
      { allow: true, to: new URL(archive).hostname },
    ],
  };
  return { url, policy, requests, close: () => server.close() };
}

/** The machine that installs. */
export function installerMachine(url, disk, network) {
  // The RAM disk's list of modules is right; the installer would make it again, twice, from all of them: half of its CPU time.
  const early = 'preseed/early_command="rm /sbin/depmod"';
  return {
    kernel: join(FOLDER, "Image"),
    initrd: join(FOLDER, "initrd.gz"),
    memory: "1G",
    append: `console=ttyS0 auto=true priority=critical DEBIAN_FRONTEND=text TERM=dumb ${early} url=${url}/preseed.cfg`,
    drives: [{ source: disk }],
    networks: [{ backend: network }],
    rng: true,
  };
}

/** Rejects when `last()` is too long ago, or all of it takes too long; `stop` ends the watch. */
function watch(last) {
  const start = Date.now();
  let timer;
  const late = new Promise((_, reject) => {
    timer = setInterval(() => {
      const now = Date.now();
      if (now - last() < SILENCE_MINUTES * 60_000 && now - start < ALL_MINUTES * 60_000) return;
      reject(new PrepareError("The machine does not go on: look at the end of .guests/installer.log."));
    }, 10_000);
  });
  late.catch(() => undefined);
  return { late, stop: () => clearInterval(timer) };
}

/** Runs a machine until `until(vm)`; what it says goes to the log, and steps to whoever waits. */
async function runMachine(config, log, until) {
  const { Host } = await import(new URL("index.js", DIST));
  const host = await Host.create();
  let last = Date.now();
  const { late, stop } = watch(() => last);
  try {
    const vm = await host.createVm(config);
    vm.on("output", (bytes) => {
      last = Date.now();
      log.write(bytes);
    });
    vm.start();
    await Promise.race([until(vm), late]);
    await vm.close();
  } finally {
    stop();
    host.close();
  }
}

/** What the script tells; or what the installer complains of or asks, with nobody there to answer. */
const TOLD = /installer: (?!failed)([^\r\n]+)\r?\n|(?:installer: failed: |\n!! (?:ERROR: )?)([^\r\n]+)\r?\n/;

/**
 * The step that the installer comes to next; "done" is the last.
 * @throws PrepareError when it does not go on
 */
export async function nextStep(vm, milliseconds) {
  const { groups } = await vm.console.waitFor(TOLD, milliseconds);
  const [step, complaint] = groups;
  if (step === undefined) throw new PrepareError(`Installing failed (${complaint}): look at .guests/installer.log.`);
  return step;
}

/** Tells each step until the machine has powered off. */
async function followInstaller(vm) {
  for (let step = await nextStep(vm); step !== "done"; step = await nextStep(vm)) say(`${step} …`);
  await vm.exited;
}

async function install(disk, log) {
  const { openUserNetwork } = await import(new URL("index.js", DIST));
  const { createDisk } = await import(new URL("disk/index.js", DIST));
  ensureInstaller();
  rmSync(disk, { force: true });
  await createDisk(disk, { size: DISK_BYTES });
  const { url, policy, close } = await serveInstaller();
  try {
    const network = await openUserNetwork({ policy });
    await runMachine(installerMachine(url, disk, network), log, followInstaller);
  } finally {
    close();
  }
}

/** As the owner of such a board does: U-Boot finds what is on the disk. */
async function bootInstalled(disk, log) {
  ensureDebian();
  const config = { kernel: join(GUESTS, "u-boot/smode.bin"), memory: "1G", drives: [{ source: disk }], rng: true };
  await runMachine(config, log, async (vm) => {
    await vm.console.waitFor("debian login: ");
    await vm.console.write("root\n");
    await vm.console.waitFor("root@debian:~# ");
    await vm.console.write("poweroff\n");
    await vm.exited;
  });
}

async function main([disk = join(GUESTS, "installed.qcow2")]) {
  if (!existsSync(new URL("index.js", DIST))) run(process.execPath, [here("build.mjs")]);
  const log = createWriteStream(join(GUESTS, "installer.log"));
  const start = Date.now();
  const report = (what) => {
    const minutes = ((Date.now() - start) / 60_000).toFixed(1);
    say(`${what} after ${minutes} minutes; the disk has ${(statSync(disk).size / 2 ** 20).toFixed(0)} MiB.`);
  };
  say("booting the installer …");
  await install(disk, log);
  report("installed");
  await bootInstalled(disk, log);
  report("logged in to what was installed, and switched off");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    if (!(error instanceof PrepareError)) throw error;
    say(error.message);
    process.exitCode = 2;
  });
}
