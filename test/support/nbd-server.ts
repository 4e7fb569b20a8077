/** An NBD server for tests: small, and able to misbehave. */

import { createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";

export interface NbdServerOptions {
  readonly readonly?: boolean;
  /** The smallest block it takes. Default: 1. */
  readonly minimum?: number;
  /** It does not know GO. */
  readonly old?: boolean;
  /** What it sends before anything else, in place of a greeting. */
  readonly greeting?: Uint8Array;
  /** Answers an option in its place. */
  readonly onOption?: (socket: Socket, option: number, data: Buffer) => boolean;
  /** Answers a request in its place. */
  readonly onRequest?: (socket: Socket, request: NbdRequest) => boolean;
}

export interface NbdRequest {
  readonly command: number;
  readonly flags: number;
  readonly cookie: Buffer;
  readonly at: number;
  readonly length: number;
}

export interface NbdServer extends AsyncDisposable {
  readonly url: string;
  readonly content: Uint8Array;
  /** Commands in the order they came. */
  readonly commands: number[];
  readonly sockets: Set<Socket>;
}

const u16 = (value: number) => Buffer.from([value >> 8, value & 255]);
const u32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
const u64 = (value: number) => Buffer.concat([u32(Math.floor(value / 2 ** 32)), u32(value)]);

export const optionReply = (option: number, type: number, data: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([Buffer.from("0003e889045565a9", "hex"), u32(option), u32(type), u32(data.length), data]);

export const reply = (cookie: Buffer, error = 0, data: Uint8Array = Buffer.alloc(0)) =>
  Buffer.concat([u32(0x6744_6698), u32(error), cookie, data]);

export async function serveNbd(content: Uint8Array, options: NbdServerOptions = {}): Promise<NbdServer> {
  const sockets = new Set<Socket>();
  const commands: number[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    void serve(socket, content, options, commands).catch(() => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `nbd://127.0.0.1:${(server.address() as AddressInfo).port}/disk`,
    content,
    commands,
    sockets,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function serve(
  socket: Socket,
  content: Uint8Array,
  options: NbdServerOptions,
  commands: number[],
): Promise<void> {
  const { minimum = 1 } = options;
  const flags = 1 | (options.readonly === true ? 2 : 0) | 4 | 32 | 64;
  const take = reader(socket);
  socket.write(options.greeting ?? Buffer.concat([Buffer.from("NBDMAGICIHAVEOPT"), u16(3)]));
  await take(4);
  for (let agreed = false; !agreed;) {
    const head = await take(16);
    const option = head.readUInt32BE(8);
    const data = await take(head.readUInt32BE(12));
    if (options.onOption?.(socket, option, data)) continue;
    if (option === 1) {
      socket.write(Buffer.concat([u64(content.length), u16(flags)]));
      agreed = true;
    } else if (option === 7 && options.old !== true) {
      socket.write(optionReply(7, 3, Buffer.concat([u16(0), u64(content.length), u16(flags)])));
      socket.write(optionReply(7, 3, Buffer.concat([u16(3), u32(minimum), u32(4096), u32(2 ** 20)])));
      socket.write(optionReply(7, 1));
      agreed = true;
    } else socket.write(optionReply(option, 0x8000_0001));
  }
  for (;;) {
    const head = await take(28);
    const [flagBits, command] = [head.readUInt16BE(4), head.readUInt16BE(6)];
    const cookie = head.subarray(8, 16);
    const [at, length] = [Number(head.readBigUInt64BE(16)), head.readUInt32BE(24)];
    commands.push(command);
    const data = command === 1 ? await take(length) : undefined;
    if (options.onRequest?.(socket, { command, flags: flagBits, cookie, at, length })) continue;
    if (command === 2) return void socket.end();
    if (at + length > content.length || at % minimum !== 0 || length % minimum !== 0) {
      socket.write(reply(cookie, 22));
      continue;
    }
    if (data !== undefined) content.set(data, at);
    if (command === 4 || command === 6) content.fill(0, at, at + length);
    socket.write(reply(cookie, 0, command === 0 ? content.slice(at, at + length) : undefined));
  }
}

/** Takes so many bytes of what a socket sends. */
function reader(socket: Socket): (length: number) => Promise<Buffer> {
  let kept = Buffer.alloc(0);
  let wake: () => void = () => undefined;
  let ended = false;
  socket.on("data", (bytes) => {
    kept = Buffer.concat([kept, bytes]);
    wake();
  });
  socket.on("close", () => {
    ended = true;
    wake();
  });
  return async (length) => {
    while (kept.length < length) {
      if (ended) throw new Error("closed");
      await new Promise<void>((resolve) => (wake = resolve));
    }
    const bytes = kept.subarray(0, length);
    kept = kept.subarray(length);
    return bytes;
  };
}
