/** A web server for one file, for tests: it can be told to misbehave. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers in the server's place; returns true when it has. */
export type Misbehave = (request: IncomingMessage, response: ServerResponse, first: number, last: number) => boolean;

export interface RangeServer extends AsyncDisposable {
  readonly url: string;
  /** Each request's range, in order. */
  readonly ranges: string[];
  content: Uint8Array;
  etag: string | undefined;
  misbehave: Misbehave | undefined;
}

export async function serveRanges(content: Uint8Array): Promise<RangeServer> {
  const server = createServer((request, response) => {
    const range = request.headers.range ?? "";
    state.ranges.push(range);
    const match = /^bytes=(\d+)-(\d+)$/.exec(range);
    const first = Number(match?.[1]);
    const last = Math.min(Number(match?.[2]), state.content.length - 1);
    if (state.misbehave?.(request, response, first, last)) return;
    // Pages of other origins may see what they need.
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-expose-headers", "content-range, etag");
    const identity = state.etag === undefined ? {} : { etag: state.etag };
    if (match === null) response.writeHead(200, identity).end(state.content);
    else if (first >= state.content.length) {
      response.writeHead(416, { "content-range": `bytes */${state.content.length}`, ...identity }).end();
    } else {
      const body = state.content.subarray(first, last + 1);
      response
        .writeHead(206, { "content-range": `bytes ${first}-${last}/${state.content.length}`, ...identity })
        .end(body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const state: RangeServer = {
    url: `http://127.0.0.1:${port}/disk.img`,
    ranges: [],
    content,
    etag: '"1"',
    misbehave: undefined,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return state;
}
