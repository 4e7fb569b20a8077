export const INIT: string;
export function initramfs(busybox: Uint8Array, modules?: [name: string, bytes: Uint8Array][]): Buffer;
