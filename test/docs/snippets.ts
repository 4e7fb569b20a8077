/**
 * The code in Markdown documents, as programs. Each "## " section is a folder of its own:
 *
 * - blocks that begin with a comment naming a file (`// latch.ts`, `# hello.S`) become that file;
 * - each other `js` block is a program, which a reader would save as `NAME.mjs`;
 * - `sh` blocks are commands;
 * - a `text` block after a program or command is what that prints, `…` standing for anything.
 */

/** A fenced block. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The blocks below one heading. */
export interface Section {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** One thing to run, and what it prints where the document says so. */
export interface Step {
  readonly kind: "program" | "commands";
  readonly text: string;
  readonly prints: string | undefined;
}

/** The sections of a document that have code. */
export function sections(markdown: string): Section[] {
  const found: { title: string; blocks: Block[] }[] = [{ title: "top", blocks: [] }];
  for (const match of markdown.matchAll(/^## (.*)$|^```(\w*)\n([\s\S]*?)^```$/gm)) {
    const [, title, language = "", text = ""] = match;
    if (title === undefined) found.at(-1)!.blocks.push({ language, text });
    else found.push({ title, blocks: [] });
  }
  return found.filter(({ blocks }) => blocks.length > 0);
}

/** The name that a block's first line gives it. */
function fileName({ text }: Block): string | undefined {
  return /^(?:\/\/|#) ([\w-]+\.\w+)$/m.exec(text.split("\n")[0] ?? "")?.[1];
}

/** The files of a section, by name. */
export function files({ blocks }: Section): Map<string, string> {
  const named = blocks.map((block) => [fileName(block), block.text] as const);
  return new Map(named.filter((pair): pair is [string, string] => pair[0] !== undefined));
}

/** What a section runs, in order. */
export function steps({ blocks }: Section): Step[] {
  const found: Step[] = [];
  blocks.forEach((block, index) => {
    if (fileName(block) !== undefined) return;
    const next = blocks[index + 1];
    const prints = next?.language === "text" ? next.text : undefined;
    if (block.language === "js") found.push({ kind: "program", text: block.text, prints });
    if (block.language === "sh") found.push({ kind: "commands", text: block.text, prints });
  });
  return found;
}

/** What a `text` block stands for. */
export function printed(text: string): RegExp {
  const literal = text
    .trim()
    .split("…")
    .map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&"));
  return new RegExp(literal.join("[\\s\\S]*?"));
}
