/** node's own command-line parser. */

export { parseArgs } from "node:util";
export type { ParseArgsConfig } from "node:util";
