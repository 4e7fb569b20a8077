/** Lays S-expressions out: on one line where they fit, else one operand a line. */

/** An S-expression, or a comment that stands on a line of its own. */
export type Expression = Form | { readonly comment: string };

/** An S-expression. */
export interface Form {
  /** What comes after the parenthesis. A function where that is known only when everything has been read. */
  readonly head: string | (() => string);
  readonly operands: readonly Form[];
  /** What stands inside it line by line. */
  readonly items?: readonly Expression[];
  /** A remark for the end of its line. */
  readonly note?: string | undefined;
}

/** A form on one line, and the remark that belongs behind it. */
interface Flat {
  readonly text: string;
  readonly note: string | undefined;
}

const WIDTH = 110;

/** Lines of text, each with its newline. */
export function layOut(expression: Expression): string {
  return lines(expression, "")
    .map((line) => `${line}\n`)
    .join("");
}

function lines(expression: Expression, indent: string): string[] {
  if ("comment" in expression) return [`${indent};; ${expression.comment}`];
  const whole = flat(expression);
  if (whole !== undefined && indent.length + whole.text.length <= WIDTH)
    return [indent + withNote(whole.text, whole.note)];
  const { operands, items = [], note } = expression;
  const head = `${indent}(${headOf(expression)}`;
  const inner = `${indent}  `;
  // The condition of an `if` stays on its line.
  const condition = operands.length === 1 && items.length > 0 ? flat(operands[0]!)?.text : undefined;
  const joined = condition !== undefined && head.length + condition.length < WIDTH;
  return closed(
    [
      withNote(joined ? `${head} ${condition}` : head, note),
      ...(joined ? [] : operands.flatMap((operand) => lines(operand, inner))),
      ...items.flatMap((item) => lines(item, inner)),
    ],
    indent,
  );
}

function headOf({ head }: Form): string {
  return typeof head === "string" ? head : head();
}

function withNote(line: string, note: string | undefined): string {
  return note === undefined ? line : `${line}  ;; ${note}`;
}

/** Puts the closing parenthesis at the end, in front of a comment. */
function closed(all: readonly string[], indent: string): string[] {
  const [, code = "", comment = ""] = /^(.*?)(\s*;;.*)?$/.exec(all.at(-1)!) ?? [];
  if (code.trim() === "") return [...all, `${indent})`];
  return [...all.slice(0, -1), `${code})${comment}`];
}

/** Undefined for what has lines of its own. */
function flat(form: Form): Flat | undefined {
  if (form.items !== undefined && form.items.length > 0) return undefined;
  const parts = form.operands.map(flat);
  const texts = parts.map((part) => part?.text);
  if (texts.includes(undefined)) return undefined;
  const note = form.note ?? parts.find((part) => part?.note !== undefined)?.note;
  return { text: `(${[headOf(form), ...texts].join(" ")})`, note };
}
