/**
 * A value that is there already, or comes. What is there is gone on with at once: where nothing has
 * to be waited for (a backtest) the same code runs without a promise.
 */
export type Soon<T> = T | Promise<T>;

export function after<T, U>(value: Soon<T>, next: (value: T) => Soon<U>): Soon<U> {
  return value instanceof Promise ? value.then(next) : next(value);
}
