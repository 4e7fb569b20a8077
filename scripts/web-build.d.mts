export function buildWeb(options?: { force?: boolean }): Promise<string>;
