/** Why something has failed, in a word where there is one. */

/** The code that an error or its cause has (`ECONNREFUSED`), else its message. */
export function reasonOf(error: unknown): string {
  const { code, message, cause } = error as { code?: unknown; message?: string; cause?: { code?: unknown } };
  for (const word of [code, cause?.code]) if (typeof word === "string") return word;
  return message ?? String(error);
}
