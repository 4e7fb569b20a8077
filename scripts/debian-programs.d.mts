/** This machine's own versions of the programs, if Debian has some for it. */
export const NATIVE: string;
export function ensurePrograms(): void;
