/** Has something done at the side of a device (`NetworkBackend.connect`) soon, once for however many have asked. */
export class Entry {
  readonly #act: () => void;
  #isPending = false;

  constructor(act: () => void) {
    this.#act = act;
  }

  ask(enter: (act: () => void) => void): void {
    if (this.#isPending) return;
    this.#isPending = true;
    enter(() => {
      this.#isPending = false;
      this.#act();
    });
  }
}
