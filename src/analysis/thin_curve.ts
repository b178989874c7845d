/** A curve of fewer points that looks the same: of each piece its least and its greatest value stay. */

export interface Curve {
  timeUs: number[];
  equity: number[];
}

/**
 * At most about `pointsMax` points, and as many more as `keptUs` has times: the last point up to each
 * of these stays, so that daily values are the whole curve's. First and last points stay, too.
 */
export function thinCurve(
  { timeUs, equity }: { timeUs: ArrayLike<number>; equity: ArrayLike<number> },
  { pointsMax, keptUs = [] }: { pointsMax: number; keptUs?: readonly number[] },
): Curve {
  const { length } = timeUs;
  const kept = new Set<number>();
  const pieces = Math.max(1, Math.floor(pointsMax / 2));
  if (length <= pointsMax) { for (let i = 0; i < length; i++) kept.add(i); }
  else {
    kept.add(0).add(length - 1);
    for (let piece = 0; piece < pieces; piece++) {
      const from = Math.floor(piece * length / pieces);
      const to = Math.floor((piece + 1) * length / pieces);
      let [low, high] = [from, from];
      for (let i = from + 1; i < to; i++) {
        if (equity[i] < equity[low]) low = i;
        if (equity[i] > equity[high]) high = i;
      }
      kept.add(low).add(high);
    }
    let i = 0;
    for (const us of keptUs) {
      while (i < length && timeUs[i] <= us) i++;
      if (i > 0) kept.add(i - 1);
    }
  }
  const places = [...kept].sort((a, b) => a - b);
  return {
    timeUs: places.map((i) => timeUs[i]),
    equity: places.map((i) => equity[i]),
  };
}
