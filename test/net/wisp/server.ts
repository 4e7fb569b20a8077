/** A Wisp server for tests, from the protocol's text: it shares no code with the client. */

import { createSocket } from "node:dgram";
import { createServer } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";

export interface WispServerOptions {
  readonly version?: 1 | 2;
  readonly password?: string;
  readonly hasUdp?: boolean;
  /** Packets that a stream may be sent before the server has to say more. */
  readonly room?: number;
  /** Where names lead. */
  readonly names?: Readonly<Record<string, string>>;
}

export interface WispServer {
  readonly url: string;
  /** What was asked for: `1 host:port`, the kind first. */
  readonly asked: string[];
  /** INFO packets of clients, without their heads. */
  readonly infos: Buffer[];
  /** The most packets that came for one stream without a CONTINUE between them. */
  most(): number;
  readonly closes: number[];
  /** WebSockets that there are. */
  clients(): number;
  drop(): void;
  close(): void;
}

function packet(type: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(type);
  head.writeUInt32LE(stream, 1);
  return Buffer.concat([head, payload]);
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export async function serveWisp(options: WispServerOptions = {}): Promise<WispServer> {
  const { version = 2, hasUdp = true, room = 8, names = {}, password } = options;
  const [asked, infos, closes]: [string[], Buffer[], number[]] = [[], [], []];
  let most = 0;
  const server = createServer();
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (client: WebSocket) => {
    const send = (type: number, stream: number, payload: Uint8Array) => client.send(packet(type, stream, payload));
    const streams = new Map<number, { write(data: Buffer): void; end(): void; count: number }>();
    let isLetIn = password === undefined;
    send(3, 0, u32(room));
    if (version === 2) {
      const extensions = [...(hasUdp ? [1, 0, 0, 0, 0] : []), ...(password === undefined ? [] : [2, 0, 0, 0, 0])];
      send(5, 0, Buffer.from([2, 0, ...extensions]));
    }
    const close = (id: number, reason: number) => {
      if (streams.delete(id)) send(4, id, Buffer.from([reason]));
    };
    const open = (id: number, payload: Buffer) => {
      const [kind, port, host] = [payload[0]!, payload.readUInt16LE(1), payload.toString("utf8", 3)];
      asked.push(`${kind} ${host}:${port}`);
      const to = names[host] ?? host;
      if (kind === 2) {
        const socket = createSocket("udp4")
          .on("message", (data) => send(2, id, data))
          .bind();
        streams.set(id, { count: 0, write: (data) => socket.send(data, port, to), end: () => socket.close() });
        return;
      }
      const socket: Socket = connect({ port, host: to });
      socket.on("data", (data) => send(2, id, data));
      socket.on("end", () => close(id, 2));
      socket.on("error", (error: NodeJS.ErrnoException) => close(id, error.code === "ECONNREFUSED" ? 0x44 : 3));
      streams.set(id, { count: 0, write: (data) => void socket.write(data), end: () => socket.destroy() });
    };
    client.on("message", (data: Buffer) => {
      const [type, id, payload] = [data[0], data.readUInt32LE(1), data.subarray(5)];
      if (type === 5) {
        infos.push(payload);
        isLetIn ||= payload.toString().includes(password!);
        if (!isLetIn) client.close();
      } else if (!isLetIn) client.close();
      else if (type === 1) open(id, payload);
      else if (type === 4) {
        closes.push(payload[0]!);
        streams.get(id)?.end();
        streams.delete(id);
      } else if (type === 2) {
        const stream = streams.get(id);
        if (stream === undefined) return;
        most = Math.max(most, ++stream.count);
        stream.write(payload);
        if (stream.count === room) {
          // What comes before this is said is too much.
          setTimeout(() => {
            stream.count = 0;
            send(3, id, u32(room));
          }, 5);
        }
      }
    });
    client.on("close", () => streams.forEach((stream) => stream.end()));
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const drop = () => sockets.clients.forEach((client) => client.terminate());
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/wisp/`,
    ...{ asked, infos, closes, drop },
    most: () => most,
    clients: () => sockets.clients.size,
    close() {
      drop();
      sockets.close();
      server.close();
    },
  };
}
