/** Market data that all trial workers read, and none has a copy of. */
import type { MarketData, SymbolData } from "../recorded/market_data.ts";

type Columns = Record<string, Float64Array>;

/** The same data in shared memory; it can be posted to any number of workers without a copy. */
export function sharedData(data: MarketData): MarketData {
  return new Map([...data].map(([name, symbol]) => {
    const shared = kindsOf(symbol).map(([kind, columns]) => [kind, mapValues(columns, share)]);
    return [name, { ...symbol, ...Object.fromEntries(shared) }];
  }));
}

function share(column: Float64Array): Float64Array {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}

/** All columns in a fixed order, with their names: what the data's fingerprint is made of. */
export function* columnsOf(data: MarketData): Generator<[string, Float64Array]> {
  for (const [name, symbol] of data) {
    for (const [kind, columns] of kindsOf(symbol)) {
      for (const [column, values] of Object.entries(columns)) {
        yield [`${name} ${kind} ${column}`, values];
      }
    }
  }
}

/** Bars, trades, quotes: whatever a symbol's data has columns of. */
function kindsOf(symbol: SymbolData): [string, Columns][] {
  return Object.entries(symbol)
    .filter((entry): entry is [string, Columns] => typeof entry[1] === "object")
    .sort(([a], [b]) => a < b ? -1 : 1);
}

function mapValues(columns: Columns, map: (column: Float64Array) => Float64Array): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, map(column)]));
}
