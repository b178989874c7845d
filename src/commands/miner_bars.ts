/**
 * Bars of many symbols, of which a few cannot be had: a symbol that the provider refuses, a file that
 * is damaged. Invariant: some bad symbols do not keep the others from being mined, and where more
 * than a few fail it is not the symbols' fault, and is told as an error.
 */
import type { BarColumns } from "../model/bars.ts";
import { emptyBars } from "../model/bars.ts";
import { OperationError } from "../util/errors.ts";

/** Of one call. */
const BAD_MAX = 5;

/**
 * What `load` gives; symbols for which alone it throws an OperationError are empty, and told. All
 * other errors, and those of more than five symbols, are thrown.
 */
export async function barsOfGood(
  symbols: readonly string[],
  load: (symbols: readonly string[]) => Promise<Map<string, BarColumns>>,
  onBad: (symbol: string, error: OperationError) => void,
): Promise<Map<string, BarColumns>> {
  const bad = new Map<string, OperationError>();
  const found = new Map<string, BarColumns>();
  const take = async (some: readonly string[]): Promise<void> => {
    try {
      for (const [symbol, bars] of await load(some)) found.set(symbol, bars);
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      if (some.length === 1) {
        bad.set(some[0]!, error);
        found.set(some[0]!, emptyBars());
        if (bad.size > BAD_MAX || bad.size === symbols.length) throw error;
        return;
      }
      const middle = some.length >> 1;
      await take(some.slice(0, middle));
      await take(some.slice(middle));
    }
  };
  await take(symbols);
  for (const [symbol, error] of bad) onBad(symbol, error);
  return found;
}
