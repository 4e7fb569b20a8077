/** A disk with programs of Debian's that the network is tried with: `.guests/tools.img`, 512 MiB. */

import { PackageDisk } from "./debian-packages.mjs";

/** What the packages' own scripts would have made. */
const FILES = {
  "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nsshd:x:100:65534::/run/sshd:/usr/sbin/nologin\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  "etc/shadow": "root:*:20000::::::\nsshd:!:20000::::::\n",
};

const tools = new PackageDisk("tools", {
  bytes: 512 * 2 ** 20,
  packages: ["dash", "coreutils", "grep", "git", "openssh-server", "iperf3"],
  files: FILES,
});

/** Makes the disk unless that is done, and returns its manifest. */
export function ensureTools(options) {
  return tools.ensure(options);
}
