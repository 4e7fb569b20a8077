/** The contract of block backends, for each of them. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { HttpBlock } from "../../src/backend/block/http/http.ts";
import { MemoryBlock } from "../../src/backend/block/memory.ts";
import { openPacked } from "../../src/disk/packed/open.ts";
import { openAddress } from "../../src/disk/source.ts";
import { settle } from "../../src/disk/steps.ts";
import { FileBlock } from "../../src/host/block-file.ts";
import { type NbdServer, type NbdServerOptions, serveNbd } from "../support/nbd-server.ts";
import { bgzf, zstdFrames } from "../support/packed.ts";
import { type RangeServer, serveRanges } from "../support/range-server.ts";
import { blockContract, type BlockRig } from "./block-contract.ts";
import { portableContracts } from "./block-rigs.ts";

portableContracts();

blockContract("FileBlock", (): BlockRig => {
  let folder: string | undefined;
  const file = () => path.join((folder ??= mkdtempSync(path.join(tmpdir(), "wasmvisor-block-"))), "disk.img");
  return {
    make(content, options) {
      writeFileSync(file(), content);
      return FileBlock.open(file(), options);
    },
    reopen: () => FileBlock.open(file()),
    cleanUp() {
      if (folder !== undefined) rmSync(folder, { recursive: true });
      folder = undefined;
    },
  };
});

blockContract("HttpBlock", (): BlockRig => {
  let server: RangeServer | undefined;
  return {
    async make(content) {
      await server?.[Symbol.asyncDispose]();
      server = await serveRanges(content);
      return HttpBlock.open(server.url, { cacheBytes: 200_000 });
    },
    async cleanUp() {
      await server?.[Symbol.asyncDispose]();
      server = undefined;
    },
    readonly: true,
  };
});

function nbdRig(options: NbdServerOptions): BlockRig {
  let server: NbdServer | undefined;
  const cleanUp = async () => {
    await server?.[Symbol.asyncDispose]();
    server = undefined;
  };
  return {
    async make(content, { readonly = false } = {}) {
      await cleanUp();
      server = await serveNbd(content.slice(), { ...options, readonly });
      return openAddress(server.url);
    },
    reopen: () => openAddress(server!.url),
    cleanUp,
    granularity: options.minimum ?? 1,
    runs: 15,
  };
}

blockContract("NbdBlock", () => nbdRig({}));
blockContract("NbdBlock with blocks of 4 KiB", () => nbdRig({ minimum: 4096 }));

for (const [name, pack] of [
  ["gzip", (content: Uint8Array) => bgzf(content)],
  ["zstd", (content: Uint8Array) => zstdFrames(content, 100_000, true)],
] as const) {
  blockContract(`a compressed image (${name})`, () => ({
    async make(content) {
      const file = new MemoryBlock(pack(content));
      const first = new Uint8Array(8);
      file.read(0, first);
      return await settle(openPacked(file, first));
    },
    readonly: true,
  }));
}
