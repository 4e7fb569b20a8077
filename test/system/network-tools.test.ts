/** Real programs over the user network, one boot for all: git clones and pushes, ssh comes in, iperf3 measures both ways. */

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type ClientChannel, Client, type SFTPWrapper, utils } from "ssh2";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { Host, openUserNetwork, type UserNetwork, type Vm } from "../../src/index.ts";
import { guestFile, requireTools } from "../support/tools.ts";
import { PATIENCE_MILLISECONDS } from "./support.ts";

let folder = "";
let host: Host | undefined;
let machine: { readonly vm: Vm; readonly network: UserNetwork } | undefined;

beforeAll(() => void (folder = mkdtempSync(path.join(tmpdir(), "wasmvisor-tools-"))));
afterAll(() => {
  host?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** The guest of all tests, which boots for the first: busybox, with Debian's programs on a disk at /mnt. */
async function guest(): Promise<{ readonly vm: Vm; readonly network: UserNetwork }> {
  if (machine !== undefined) return machine;
  const network = await openUserNetwork({
    hostfwd: [
      { hostPort: 0, guestPort: 22 },
      { hostPort: 0, guestPort: 5201 },
    ],
  });
  host = await Host.create();
  const vm = await host.createVm({
    memory: "512M",
    kernel: guestFile("Image"),
    initrd: guestFile("initrd-root.cpio"),
    append: "console=ttyS0 wasmvisor.modules=all wasmvisor.dhcp quiet",
    drives: [{ source: fileURLToPath(guestFile("tools.img")), format: "raw", snapshot: true }],
    networks: [{ backend: network }],
    agent: true,
  });
  vm.start();
  await vm.console.waitFor("Type 'poweroff' to leave.", PATIENCE_MILLISECONDS);
  machine = { vm, network };
  await run([
    "/bin/sh",
    "-c",
    "mount -t ext4 /dev/vda /mnt; for i in dev proc sys; do mount -o bind /$i /mnt/$i; done",
  ]);
  return machine;
}

/** Runs a command in the guest, a line in the shell of the disk; it must succeed. What it printed. */
async function run(command: string | readonly string[]): Promise<string> {
  const args = typeof command === "string" ? ["/bin/chroot", "/mnt", "/bin/sh", "-c", `cd; ${command}`] : command;
  const env = { HOME: "/root", PATH: "/usr/sbin:/usr/bin:/bin" };
  const { code, stdout, stderr } = await machine!.vm.exec(args, { env, timeout: PATIENCE_MILLISECONDS });
  expect({ command, code, stderr: code === 0 ? "" : stdout + stderr }).toEqual({ command, code: 0, stderr: "" });
  return stdout;
}

/** Runs a program on the host that must succeed; what it printed. */
function program(name: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(name, args, { encoding: "utf8", cwd: folder });
  expect({ args, status, stderr: status === 0 ? "" : stdout + stderr }).toEqual({ args, status: 0, stderr: "" });
  return stdout.trim();
}

/** Git's smart HTTP: each request is one run of `git http-backend`. (git-http-backend(1), RFC 3875) */
async function answerGit(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, search } = new URL(request.url!, "http://host");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: folder,
      GIT_HTTP_EXPORT_ALL: "1",
      REQUEST_METHOD: request.method,
      PATH_INFO: pathname,
      QUERY_STRING: search.slice(1),
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      REMOTE_USER: "guest",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "inherit"],
  });
  request.pipe(child.stdin);
  const answer = Buffer.concat(await child.stdout.toArray());
  const end = answer.indexOf("\r\n\r\n");
  for (const line of answer.toString("latin1", 0, end).split("\r\n")) {
    const [name, value] = line.split(": ");
    if (name === "Status") response.statusCode = Number.parseInt(value!);
    else response.setHeader(name!, value!);
  }
  response.end(answer.subarray(end + 4));
}

test("git clones a repository of the host's, and pushes a commit to it", async () => {
  requireTools("git");
  const { vm } = await guest();
  const server = createServer((request, response) => void answerGit(request, response));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  program("git", "init", "-q", "--bare", "project.git");
  program("git", "clone", "-q", "project.git", "project");
  const git = (...args: string[]) =>
    program("git", "-C", "project", "-c", "user.name=a", "-c", "user.email=a@b", ...args);
  for (let i = 0; i < 200; i++) writeFileSync(path.join(folder, `project/file-${i}`), `line ${i}\n`.repeat(i));
  const noise = Uint8Array.from({ length: 2_000_000 }, (_, i) => Math.imul(i, 2_654_435_761) >>> 13);
  writeFileSync(path.join(folder, "project/noise"), noise);
  git("add", ".");
  git("commit", "-q", "-m", "first");
  git("push", "-q", "origin", "HEAD:main");
  program("git", "-C", "project.git", "symbolic-ref", "HEAD", "refs/heads/main");

  const url = `http://10.0.2.2:${(server.address() as AddressInfo).port}/project.git`;
  await run(`git clone -q ${url} project && cd project && git fsck --strict && git status --porcelain`);
  expect((await run("git -C project rev-parse HEAD")).trim()).toBe(git("rev-parse", "HEAD"));
  expect(Buffer.compare(await vm.readFile("/mnt/root/project/noise"), noise)).toBe(0);
  await run(
    "cd project && echo from the guest >file-1 && git -c user.name=b -c user.email=b@c commit -q -a -m second && git push -q origin HEAD:main",
  );
  expect(program("git", "-C", "project.git", "show", "main:file-1")).toBe("from the guest");
});

/** Calls `act` with a client of the guest's sshd. */
async function bySsh<T>(port: number, privateKey: string, act: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client();
  const ready = once(client, "ready");
  client.connect({ host: "127.0.0.1", port, username: "root", privateKey, readyTimeout: PATIENCE_MILLISECONDS });
  try {
    await ready;
    return await act(client);
  } finally {
    client.end();
  }
}

const SSHD =
  "-f /dev/null -o UsePAM=no -o PasswordAuthentication=no -o StrictModes=no -o Subsystem='sftp internal-sftp'";

test("ssh logs into the guest by a key, runs a command, and copies a file there and back", async () => {
  const { vm, network } = await guest();
  const key = utils.generateKeyPairSync("ed25519");
  await run("mkdir -p /run/sshd .ssh && ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key");
  await vm.writeFile("/mnt/root/.ssh/authorized_keys", `${key.public}\n`, { mode: 0o600 });
  // It has become a daemon before it listens.
  await run(`/usr/sbin/sshd ${SSHD}; until grep -q ':0016 .* 0A ' /proc/net/tcp; do sleep 0.1; done`);
  const { hostPort } = network.forwards[0]!;
  await bySsh(hostPort, key.private, async (client) => {
    const channel = await promisify<string, ClientChannel>(client.exec.bind(client))("tr a-z A-Z; exit 3");
    channel.end("some words");
    const exit = once(channel, "exit");
    expect(await text(channel)).toBe("SOME WORDS");
    expect((await exit)[0]).toBe(3);
    const sftp = await promisify<SFTPWrapper>(client.sftp.bind(client))();
    const bytes = Buffer.alloc(1_000_000, "0123456789abcdef\n");
    await promisify<string, Buffer>(sftp.writeFile.bind(sftp))("copied", bytes);
    expect(Buffer.compare(await vm.readFile("/mnt/root/copied"), bytes)).toBe(0);
    expect(Buffer.compare(await promisify<string, Buffer>(sftp.readFile.bind(sftp))("copied"), bytes)).toBe(0);
  });
  const stranger = utils.generateKeyPairSync("ed25519").private;
  await expect(bySsh(hostPort, stranger, () => Promise.resolve())).rejects.toThrow(/authentication methods failed/);
});

const MIB = 2 ** 20;

/** A port that nobody has. */
async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

/** Looks at what an iperf3 client says at its end. What was sent last is still on its way when the server stops counting. */
function expectTransfer(report: string): void {
  const { end } = JSON.parse(report) as Record<"end", Record<"sum_sent" | "sum_received", { bytes: number }>>;
  expect(end.sum_sent.bytes).toBeGreaterThanOrEqual(8 * MIB);
  expect(end.sum_received.bytes).toBeGreaterThan(MIB);
}

test("iperf3 sends both ways, from the guest to a server of the host's and from the host to one of the guest's", async () => {
  requireTools("iperf3");
  const { network } = await guest();
  const port = await freePort();
  for (const direction of ["", "-R"]) {
    const server = spawn("iperf3", ["-s", "-1", "-B", "127.0.0.1", "-p", `${port}`, "--forceflush"]);
    onTestFinished(() => void server.kill());
    await once(server.stdout, "data");
    const report = await run(`iperf3 -c 10.0.2.2 -p ${port} -n 8M -J ${direction}`);
    expectTransfer(report);
  }
  const guestPort = String(network.forwards[1]!.hostPort);
  for (const direction of [[], ["-R"]]) {
    await run("iperf3 -s -1 -D; until grep -qs ':1451 .* 0A ' /proc/net/tcp*; do sleep 0.1; done");
    const client = spawn("iperf3", ["-c", "127.0.0.1", "-p", guestPort, "-n", "8M", "-J", ...direction]);
    expectTransfer(await text(client.stdout));
  }
});
