/**
 * Unpacks Debian packages into a folder as dpkg does, up to where their own scripts would run: files, and dpkg's database, which says of
 * each "unpacked". (deb(5), deb-control(5); dpkg's lib/dpkg/dbdir, "info" and "status")
 */

import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PrepareError, run } from "./debian-apt.mjs";

/** What dpkg keeps of a package: not its shape. */
const NOT_KEPT = new Set(["control", "conffiles"]);

const field = (control, name) => new RegExp(`^${name}: *(.*)$`, "m").exec(control)?.[1];

/** `{ name, mode, uid, gid }` of each file in a tar, in order. */
function listTar(path) {
  const args = ["--numeric-owner", "--quoting-style=literal", "-tvf", path];
  return run("tar", args, { env: { ...process.env, LC_ALL: "C.UTF-8" } })
    .toString()
    .split("\n")
    .filter(Boolean)
    .map((line) => {
      const [, mode, uid, gid, rest] = /^(\S{10}) (\d+)\/(\d+) +\d+ \S+ \S+ (.*)$/.exec(line);
      const name = mode[0] === "l" ? rest.split(" -> ")[0] : mode[0] === "h" ? rest.split(" link to ")[0] : rest;
      return { name: name.replace(/^\./, "").replace(/\/$/, "") || "/.", uid: Number(uid), gid: Number(gid) };
    });
}

/** The lines that dpkg adds to a package's control data: its state, and the files that belong to the administrator. */
function stanza(control, conffiles, root) {
  const status = control.replace(/^(Package: .*\n)/, "$1Status: install ok unpacked\n").trimEnd();
  const hashes = conffiles.map((name) => {
    const hash = createHash("md5")
      .update(readFileSync(join(root, name)))
      .digest("hex");
    return `\n ${name} ${hash}`;
  });
  return `${status}${hashes.length > 0 ? `\nConffiles:${hashes.join("")}` : ""}\n\n`;
}

/** Lines of `triggers` files: who wants to be told of what. (deb-triggers(5)) */
function interests(text, name) {
  return [...text.matchAll(/^interest(-noawait|-await)? +(\S+)/gm)].map(([, kind, trigger]) => {
    return { trigger, who: kind === "-noawait" ? `${name}/noawait` : name };
  });
}

function writeTriggers(folder, all) {
  mkdirSync(folder, { recursive: true });
  const files = all.filter(({ trigger }) => trigger.startsWith("/"));
  writeFileSync(join(folder, "File"), files.map(({ trigger, who }) => `${trigger} ${who}\n`).join(""));
  writeFileSync(join(folder, "Unincorp"), "");
  for (const { trigger, who } of all.filter((interest) => !files.includes(interest))) {
    writeFileSync(join(folder, trigger), `${who}\n`, { flag: "a" });
  }
}

/** Files of one package; returns what the database says of it. */
function unpackOne(deb, root, info, excluded, scratch) {
  const tar = join(scratch, "data.tar");
  writeFileSync(tar, run("dpkg-deb", ["--fsys-tarfile", deb]));
  const patterns = excluded.map((pattern) => `--exclude=${pattern}`);
  run("tar", ["-xpf", tar, "--no-same-owner", "--keep-directory-symlink", "-C", root, ...patterns]);
  const control = join(scratch, "control");
  rmSync(control, { recursive: true, force: true });
  run("dpkg-deb", ["--control", deb, control]);
  const text = readFileSync(join(control, "control"), "utf8");
  const [name, isSame] = [field(text, "Package"), field(text, "Multi-Arch") === "same"];
  const base = isSame ? `${name}:${field(text, "Architecture")}` : name;
  const files = listTar(tar);
  const read = (part) => (existsSync(join(control, part)) ? readFileSync(join(control, part), "utf8") : "");
  for (const part of readdirSync(control).filter((one) => !NOT_KEPT.has(one))) {
    writeFileSync(join(info, `${base}.${part}`), readFileSync(join(control, part)));
    if (/^(pre|post)(inst|rm)$|^config$/.test(part)) chmodSync(join(info, `${base}.${part}`), 0o755);
  }
  writeFileSync(join(info, `${base}.list`), files.map((file) => `${file.name}\n`).join(""));
  const conffiles = read("conffiles").split("\n").filter(Boolean);
  if (conffiles.some((line) => !line.startsWith("/")))
    throw new PrepareError(`${name} has conffiles of an unknown kind: leave it out.`);
  if (conffiles.length > 0) writeFileSync(join(info, `${base}.conffiles`), read("conffiles"));
  return {
    status: stanza(text, conffiles, root),
    interests: interests(read("triggers"), name),
    preinst: existsSync(join(control, "preinst")) ? [`${base}.preinst`] : [],
    owned: files.filter(({ uid, gid }) => uid !== 0 || gid !== 0),
  };
}

/**
 * Unpacks the packages in the files `debs`, in that order, into the empty folder `root`; `excluded` are patterns of tar's.
 * @returns the names of the scripts that dpkg would have run before it unpacks, and the files that are not root's
 */
export function unpackAll(debs, root, excluded, scratch) {
  const database = join(root, "var/lib/dpkg");
  const info = join(database, "info");
  for (const folder of [info, join(database, "updates"), scratch]) mkdirSync(folder, { recursive: true });
  const all = debs.map((deb) => unpackOne(deb, root, info, excluded, scratch));
  writeFileSync(join(info, "format"), "1\n");
  writeFileSync(join(database, "status"), all.map(({ status }) => status).join(""));
  for (const name of ["available", "diversions", "statoverride"]) writeFileSync(join(database, name), "");
  const [preinst, owned] = [all.flatMap((one) => one.preinst), all.flatMap((one) => one.owned)];
  writeTriggers(
    join(database, "triggers"),
    all.flatMap((one) => one.interests),
  );
  return { preinst, owned };
}
