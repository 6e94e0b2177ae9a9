/** How many letters must be put in, taken out or exchanged to make one word of the other (Levenshtein). */
function editDistance(a: string, b: string): number {
  let above = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const exchange = above[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(exchange, above[column]! + 1, current[column - 1]! + 1));
    }
    above = current;
  }
  return above[b.length]!;
}

/** The known word a mistyped one was probably meant to be; `undefined` when none is near. Case doesn't count. */
export function findNearestWord(word: string, known: Iterable<string>): string | undefined {
  let best: { word: string; distance: number } | undefined;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (!best || distance < best.distance) best = { word: candidate, distance };
  }
  // a third of the letters may be wrong; two are always forgiven in words of four letters and more
  const tolerated = Math.max(word.length >= 4 ? 2 : 1, Math.floor(word.length / 3));
  return best && best.distance <= tolerated ? best.word : undefined;
}

/** What to do about an unknown word: the nearest known one, or all of them. */
export function suggestWord(word: string, known: string[]): string {
  const nearest = findNearestWord(word, known);
  if (nearest !== undefined) return `did you mean ${JSON.stringify(nearest)}?`;
  return known.length > 0 ? `known here: ${known.join(', ')}` : 'nothing is allowed here';
}
