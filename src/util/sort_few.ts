/** Of so many elements and fewer each is moved to its place by itself. */
const FEW = 16;

/**
 * Sorts in place, stable. For lists that mostly have two or three elements, and these in order
 * already: `Array.sort` takes longer to begin with one than this takes to be done.
 */
export function sortFew<T>(list: T[], compare: (a: T, b: T) => number): void {
  if (list.length > FEW) {
    list.sort(compare);
    return;
  }
  for (let i = 1; i < list.length; i++) {
    const one = list[i];
    let at = i;
    for (; at > 0 && compare(list[at - 1], one) > 0; at--) list[at] = list[at - 1];
    list[at] = one;
  }
}
