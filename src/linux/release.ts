/** The Linux that this version of wasmvisor knows, and who signs what comes after it; see docs/design/linux-download.md. */

/** A file in a package in the archive. */
export interface PackagedFile {
  /** The package's place in the archive. */
  readonly package: string;
  readonly packageBytes: number;
  readonly packageSha256: string;
  /** The file's path in it. */
  readonly path: string;
  /** The file's own, where they are known: it can be taken out before the rest of the package has come. */
  readonly bytes?: number;
  readonly sha256?: string;
}

/** What `wasmvisor linux` boots: Debian 13.8, of 21 November 2026. */
export const LINUX: { readonly version: string; readonly kernel: PackagedFile; readonly busybox: PackagedFile } = {
  version: "6.12.117",
  kernel: {
    package: "pool/main/l/linux/linux-image-6.12.117+deb13-riscv64_6.12.117-1_riscv64.deb",
    packageBytes: 112_593_968,
    packageSha256: "f5d9424b6f6a4518197202effc7e8eeaa90f8d73466c2dba2470f6ea7fb4f55c",
    path: "boot/vmlinux-6.12.117+deb13-riscv64",
    bytes: 31_167_488,
    sha256: "6666d20333fbc37f4ed797cbce0e790abb73abba0c9a6ca8734e676dbbc05127",
  },
  busybox: {
    package: "pool/main/b/busybox/busybox-static_1.37.0-6+b9_riscv64.deb",
    packageBytes: 941_532,
    packageSha256: "4add476d2b185c5b487c285b38d790f0881a7e4a8e2ddde835f917e770eb8633",
    path: "usr/bin/busybox",
    bytes: 1_614_632,
    sha256: "659d3048d0849dcd03308ece5214c896f657dde1c76ab7a30e9727e3ed8d309b",
  },
};

/** Where versions are listed, and who vouches for the list. */
export interface Suite {
  readonly codename: string;
  /** An index that is older than what is pinned is not for us. Milliseconds since 1970. */
  readonly notBefore: number;
  /** The place of its signed index. */
  readonly release: string;
  /** The place of its packages' list, in the suite. */
  readonly packages: string;
  /** The key, in hexadecimal. */
  readonly key: string;
}

/** Where later versions are listed. */
export const SUITE: Suite = {
  codename: "trixie",
  notBefore: Date.UTC(2026, 10, 21),
  release: "dists/trixie/InRelease",
  packages: "main/binary-riscv64/Packages.xz",
  /** "Debian Stable Release Key (13/trixie)", 4158 7F7D B8C7 74BC CF13 1416 762F 67A0 B2C3 9DE4, Ed25519, until March 2033. */
  key: "465875397f3828f25179d00ffcced6c4f144b615b2a40a7c9ef79d161a9a5f4a",
};

/** The archive, unless somebody names another mirror. */
export const MIRROR = "http://deb.debian.org/debian";
