/** Makes what pages of a host's VMs leave for. */

import { openPageFile } from "#pages";
import { CompressedPages } from "../../memory/paging/compressed.ts";
import { FilePages } from "../../memory/paging/file-pages.ts";
import { Pager } from "../../memory/paging/pager.ts";
import { type PageBackend, PageStore } from "../../memory/paging/page-store.ts";
import type { MemoryPool } from "../../memory/pool.ts";
import type { PagingChoice } from "./options.ts";

/** @throws WasmvisorError `page-store` when the file cannot be made */
export async function openPager(pool: MemoryPool, choice: PagingChoice): Promise<Pager> {
  const { file, storeBytes } = choice;
  const backend: PageBackend =
    file === undefined ? new CompressedPages(storeBytes) : new FilePages(await openPageFile(file), storeBytes);
  return new Pager(pool, new PageStore(backend), choice);
}
