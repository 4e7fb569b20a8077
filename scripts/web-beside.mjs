/**
 * What lies beside the page, as a vite plugin for both serving and building:
 *
 * ```
 * guests.json      a list of guests for the page's menu: Linux, when `npm run guests:debian` has prepared it
 * linux/           Debian's kernel, its initial RAM disk, and one with drivers, gzipped
 * docs/            README.md, ARCHITECTURE.md and the documents in docs/ as pages
 * ```
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import MarkdownIt from "markdown-it";
import { GUESTS, readManifest } from "./debian.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name) => readFileSync(path.join(root, name), "utf8");

/** Markdown file -> page. The first is where the page's link leads. */
const DOCUMENTS = {
  "README.md": "docs/index.html",
  "docs/tutorial.md": "docs/tutorial.html",
  "docs/api.md": "docs/api.html",
  "docs/study/experiments.md": "docs/experiments.html",
  "ARCHITECTURE.md": "docs/architecture.html",
  "CHANGELOG.md": "docs/changelog.html",
  "docs/measurements.md": "docs/measurements.html",
  "docs/abi.md": "docs/abi.html",
  ...Object.fromEntries(
    readdirSync(path.join(root, "docs/design")).map((name) => [
      `docs/design/${name}`,
      `docs/design-${path.basename(name, ".md")}.html`,
    ]),
  ),
};

/** The files that decide what lies beside the page. */
export function besideSources() {
  const manifest = path.join(GUESTS, "manifest.json");
  return [...Object.keys(DOCUMENTS).map((name) => path.join(root, name)), ...(existsSync(manifest) ? [manifest] : [])];
}

const STYLE = `
  :root { color-scheme: light dark; --ink: #23282c; --page: #fdfbf6; --line: #e0dacd; --accent: #0d7269; }
  @media (prefers-color-scheme: dark) { :root { --ink: #e4e1da; --page: #161a1d; --line: #2a3035; --accent: #5cc5b4; } }
  body { margin: 0 auto; max-width: 80ch; padding: 24px 16px 64px; background: var(--page); color: var(--ink);
    font: 16px/1.55 system-ui, sans-serif; overflow-wrap: anywhere; }
  a { color: var(--accent); } nav { display: flex; flex-wrap: wrap; gap: 4px 18px; }
  pre { overflow-x: auto; padding: 12px; border: 1px solid var(--line); border-radius: 8px; } code, pre { font: 14px/1.45 ui-monospace, monospace; }
  table { display: block; overflow-x: auto; border-collapse: collapse; } td, th { padding: 4px 10px; border: 1px solid var(--line); vertical-align: top; }
  h1, h2, h3 { line-height: 1.25; }`;

/** Those that each page has a link to. */
const NAMES = {
  "docs/index.html": "Read me",
  "docs/tutorial.html": "Tutorial",
  "docs/api.html": "API",
  "docs/experiments.html": "Experiments",
  "docs/architecture.html": "Architecture",
  "docs/changelog.html": "Changes",
};

/** Where a link of a document leads from its page; undefined for what is only in the sources. */
function target(document, href) {
  if (/^(https?:|#)/.test(href)) return href;
  const [file, hash = ""] = href.split(/(?=#)/);
  const page = DOCUMENTS[path.posix.join(path.posix.dirname(document), file)];
  return page === undefined ? undefined : `${path.posix.basename(page)}${hash}`;
}

function anchor(text) {
  return text
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .trim()
    .replaceAll(/\s/g, "-");
}

/** A document as a page of its own; pictures and links that lead to other files of the sources are left out. */
function documentPage(document) {
  const markdown = new MarkdownIt();
  const { rules } = markdown.renderer;
  let dead = false;
  markdown.renderer.rules = {
    ...rules,
    image: () => "",
    link_open: (tokens, index, options, _env, self) => {
      const token = tokens[index];
      const href = target(document, token.attrGet("href"));
      dead = href === undefined;
      if (dead) return "";
      token.attrSet("href", href);
      return self.renderToken(tokens, index, options);
    },
    link_close: () => (dead ? "" : "</a>"),
    heading_open: (tokens, index, options, _env, self) => {
      tokens[index].attrSet("id", anchor(tokens[index + 1].content));
      return self.renderToken(tokens, index, options);
    },
  };
  const here = DOCUMENTS[document];
  const links = Object.keys(NAMES).map((page) => {
    const current = page === here ? ' aria-current="page"' : "";
    return `<a href="${path.posix.basename(page)}"${current}>${NAMES[page]}</a>`;
  });
  const text = read(document);
  const title = NAMES[here] ?? /^# (.*)$/m.exec(text)[1];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src 'self'">
<title>wasmvisor: ${title}</title><link rel="icon" href="../icon.svg" type="image/svg+xml"><style>${STYLE}</style>
</head>
<body>
<nav aria-label="Documents"><a href="../">The machine</a>${links.join("")}</nav>
<main>${markdown.render(text)}</main>
</body>
</html>
`;
}

/** Name below the page -> how to make it. */
function besides() {
  const manifest = readManifest();
  const guests = [];
  const files = {};
  if (manifest !== undefined) {
    const gzipped = (name) => () => gzipSync(readFileSync(path.join(GUESTS, name)));
    files["linux/Image.gz"] = gzipped("Image");
    files["linux/initrd.cpio.gz"] = gzipped("initrd.cpio");
    files["linux/initrd-drivers.cpio.gz"] = gzipped("initrd-root.cpio");
    guests.push({
      id: "linux",
      name: `Linux ${manifest.kernel}`,
      kernel: "linux/Image.gz",
      initrd: "linux/initrd.cpio.gz",
      append: "console=ttyS0",
      networked: {
        initrd: "linux/initrd-drivers.cpio.gz",
        append: "console=ttyS0 wasmvisor.modules=virtio_mmio,failover,net_failover,virtio_net wasmvisor.dhcp",
      },
      memory: "256M",
      harts: 1,
    });
  }
  files["guests.json"] = () => JSON.stringify(guests, undefined, 2);
  for (const [document, page] of Object.entries(DOCUMENTS)) files[page] = () => documentPage(document);
  return files;
}

const TYPES = { ".json": "application/json", ".html": "text/html; charset=utf-8" };

/** The plugin. */
export function besidePage() {
  return {
    name: "beside-page",
    generateBundle() {
      for (const [fileName, make] of Object.entries(besides())) {
        this.emitFile({ type: "asset", fileName, source: make() });
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const name = decodeURI(new URL(request.url, "http://localhost").pathname).slice(1);
        const make = besides()[name === "docs/" ? "docs/index.html" : name];
        if (make === undefined) return next();
        response.setHeader("content-type", TYPES[path.extname(name)] ?? "application/octet-stream");
        response.end(make());
      });
    },
  };
}
