/**
 * The first row whose time is at or after `us`; the column's length where there is none. Ascending
 * column.
 */
export function firstRowFrom(timeUs: Float64Array, us: number): number {
  let low = 0;
  let high = timeUs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (timeUs[middle] < us) low = middle + 1;
    else high = middle;
  }
  return low;
}
