/**
 * Fetches Debian packages as data: an apt root of our own below `.guests/`, so that the machine's lists, cache and
 * installed packages are neither read nor changed. Signatures and checksums are verified by apt.
 */

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A mistake or a missing thing that the user can do something about; printed as one sentence. */
export class PrepareError extends Error {}

const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";
const SUITE = "trixie";

/** Seconds to wait before another try, when the archive could not be read. */
const WAITS = [2, 8];

/** Nothing that another try could mend. */
const FINAL = /NO_PUBKEY|not signed|invalid signature|Unable to locate package|is needed: install/i;

function sleep(seconds) {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
}

/** Calls `attempt`, and again after a while when it throws; the last error is thrown on. */
export function patiently(attempt, { waits = WAITS, wait = sleep } = {}) {
  for (const seconds of waits) {
    try {
      return attempt();
    } catch (error) {
      if (!(error instanceof PrepareError) || FINAL.test(error.message)) throw error;
      wait(seconds);
    }
  }
  return attempt();
}

/** The line of a program's complaints that says most: apt's first error, else the last line. */
function mainComplaint(text) {
  const lines = text.split("\n").filter(Boolean);
  return lines.find((line) => line.startsWith("E:")) ?? lines.pop();
}

/** Runs a program and returns its standard output; throws PrepareError with its main complaint when it fails. */
export function run(program, args, options = {}) {
  try {
    return execFileSync(program, args, {
      maxBuffer: 1 << 30,
      stdio: ["ignore", "pipe", "pipe"],
      ...options,
    });
  } catch (error) {
    if (error.code === "ENOENT") throw new PrepareError(`"${program}" is needed: install it with apt and try again.`);
    const complaint = mainComplaint(String(error.stderr ?? "")) ?? `exit code ${error.status}`;
    throw new PrepareError(`${program} ${args[0]} failed: ${complaint}`, { cause: error });
  }
}

/** `{ uris, suites, components }` of each stanza of a deb822 .sources file or line of a one-line .list file. */
export function parseSources(text, isDeb822) {
  const words = (value) => (value ?? "").split(/\s+/).filter(Boolean);
  if (!isDeb822) {
    return text.split("\n").flatMap((line) => {
      const match = /^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+(\S+)\s+(.*)$/.exec(line.replace(/#.*/, ""));
      return match ? [{ uris: [match[1]], suites: [match[2]], components: words(match[3]) }] : [];
    });
  }
  const plain = text.replace(/^#.*\n?/gm, "");
  return plain.split(/\n\s*\n/).flatMap((stanza) => {
    const field = (name) => new RegExp(`^${name}:[ \\t]*(.*)$`, "im").exec(stanza)?.[1];
    if (!words(field("Types")).includes("deb") || field("Enabled")?.trim() === "no") return [];
    return [{ uris: words(field("URIs")), suites: words(field("Suites")), components: words(field("Components")) }];
  });
}

/** The Debian archive this machine already uses, or DEBIAN_MIRROR; security and third-party archives do not count. */
export function findMirror(etcApt = "/etc/apt", environment = process.env) {
  if (environment.DEBIAN_MIRROR) return environment.DEBIAN_MIRROR;
  const parts = join(etcApt, "sources.list.d");
  const files = [
    join(etcApt, "sources.list"),
    ...(existsSync(parts) ? readdirSync(parts).map((f) => join(parts, f)) : []),
  ];
  const sources = files
    .filter((path) => existsSync(path) && /\.(list|sources)$/.test(path))
    .flatMap((path) => parseSources(readFileSync(path, "utf8"), path.endsWith(".sources")));
  const uri = sources
    .filter(
      (source) => source.components.includes("main") && !source.suites.some((suite) => suite.includes("security")),
    )
    .flatMap((source) => source.uris)
    .find((candidate) => /\/debian\/?$/.test(candidate));
  if (!uri) throw new PrepareError("No Debian archive is named in /etc/apt: set DEBIAN_MIRROR to the address of one.");
  return uri;
}

/** An apt root below `root`, for packages of one architecture of the suite. */
export class PrivateApt {
  /** `retries` are options of `patiently`; `execute` is `run`, or a test's; `architecture` is Debian's word for it. */
  constructor(root, mirror = findMirror(), { retries = {}, execute = run, architecture = "riscv64" } = {}) {
    this.root = root;
    this.mirror = mirror;
    this.architecture = architecture;
    this.retries = retries;
    this.execute = execute;
    this.archives = join(root, "archives");
  }

  /** Writes the configuration. Of the machine's own, only `Acquire` (proxies, timeouts) is taken over. */
  configure() {
    if (!existsSync(KEYRING)) {
      throw new PrepareError(`${KEYRING} is missing: install the package debian-archive-keyring and try again.`);
    }
    for (const path of ["lists/partial", "cache/archives/partial", "archives", "none"]) {
      mkdirSync(join(this.root, path), { recursive: true });
    }
    const path = (name) => join(this.root, name);
    const acquire = this.execute("apt-config", ["dump"])
      .toString()
      .split("\n")
      .filter((line) => /^Acquire::(ftp|http|https|ForceIPv4|ForceIPv6)/.test(line));
    writeFileSync(path("status"), "");
    writeFileSync(
      path("sources.list"),
      `deb [arch=${this.architecture} signed-by=${KEYRING}] ${this.mirror} ${SUITE} main\n`,
    );
    writeFileSync(
      path("apt.conf"),
      [
        ...acquire,
        `Dir::Etc::SourceList "${path("sources.list")}";`,
        `Dir::Etc::SourceParts "${path("none")}";`,
        `Dir::Etc::Parts "${path("none")}";`,
        `Dir::Etc::Main "${path("none/apt.conf")}";`,
        `Dir::Etc::Preferences "${path("none/preferences")}";`,
        `Dir::Etc::PreferencesParts "${path("none")}";`,
        `Dir::State "${this.root}";`,
        `Dir::State::Lists "${path("lists")}";`,
        `Dir::State::status "${path("status")}";`,
        `Dir::Cache "${path("cache")}";`,
        `APT::Architecture "${this.architecture}";`,
        `APT::Architectures "${this.architecture}";`,
        'APT::Sandbox::User "root";',
        'Acquire::Languages "none";',
        'Acquire::Retries "3";',
        "",
      ].join("\n"),
    );
    this.environment = { ...process.env, APT_CONFIG: path("apt.conf"), LC_ALL: "C" };
  }

  apt(program, args, cwd = this.root) {
    return this.execute(program, args, { env: this.environment, cwd }).toString();
  }

  /** When the package lists that are here were fetched; undefined when there are none. */
  listsDate() {
    const lists = join(this.root, "lists");
    const found = existsSync(lists) ? readdirSync(lists).filter((name) => name.endsWith("_Packages")) : [];
    return found.length === 0 ? undefined : statSync(join(lists, found[0])).mtime;
  }

  /**
   * Refreshes the package lists. When they cannot be had, those of an earlier time do; `warn` is told so.
   * @throws PrepareError when there are none, or the archive's signature is not good
   */
  update(warn = () => undefined) {
    try {
      patiently(() => this.apt("apt-get", ["update", "-q", "--error-on=any"]), this.retries);
    } catch (error) {
      const date = this.listsDate();
      if (date !== undefined && error instanceof PrepareError && !FINAL.test(error.message)) {
        warn(`${error.message}; going on with the package lists of ${date.toISOString().slice(0, 10)}`);
        return;
      }
      const unsigned = /NO_PUBKEY|not signed|invalid signature/i.test(error.message);
      const advice = unsigned
        ? "Upgrade the package debian-archive-keyring, which has the keys, and try again."
        : "Check the network, or set DEBIAN_MIRROR to another archive, and try again.";
      throw new PrepareError(`${error.message}\n${advice}`, { cause: error });
    }
  }

  /** The control fields of the newest version of a package. */
  show(name) {
    const text = this.apt("apt-cache", ["show", "--no-all-versions", name]);
    return Object.fromEntries([...text.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)].map((match) => [match[1], match[2]]));
  }

  /** Where the newest version of a package will lie, and how many bytes it has. */
  locate(name) {
    const printed = this.apt("apt-get", ["download", "-q", "--print-uris", name]);
    const match = /^'[^']*' (\S+) (\d+) /m.exec(printed);
    if (!match)
      throw new PrepareError(`The archive has no package ${name} for ${this.architecture}: try another DEBIAN_MIRROR.`);
    return { name, path: join(this.archives, match[1]), bytes: Number(match[2]) };
  }

  /** The files of `names`, of what they depend on, and of nothing else: an installation from nothing, in an order in which that works. */
  closure(names) {
    const args = ["install", "-q", "-y", "--no-install-recommends", "--print-uris", ...names];
    const printed = patiently(() => this.apt("apt-get", args), this.retries);
    const found = [...printed.matchAll(/^'[^']*' (\S+) (\d+) /gm)].map((match) => match[1]);
    if (found.length === 0)
      throw new PrepareError(`The archive has nothing for ${names.join(", ")}: try another DEBIAN_MIRROR.`);
    return found;
  }

  /** Downloads the closure of `names` into `archives`; what is there already is checked, and kept. */
  downloadClosure(names) {
    mkdirSync(join(this.archives, "partial"), { recursive: true });
    const place = `Dir::Cache::archives=${this.archives}`;
    const args = ["install", "-q", "-y", "--no-install-recommends", "--download-only", "-o", place, ...names];
    patiently(() => this.apt("apt-get", args), this.retries);
  }

  /** Downloads what `locate` found, unless it is there already, and returns the path of the .deb. */
  download({ name, path, bytes }) {
    const complete = () => existsSync(path) && statSync(path).size === bytes;
    if (!complete()) {
      patiently(() => {
        this.apt("apt-get", ["download", "-q", name], this.archives);
        if (!complete()) throw new PrepareError(`${name} did not arrive whole: try again.`);
      }, this.retries);
    }
    return path;
  }
}
