/** The loop of a fuzz target: seeds one after another, until one goes wrong. */

/**
 * Runs `run` for `count` seeds from `first` on; false, after printing it, when one throws.
 * @param kind - as `npm run fuzz -- KIND` has it
 * @param summary - what is printed behind the count when none has
 */
export function fuzzMany(kind: string, run: (seed: number) => Promise<void>, summary: string) {
  return async (first: number, count: number, onSeed: (seed: number) => void = () => undefined): Promise<boolean> => {
    for (let seed = first; seed < first + count; seed++) {
      onSeed(seed);
      try {
        await run(seed);
      } catch (error) {
        console.log(`seed ${seed} (repeat it with: npm run fuzz -- ${kind} ${seed} 1): ${(error as Error).stack}`);
        return false;
      }
    }
    console.log(`${count} ${summary}`);
    return true;
  };
}
