/** Which name somebody has probably meant. */

/** The one of `names` that is a slip or two away from `word`; undefined when none is that near. */
export function nearest(word: string, names: readonly string[]): string | undefined {
  const allowed = word.length < 4 ? 1 : 2;
  let best: string | undefined;
  let least = allowed + 1;
  for (const name of names) {
    const slips = distance(word, name);
    if (slips < least) [best, least] = [name, slips];
  }
  return best;
}

/** Letters to insert, delete, replace or swap with their neighbour (Damerau and Levenshtein's, by optimal string alignment). */
function distance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let slips = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) slips = Math.min(slips, (beforeLast[j - 2] ?? slips) + 1);
      row.push(slips);
    }
    [beforeLast, last] = [last, row];
  }
  return last.at(-1)!;
}
