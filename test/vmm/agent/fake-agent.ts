/** The guest's side of an agent's line, in the hands of a test. */

import type { AgentPort } from "../../../src/vmm/agent/client.ts";
import { HEADER_BYTES, FrameType, MAGIC, Payload, PayloadReader } from "../../../src/vmm/agent/protocol.ts";

/** A frame that the host has sent. */
export interface Sent {
  readonly id: number;
  readonly type: number;
  readonly channel: number;
  readonly payload: Uint8Array;
}

/** A port whose guest does what the test says. */
export class FakeAgent implements AgentPort {
  readonly output: ReadableStream<Uint8Array>;
  readonly sent: Sent[] = [];
  /** Called for each frame of the host's. */
  onFrame: (frame: Sent) => void = () => undefined;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;

  constructor() {
    this.output = new ReadableStream({ start: (controller) => void (this.#controller = controller) });
  }

  write(data: Uint8Array): Promise<void> {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    const frame = {
      ...{ id: view.getUint32(4, true), type: data[8]!, channel: data[9]! },
      payload: data.slice(HEADER_BYTES),
    };
    this.sent.push(frame);
    this.onFrame(frame);
    return Promise.resolve();
  }

  /** Bytes as they are. */
  raw(bytes: Uint8Array): void {
    if (!this.#ended) this.#controller.enqueue(bytes);
  }

  say(id: number, type: FrameType, payload = new Payload(), channel = 0): void {
    this.raw(payload.frame(id, type, channel));
  }

  done(id: number, errno = 0, result = new Payload()): void {
    const payload = new Payload().u32(errno).bytes(result.frame(0, FrameType.DONE).subarray(HEADER_BYTES));
    this.say(id, FrameType.DONE, payload);
  }

  /** Answers a HELLO. */
  hello({ payload }: Sent, version = 1): void {
    const nonce = new PayloadReader(payload.subarray(MAGIC.length)).u64();
    this.say(0, FrameType.HELLO, new Payload().bytes(MAGIC).u64(nonce).u32(version).u32(65_536));
  }

  /** From now on each HELLO is answered, and other frames are the test's. */
  serve(onFrame: (frame: Sent) => void = () => undefined): void {
    const take = (frame: Sent): void => (frame.type === FrameType.HELLO ? this.hello(frame) : onFrame(frame));
    for (const frame of this.sent) take(frame);
    this.onFrame = take;
  }

  /** The VM is destroyed. */
  end(): void {
    if (!this.#ended) this.#controller.close();
    this.#ended = true;
  }
}
