/** The guest that comes with the package. */

declare const location: { readonly href: string } | undefined;

/**
 * The address of a file of the package. Some bundlers (webpack with `output.publicPath` or `parser.url: "relative"`, Next.js) leave
 * the origin out of it, which a page can do with and a worker cannot.
 */
export function absolute(url: URL): URL {
  if (URL.canParse(url.href) || typeof location === "undefined") return url;
  return new URL(url.href, location.href);
}

/**
 * Where the demo guest is: an ELF file of about 50 KiB, a small shell (`help` lists what it shows). With the command line
 * `selfcheck` it checks the machine instead and switches it off. It needs no firmware but the built-in one.
 *
 * node, vite and webpack find it by this address. Other bundlers copy `wasmvisor/guests/demo.elf` to where the page can
 * fetch it.
 *
 * ```ts
 * const vm = await host.createVm({ kernel: DEMO_GUEST, append: "selfcheck" });
 * ```
 */
export const DEMO_GUEST: URL = absolute(new URL("../../guests/bin/demo.elf", import.meta.url));
