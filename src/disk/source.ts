/** What a disk is opened from: a path, or the address of a server. */

import { diskHost } from "#disk";
import type { BlockBackend } from "../backend/block/block.ts";
import { HttpBlock, type HttpBlockOptions } from "../backend/block/http/http.ts";
import { type Connect, NbdBlock, type NbdBlockOptions } from "../backend/block/nbd/nbd.ts";
import { NBD_PORT } from "../backend/block/nbd/protocol.ts";
import { WasmvisorError } from "../error.ts";

/** How a disk on a server is opened. */
export interface AddressOptions {
  /** Refuses everything that would change it. Default: as the server says. */
  readonly readonly?: boolean;
  /** For addresses of HTTP. */
  readonly http?: HttpBlockOptions;
  /** For addresses of NBD. */
  readonly nbd?: NbdBlockOptions;
}

const ADDRESS = /^(?:https?|nbd(?:\+(?:unix|wss?))?):/i;

/** Whether a name is the address of a disk on a server, not a path. */
export const isAddress = (name: string): boolean => ADDRESS.test(name);

/**
 * Opens a disk on a server: `http://` and `https://` (by ranges, to be read only), `nbd://host:port/export`,
 * `nbd+unix:///export?socket=path` (both in node), `nbd+ws://host/path?export=name` and `nbd+wss://…` (a WebSocket that carries NBD).
 *
 * ```ts
 * const disk = await openDisk(await openAddress("https://example.org/disk.qcow2"));
 * ```
 *
 * @throws WasmvisorError `source-unreadable` when it cannot be opened; `unsupported` when this platform has no such connections
 */
export async function openAddress(address: string, options: AddressOptions = {}): Promise<BlockBackend> {
  if (/^https?:/i.test(address)) return HttpBlock.open(address, options.http);
  if (!isAddress(address) || !URL.canParse(address)) throw noAddress(address);
  const { connect, name, exported } = nbdOf(new URL(address));
  const { readonly } = options;
  return NbdBlock.open(connect, {
    export: exported,
    name,
    ...(readonly === undefined ? {} : { readonly }),
    ...options.nbd,
  });
}

function nbdOf(url: URL): { readonly connect: Connect; readonly name: string; readonly exported: string } {
  const way = url.protocol.slice("nbd".length, -1);
  const path = decode(url.pathname.replace(/^\//, ""));
  if (way === "") {
    const port = url.port === "" ? NBD_PORT : Number(url.port);
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const connect = supported(diskHost.connectTcp, "TCP")(host || "localhost", port);
    return { connect, name: `NBD server ${url.hostname}:${port}`, exported: path };
  }
  if (way === "+unix") {
    const socket = url.searchParams.get("socket");
    if (socket === null) throw noAddress(url.href);
    const connect = supported(diskHost.connectUnix, "Unix sockets")(socket);
    return { connect, name: `NBD server ${socket.slice(0, 200)}`, exported: path };
  }
  const exported = url.searchParams.get("export") ?? "";
  url.searchParams.delete("export");
  const server = url.href.slice("nbd+".length);
  const connect = supported(diskHost.connectWebSocket, "WebSockets")(server);
  return { connect, name: `NBD server ${server.slice(0, 200)}`, exported };
}

function supported<Connecting>(connecting: Connecting | undefined, what: string): Connecting {
  if (connecting !== undefined) return connecting;
  throw new WasmvisorError(
    "unsupported",
    `This platform has no ${what} for programs; reach the NBD server by nbd+ws:// or from a later version of node.`,
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function noAddress(address: string): WasmvisorError {
  return new WasmvisorError(
    "source-unreadable",
    `"${address.slice(0, 200)}" is no address of a disk; use http://, https://, nbd://host:port/export or nbd+unix:///export?socket=path.`,
    { location: address },
  );
}
