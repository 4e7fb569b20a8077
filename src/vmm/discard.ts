/** Giving buffers back to the system at once, which the garbage collector would do much later or never. */

/**
 * Frees what `buffers` hold; they are empty afterwards. For buffers that nobody else uses.
 *
 * An image of tens of MiB is needed for a moment, and the collector sees only the few bytes of its handle: a process
 * that does little else keeps it for good. A buffer that is transferred to a closed port is gone.
 */
export function discard(buffers: Iterable<ArrayBufferLike>): void {
  const transfer = [...new Set(buffers)].filter((buffer): buffer is ArrayBuffer => buffer instanceof ArrayBuffer);
  if (transfer.length === 0) return;
  const { port1, port2 } = new MessageChannel();
  port2.close();
  port1.postMessage(null, transfer);
  port1.close();
}
