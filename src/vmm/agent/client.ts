/** The host's side of the line to an agent: sessions, and requests in them. (docs/design/agent.md) */

import { brokenAgent, lostAgent } from "./errors.ts";
import { type Frame, FrameParser, FrameType, HELLO_BYTES, MAGIC, Payload, PayloadReader, VERSION } from "./protocol.ts";

/** What an agent's line needs of a port. */
export interface AgentPort {
  /** What the guest sends; ends when the VM is destroyed. */
  readonly output: ReadableStream<Uint8Array>;
  /** Sends; resolves when the guest has taken it. */
  write(data: Uint8Array): Promise<void>;
}

/** What there is to know of an agent that is ready. */
export interface AgentInfo {
  /** The version of the protocol that both speak. */
  readonly version: number;
}

/** A request that is under way, as its frames see it. */
export interface Exchange {
  /** What has come for it; false when that breaks the rules. */
  take(frame: Frame): boolean;
  /** It is over, with an error number of the guest's (0: done) and what else there is to say. */
  done(errno: number, result: PayloadReader): void;
  /** It will never be done. */
  fail(error: unknown): void;
}

/** Requests that may be under way at once; the agent has as many places for what goes on. */
const EXCHANGES_MOST = 1024;

interface Session {
  readonly nonce: bigint;
  readonly ready: Promise<AgentInfo>;
  isReady: boolean;
  resolve(info: AgentInfo): void;
  reject(error: unknown): void;
}

/** One agent. */
export class AgentClient {
  readonly #port: AgentPort;
  readonly #parser: FrameParser;
  readonly #exchanges = new Map<number, Exchange>();
  #session: Session | undefined;
  #closed: Error | undefined;
  #lastId = 0;
  #waiting = 0;
  #ping: number | undefined;
  /** How many frames have come. */
  heard = 0;

  constructor(port: AgentPort) {
    this.#port = port;
    this.#parser = new FrameParser(
      (frame) => this.#receive(frame),
      () => this.#break("it has sent what is no frame"),
    );
    void this.#listen();
    this.connect();
  }

  /** Begins anew: a guest has started, or another state of it has been restored. What is under way fails. */
  connect(): void {
    if (this.#closed !== undefined) return;
    const waiting = this.#session;
    const [word] = crypto.getRandomValues(new BigUint64Array(1));
    this.#fail(lostAgent("it has been started anew; do it again"));
    let [resolve, reject] = [(_info: AgentInfo): void => undefined, (_error: unknown): void => undefined];
    const ready = new Promise<AgentInfo>((...both) => ([resolve, reject] = both));
    // Nobody may be waiting.
    ready.catch(() => undefined);
    this.#session = { nonce: word!, ready, isReady: false, resolve, reject };
    // Those who wait for the last one get this one.
    if (waiting !== undefined) ready.then(waiting.resolve, waiting.reject);
    this.#parser.seek(word!);
    this.#send(new Payload().bytes(MAGIC).u64(word!).u32(VERSION).u32(0).frame(0, FrameType.HELLO));
  }

  /** There is no agent any more, for this reason; another may come (`connect`). */
  lose(error: unknown): void {
    this.#fail(error);
  }

  /** The guest has ended: nobody answers, unless it is started again. */
  end(error: unknown): void {
    this.#fail(error);
    this.#session?.reject(error);
    this.#session = undefined;
    this.#parser.seek(0n);
  }

  /** There will never be one again. */
  close(error: Error): void {
    this.#closed ??= error;
    this.#fail(error);
    this.#session?.reject(error);
  }

  /** Whether somebody waits for it. */
  get isAwaited(): boolean {
    return this.#waiting > 0 || this.#exchanges.size > (this.#ping === undefined ? 0 : 1);
  }

  /** Asks whether it is there; what it answers is heard. */
  ping(): void {
    if (this.#ping !== undefined || this.#session?.isReady !== true) return;
    const over = (): void => void (this.#ping = undefined);
    const id = this.#nextId();
    this.#ping = id;
    this.#exchanges.set(id, { take: () => false, done: over, fail: over });
    this.#send(new Payload().frame(id, FrameType.PING));
  }

  /** Resolves when the agent has answered. */
  async ready(signal?: AbortSignal): Promise<AgentInfo> {
    this.#waiting++;
    try {
      return await this.#whenReady(signal);
    } finally {
      this.#waiting--;
    }
  }

  async #whenReady(signal: AbortSignal | undefined): Promise<AgentInfo> {
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw this.#closed;
    if (this.#session === undefined) this.connect();
    const { ready } = this.#session!;
    if (signal === undefined) return ready;
    return new Promise<AgentInfo>((resolve, reject) => {
      const giveUp = (): void => reject(signal.reason as Error);
      signal.addEventListener("abort", giveUp, { once: true });
      ready.then(resolve, reject).finally(() => signal.removeEventListener("abort", giveUp));
    });
  }

  /**
   * Sends a request, once the agent is ready; its id.
   * @throws WasmvisorError `agent-lost`, `agent-protocol`; the signal's reason
   */
  async begin(type: FrameType, payload: Payload, exchange: Exchange, signal?: AbortSignal): Promise<number> {
    await this.ready(signal);
    signal?.throwIfAborted();
    if (this.#exchanges.size >= EXCHANGES_MOST) {
      throw lostAgent(`${EXCHANGES_MOST} requests are under way already; wait until one is done`);
    }
    const id = this.#nextId();
    this.#exchanges.set(id, exchange);
    this.#send(payload.frame(id, type));
    return id;
  }

  #nextId(): number {
    do this.#lastId = (this.#lastId % 0xffff_ffff) + 1;
    while (this.#exchanges.has(this.#lastId));
    return this.#lastId;
  }

  /** Says more about a request that is under way. */
  say(id: number, type: FrameType, payload = new Payload(), channel = 0): void {
    if (this.#exchanges.has(id)) this.#send(payload.frame(id, type, channel));
  }

  /** Gives up a request; nothing of it is heard any more. */
  cancel(id: number): void {
    this.say(id, FrameType.CANCEL);
    this.#exchanges.delete(id);
  }

  async #listen(): Promise<void> {
    const reader = this.#port.output.getReader();
    try {
      for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) this.#parser.feed(chunk.value);
      this.close(lostAgent("the VM has been destroyed; make another one"));
    } catch (error) {
      this.close(error as Error);
    }
  }

  #send(frame: Uint8Array): void {
    this.#port.write(frame).catch((error: unknown) => this.#fail(error));
  }

  #receive(frame: Frame): void {
    this.heard++;
    if (frame.id === 0) return this.#receiveHello(frame);
    const exchange = this.#exchanges.get(frame.id);
    // Of a request that has been given up.
    if (exchange === undefined) return;
    if (frame.type !== FrameType.DONE) {
      if (!exchange.take(frame)) this.#break("it has sent more, or another thing, than it may");
      return;
    }
    const result = new PayloadReader(frame.payload);
    this.#exchanges.delete(frame.id);
    exchange.done(result.u32(), result);
  }

  #receiveHello({ type, payload }: Frame): void {
    const session = this.#session;
    if (type !== FrameType.HELLO || payload.length !== HELLO_BYTES || session === undefined) {
      return this.#break("it has sent a frame without an id");
    }
    const reader = new PayloadReader(payload.subarray(MAGIC.length + 8));
    const version = reader.u32();
    if (version < 1 || version > VERSION) return this.#break(`it wants to speak version ${version}`);
    session.isReady = true;
    session.resolve({ version });
  }

  #break(why: string): void {
    this.end(brokenAgent(why));
  }

  #fail(error: unknown): void {
    const exchanges = [...this.#exchanges.values()];
    this.#exchanges.clear();
    for (const exchange of exchanges) exchange.fail(error);
  }
}
