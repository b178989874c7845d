/** Waits for `done`, at most so long; `late` where it takes longer. Its failure is passed on in time. */
export async function within<T, L>(done: Promise<T>, ms: number, late: L): Promise<T | L> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const isLate = new Promise<L>((resolve) => {
    timer = setTimeout(() => resolve(late), ms);
  });
  // Nobody waits for it any more once it is late.
  done.catch(() => {});
  try {
    return await Promise.race([done, isLate]);
  } finally {
    clearTimeout(timer);
  }
}
