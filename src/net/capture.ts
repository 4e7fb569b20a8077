/** A capture of frames, as a stream of what Wireshark opens. */

import { type FrameInfo, Offload } from "../backend/network/network.ts";
import { finishChecksum } from "../backend/network/segment.ts";
import { Direction, interfaceBlock, PACKET_DATA_AT, packetBlock, sectionBlock } from "./pcapng.ts";

/** Bytes that wait for a reader; frames beyond are lost, and counted in the next one. */
const WAITING_BYTES = 2 ** 23;

/** Where frames are seen. */
export interface Tapped {
  readonly name: string;
  /** 6 bytes. */
  readonly mac: Uint8Array;
}

/** Frames of one or more interfaces, in the order in which they are put in. */
export class Capture {
  /** Ends when the capture is closed; frames that nobody reads in time are left out. */
  readonly stream: ReadableStream<Uint8Array>;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #drops = 0;
  #isOpen = true;

  /** @param onCancel - called when nobody wants any more */
  constructor(interfaces: readonly Tapped[], onCancel: () => void) {
    this.stream = new ReadableStream<Uint8Array>(
      {
        start: (controller) => void (this.#controller = controller),
        cancel: () => {
          this.#isOpen = false;
          onCancel();
        },
      },
      { highWaterMark: WAITING_BYTES, size: (chunk) => chunk?.length ?? 0 },
    );
    this.#controller.enqueue(sectionBlock("wasmvisor"));
    for (const { name, mac } of interfaces) this.#controller.enqueue(interfaceBlock(name, mac));
  }

  /** Puts in a frame that interface `index` has sent or received; with its checksum finished, and not cut. */
  add(
    index: number,
    isSent: boolean,
    nanoseconds: bigint,
    bytes: Uint8Array,
    at: number,
    length: number,
    info: FrameInfo,
  ): void {
    if (!this.#isOpen) return;
    if ((this.#controller.desiredSize ?? 0) < length) {
      this.#drops++;
      return;
    }
    const direction = isSent ? Direction.SENT : Direction.RECEIVED;
    const drops = this.#drops;
    const made = packetBlock(bytes, at, length, { interface: index, nanoseconds, direction, drops });
    if ((info.flags & Offload.NEEDS_CHECKSUM) !== 0) finishChecksum(made, PACKET_DATA_AT, length, info);
    this.#drops = 0;
    this.#controller.enqueue(made);
  }

  /** No more will come. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#controller.close();
  }
}
