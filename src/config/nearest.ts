/** The known word that a mistyped one probably means: fewest edits, a swap of neighbours counting as one. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let edits = Math.min(
        (above[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (above[j - 1] as number) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        edits = Math.min(edits, (before[j - 2] as number) + 1);
      }
      row.push(edits);
      best = Math.min(best, edits);
    }
    if (best > limit) return limit + 1;
    before = above;
    above = row;
  }
  return above[b.length] as number;
}

/** Undefined when nothing is near: at most a third of the word may differ, and never more than four characters. */
export function nearestWord(word: string, known: Iterable<string>): string | undefined {
  const limit = Math.min(4, Math.floor(word.length / 3));
  let found: string | undefined;
  let fewest = limit + 1;
  for (const candidate of known) {
    const edits = distance(word, candidate, fewest - 1);
    if (edits < fewest) {
      fewest = edits;
      found = candidate;
    }
  }
  return found;
}
