/** What tests compare with. */

import { expect } from "vitest";

/** An error with that code. */
export const code = (expected: string) => expect.objectContaining({ code: expected }) as Error;
