export const NODE_VERSIONS: readonly string[];
export function nodePath(version: string): string;
