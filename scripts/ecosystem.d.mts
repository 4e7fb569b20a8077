export const TOOLS: Readonly<Record<string, Readonly<Record<string, string>>>>;
export function toolFolder(name: string): string;
export function hasTool(name: string): boolean;
