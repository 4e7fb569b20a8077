export function buildCore(options?: { target?: "release" | "debug"; force?: boolean }): Promise<boolean>;
export function coreIsCurrent(target?: "release" | "debug"): Promise<boolean>;
