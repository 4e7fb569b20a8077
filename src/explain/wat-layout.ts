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
  /** Found out when it is laid out; false when it takes several lines. */
  flat?: Flat | false;
}

/** A form on one line, and the remark that belongs behind it. */
interface Flat {
  readonly text: string;
  readonly note: string | undefined;
}

const WIDTH = 110;

/** Lines of text, each with its newline. */
export function layOut(expression: Expression): string {
  const lines: string[] = [];
  print(expression, "", lines);
  return `${lines.join("\n")}\n`;
}

function print(expression: Expression, indent: string, lines: string[]): void {
  if ("comment" in expression) {
    lines.push(`${indent};; ${expression.comment}`);
    return;
  }
  const whole = flat(expression);
  if (whole !== undefined && indent.length + whole.text.length <= WIDTH) {
    lines.push(indent + withNote(whole.text, whole.note));
    return;
  }
  const { operands, items = [], note } = expression;
  const head = `${indent}(${headOf(expression)}`;
  const inner = `${indent}  `;
  // The condition of an `if` stays on its line.
  const condition = operands.length === 1 && items.length > 0 ? flat(operands[0]!)?.text : undefined;
  const joined = condition !== undefined && head.length + condition.length < WIDTH;
  lines.push(withNote(joined ? `${head} ${condition}` : head, note));
  if (!joined) for (const operand of operands) print(operand, inner, lines);
  for (const item of items) print(item, inner, lines);
  close(lines, indent);
}

function headOf({ head }: Form): string {
  return typeof head === "string" ? head : head();
}

function withNote(line: string, note: string | undefined): string {
  return note === undefined ? line : `${line}  ;; ${note}`;
}

/** Puts a closing parenthesis at the end, in front of a comment. */
function close(lines: string[], indent: string): void {
  const last = lines.at(-1)!;
  const at = last.indexOf(";;");
  if (at < 0) lines[lines.length - 1] = `${last})`;
  else if (last.trimStart().startsWith(";;")) lines.push(`${indent})`);
  else lines[lines.length - 1] = `${last.slice(0, at).trimEnd()})  ${last.slice(at)}`;
}

/** Undefined for what has lines of its own, or is too long for one. Each form is asked by all that it stands in. */
function flat(form: Form): Flat | undefined {
  form.flat ??= flattened(form) ?? false;
  return form.flat === false ? undefined : form.flat;
}

function flattened(form: Form): Flat | undefined {
  if (form.items !== undefined && form.items.length > 0) return undefined;
  let text = `(${headOf(form)}`;
  let { note } = form;
  for (const operand of form.operands) {
    const part = flat(operand);
    if (part === undefined) return undefined;
    text += ` ${part.text}`;
    note ??= part.note;
  }
  return text.length < WIDTH ? { text: `${text})`, note } : undefined;
}
