/** One view of the machine, behind a tab. */

import type { Query, View } from "../session/protocol.ts";

/** What a panel can do to the machine and the page. */
export interface PanelHost {
  /** Something has been chosen: the machine is looked at again, soon. */
  refresh(): void;
  step(hart: number, instructions: number): void;
  /** Shows the walk of an address. */
  walk(address: string): void;
}

export interface Panel {
  readonly id: string;
  readonly title: string;
  readonly element: HTMLElement;
  /** What it wants to see, while it is in front. */
  query(): Query;
  /** Shows the machine; called only while it is in front. */
  show(view: View): void;
  /** The theme or the size has changed. */
  redraw?(): void;
  /** Another guest, or a reset. */
  clear?(): void;
}
