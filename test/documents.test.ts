import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { abiDocument } from "../scripts/abi.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (name: string) => readFileSync(path.join(root, name), "utf8");

const documents = [
  "README.md",
  "ARCHITECTURE.md",
  ...["docs", "docs/design", "docs/study"].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => `${folder}/${name}`),
  ),
];

const sources = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], {
  cwd: root,
  encoding: "utf8",
}).split("\n");

/** What a document shows as code, without its fenced blocks. */
const code = (text: string) =>
  [...text.replaceAll(/^```[^]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)].map(([, words]) => words!);

/** GitHub's anchors: lower case, hyphens for spaces, no punctuation. */
const anchors = (text: string) =>
  [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replaceAll(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

describe.each(documents)("%s", (name) => {
  const text = read(name);

  it("names files and folders that there are", () => {
    const named = code(text).filter((word) =>
      /^(?:assembly|src|test|scripts|web|bench|docs|guests)\/[\w/.-]*$/.test(word),
    );
    const missing = named.filter(
      (word) => !existsSync(path.join(root, word)) && !/^(?:docs\/api|guests\/bin)/.test(word),
    );
    expect(missing).toEqual([]);
  });

  it("names source files that there are", () => {
    const named = code(text).filter((word) => /^[\w/]+\.ts$/.test(word));
    expect(named.filter((word) => !sources.some((file) => file === word || file.endsWith(`/${word}`)))).toEqual([]);
  });

  it("has links that lead somewhere", () => {
    const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!);
    const broken = links.filter((link) => {
      if (/^[a-z]+:/.test(link)) return false;
      const [file = "", anchor] = link.split("#");
      const target = path.join(root, path.dirname(name), file);
      if (file !== "" && !existsSync(target)) return true;
      return anchor !== undefined && !anchors(file === "" ? text : readFileSync(target, "utf8")).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

it("the table of the core's ABI is what `npm run generate` writes", async () => {
  expect(read("docs/abi.md")).toBe(await abiDocument());
});

it("the map of the sources takes ten minutes", () => {
  expect(read("ARCHITECTURE.md").length).toBeLessThan(8_000);
});
