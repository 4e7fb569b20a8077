/** The text of docs/abi.md. */
export function abiDocument(): Promise<string>;
