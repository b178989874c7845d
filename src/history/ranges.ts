/** Sets of time: sorted, apart from one another, each [fromUs, toUs). */
export interface Range {
  fromUs: number;
  toUs: number;
}

/** All of both; ranges that touch become one. */
export function union(a: readonly Range[], b: readonly Range[]): Range[] {
  const sorted = [...a, ...b].filter(isReal).sort((x, y) => x.fromUs - y.fromUs);
  const result: Range[] = [];
  for (const range of sorted) {
    const last = result.at(-1);
    if (last !== undefined && range.fromUs <= last.toUs) {
      last.toUs = Math.max(last.toUs, range.toUs);
    } else result.push({ ...range });
  }
  return result;
}

/** What of `whole` is in none of `parts`, which are sorted and apart. */
export function without(whole: Range, parts: readonly Range[]): Range[] {
  const result: Range[] = [];
  let fromUs = whole.fromUs;
  for (const part of parts) {
    if (part.toUs <= fromUs) continue;
    if (part.fromUs >= whole.toUs) break;
    result.push({ fromUs, toUs: part.fromUs });
    fromUs = part.toUs;
  }
  result.push({ fromUs, toUs: whole.toUs });
  return result.filter(isReal);
}

export function overlap(a: Range, b: Range): Range | null {
  const range = { fromUs: Math.max(a.fromUs, b.fromUs), toUs: Math.min(a.toUs, b.toUs) };
  return isReal(range) ? range : null;
}

/** The range in pieces that do not cross a year of UTC. */
export function byYear({ fromUs, toUs }: Range): { year: number; range: Range }[] {
  const pieces: { year: number; range: Range }[] = [];
  for (let year = yearOf(fromUs); yearStartUs(year) < toUs; year++) {
    const range = overlap({ fromUs, toUs }, {
      fromUs: yearStartUs(year),
      toUs: yearStartUs(year + 1),
    });
    if (range !== null) pieces.push({ year, range });
  }
  return pieces;
}

export function yearOf(us: number): number {
  return new Date(us / 1000).getUTCFullYear();
}

export function yearStartUs(year: number): number {
  return Date.UTC(year) * 1000;
}

function isReal({ fromUs, toUs }: Range): boolean {
  return fromUs < toUs;
}
