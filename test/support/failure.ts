/** What something is refused with, for tests that look at the sentence. */

/** The error that `act` throws or rejects with. */
export async function failureOf(act: () => unknown): Promise<Error & { readonly code?: string }> {
  try {
    await act();
  } catch (error) {
    return error as Error & { readonly code?: string };
  }
  throw new Error("nothing was refused");
}
