/** What copying asks of the host's files; see `imports` in package.json. */

/** A file of the host's. */
export interface HostEntry {
  readonly name: string;
  readonly kind: "file" | "folder" | "link" | "other";
  /** Permissions. */
  readonly mode: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** Where a link leads. */
  readonly target: string;
}
