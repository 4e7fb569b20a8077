/** What is told while something is done with a machine. */
export interface Report {
  /** What is done now. */
  say(text: string): void;
  /** What a step of `provision` prints. */
  output(text: string): void;
}

/** What an error says. */
export function sayError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
