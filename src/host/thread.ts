/** What wasmvisor asks of the system to run in another thread; see `imports` in package.json. */

/** A worker that the caller has made: a web `Worker`, or node's. It must run `wasmvisor/worker`, and nothing else. */
export interface WorkerLike {
  postMessage(message: unknown): void;
  terminate(): unknown;
}

/** Where the worker comes from: this package's own (`true`), a copy or bundle of `wasmvisor/worker`, or the worker itself. */
export type WorkerChoice = true | URL | WorkerLike;

/** One end of a line between threads. */
export interface Port {
  /** Sends what the structured clone algorithm takes; what is in `transfer` is moved. */
  post(message: unknown, transfer?: readonly object[]): void;
  /** Names the receiver. */
  onMessage(receive: (message: unknown) => void): void;
}

/** The near end of a line to a worker. */
export interface Thread extends Port {
  /** Names whom to tell that the worker could not be started, or has died. */
  onFailure(receive: (cause: unknown) => void): void;
  terminate(): void;
}
