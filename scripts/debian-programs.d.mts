export function ensurePrograms(): void;
