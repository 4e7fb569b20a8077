/** Requests of HTTP/1.1 as a client's bytes bring them. (RFC 9112) */

/** A request. */
export interface HttpRequest {
  readonly method: string;
  /** As the client wrote it: a path, or a whole address. */
  readonly target: string;
  readonly isOld: boolean;
  /** Names in small letters. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array;
  /** Whether another request may follow. */
  readonly keepsAlive: boolean;
}

/** Why a request is not understood: the status of the answer. */
export class HttpFault extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const MOST_HEAD = 65_536;
export const MOST_BODY = 16 << 20;
/** Bytes of the line before a chunk. */
const MOST_LINE = 256;
const END = "\r\n\r\n";

interface Head {
  readonly method: string;
  readonly target: string;
  readonly isOld: boolean;
  readonly headers: HttpRequest["headers"];
  /** Where the body begins. */
  readonly start: number;
}

/** A body that comes in chunks, as far as it has come. */
interface Chunks {
  /** Where the next chunk begins. */
  at: number;
  body: Uint8Array;
  length: number;
}

/**
 * Puts requests together. What it holds is bounded by a head, a body and its chunks; what a byte costs does not depend on how many have come.
 */
export class HttpReader {
  #buffer: Uint8Array = new Uint8Array(0);
  /** Bytes of the buffer that there are. */
  #end = 0;
  /** Where the end of the head was looked for. */
  #searched = 0;
  #head: Head | undefined;
  #chunks: Chunks | undefined;
  #hasContinued = false;

  add(bytes: Uint8Array): void {
    this.#buffer = withRoom(this.#buffer, this.#end, bytes.length);
    this.#buffer.set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Bytes that wait. */
  get pending(): number {
    return this.#end;
  }

  /** Whether the client waits for leave to send the body of its request; said once for each. */
  wantsContinue(): boolean {
    if (this.#head === undefined || this.#hasContinued) return false;
    this.#hasContinued = this.#head.headers.some(([name, value]) => name === "expect" && /^100-continue$/i.test(value));
    return this.#hasContinued;
  }

  /**
   * The next request, once it is whole.
   * @throws HttpFault when it makes no sense, or is too large
   */
  next(): HttpRequest | undefined {
    this.#head ??= this.#readHead();
    if (this.#head === undefined) return undefined;
    const { method, target, isOld, headers } = this.#head;
    const body = this.#body(this.#head);
    if (body === undefined) return undefined;
    this.#drop(body.end);
    this.#head = this.#chunks = undefined;
    this.#hasContinued = false;
    const connection = headers
      .filter(([name]) => name === "connection")
      .flatMap(([, value]) => value.toLowerCase().split(/[\s,]+/));
    return { method, target, isOld, headers, body: body.bytes, keepsAlive: !isOld && !connection.includes("close") };
  }

  #drop(count: number): void {
    // Not a copy: a client may have sent many requests at once.
    this.#buffer = this.#buffer.subarray(count);
    this.#end -= count;
    this.#searched = 0;
  }

  #readHead(): Head | undefined {
    // Empty lines before a request are passed over. (RFC 9112, "Message Parsing")
    let from = 0;
    while (this.#searched === 0 && this.#buffer[from] === 13 && this.#buffer[from + 1] === 10 && from + 2 <= this.#end)
      from += 2;
    if (from > 0) this.#drop(from);
    const end = this.#find(END, Math.max(0, this.#searched - 3), MOST_HEAD);
    this.#searched = this.#end;
    if (end < 0) {
      if (this.#end >= MOST_HEAD) throw new HttpFault(431, "The head of the request is too large.");
      return undefined;
    }
    const [line = "", ...fields] = this.#text(0, end).split("\r\n");
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([\x21-\x7e]+) HTTP\/1\.([01])$/.exec(line);
    if (match === null) throw new HttpFault(400, "That is no request of HTTP/1.1.");
    const [, method = "", target = "", minor] = match;
    return { method, target, isOld: minor === "0", headers: fields.map(fieldOf), start: end + END.length };
  }

  /** Where `text` begins, from `from` on and before `limit`; -1: nowhere. */
  #find(text: string, from: number, limit: number): number {
    const end = Math.min(this.#end, limit) - text.length;
    for (let at = from; at <= end; at++) {
      let count = 0;
      while (count < text.length && this.#buffer[at + count] === text.charCodeAt(count)) count++;
      if (count === text.length) return at;
    }
    return -1;
  }

  #text(from: number, to: number): string {
    return new TextDecoder("latin1").decode(this.#buffer.subarray(from, to));
  }

  #body({ start, headers }: Head): { readonly bytes: Uint8Array; readonly end: number } | undefined {
    const lengths = headers.filter(([name]) => name === "content-length").map(([, value]) => value);
    const codings = headers.filter(([name]) => name === "transfer-encoding").map(([, value]) => value.toLowerCase());
    if (codings.length > 0) {
      if (codings.length > 1 || codings[0] !== "chunked" || lengths.length > 0)
        throw new HttpFault(501, "The body of the request is coded in a way that is not known.");
      this.#chunks ??= { at: start, body: new Uint8Array(0), length: 0 };
      return this.#readChunks(this.#chunks);
    }
    const [length = "0"] = lengths;
    if (!/^\d{1,15}$/.test(length) || lengths.some((other) => other !== length))
      throw new HttpFault(400, "The length of the request's body makes no sense.");
    if (Number(length) > MOST_BODY) throw new HttpFault(413, "The body of the request is too large.");
    const end = start + Number(length);
    return end > this.#end ? undefined : { bytes: this.#buffer.slice(start, end), end };
  }

  /** Takes the chunks that are whole; the body once the last one is there. */
  #readChunks(chunks: Chunks): { readonly bytes: Uint8Array; readonly end: number } | undefined {
    const nonsense = (): HttpFault => new HttpFault(400, "A chunk of the request's body makes no sense.");
    for (;;) {
      const { at } = chunks;
      const lineEnd = this.#find("\r\n", at, at + MOST_LINE);
      if (lineEnd < 0) {
        if (this.#end >= at + MOST_LINE) throw nonsense();
        return undefined;
      }
      const size = /^([0-9a-f]{1,8})(?:[ \t]*;.*)?$/i.exec(this.#text(at, lineEnd))?.[1];
      if (size === undefined) throw nonsense();
      const length = parseInt(size, 16);
      if (chunks.length + length > MOST_BODY) throw new HttpFault(413, "The body of the request is too large.");
      const from = lineEnd + 2;
      if (length === 0) return this.#trailer(from, chunks);
      if (from + length + 2 > this.#end) return undefined;
      if (this.#buffer[from + length] !== 13 || this.#buffer[from + length + 1] !== 10) throw nonsense();
      chunks.body = withRoom(chunks.body, chunks.length, length);
      chunks.body.set(this.#buffer.subarray(from, from + length), chunks.length);
      chunks.length += length;
      chunks.at = from + length + 2;
    }
  }

  /** What may follow the last chunk is passed over. */
  #trailer(at: number, { body, length }: Chunks): { readonly bytes: Uint8Array; readonly end: number } | undefined {
    const bytes = body.subarray(0, length);
    if (this.#find("\r\n", at, at + 2) === at) return { bytes, end: at + 2 };
    const end = this.#find(END, at, at + MOST_HEAD);
    if (end >= 0) return { bytes, end: end + END.length };
    if (this.#end >= at + MOST_HEAD) throw new HttpFault(431, "The trailer of the request is too large.");
    return undefined;
  }
}

/** `bytes`, or a larger copy, with room for `more` behind the first `used`. */
function withRoom(bytes: Uint8Array, used: number, more: number): Uint8Array {
  if (used + more <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(used + more, 2 * bytes.length));
  larger.set(bytes.subarray(0, used));
  return larger;
}

function fieldOf(line: string): readonly [name: string, value: string] {
  const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line);
  // A line that begins with a space would go on with the one before: nobody may send that any more.
  if (match === null) throw new HttpFault(400, "A header of the request makes no sense.");
  return [match[1]!.toLowerCase(), match[2]!];
}
