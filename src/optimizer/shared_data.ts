/** Market data that all trial workers read, and none has a copy of. */
import { firstAfter } from "../backtest/symbol_feed.ts";
import type { BarColumns } from "../model/bars.ts";
import { SECOND_US } from "../fincalcs/derive_bars.ts";
import { dayEndUs, type MarketData, MINUTE_US, type SymbolData } from "../recorded/market_data.ts";

type Columns = Record<string, Float64Array>;
const KINDS = ["secondBars", "minuteBars", "dailyBars", "trades", "quotes"] as const;

/** The same data in shared memory; it can be posted to any number of workers without a copy. */
export function sharedData(data: MarketData): MarketData {
  return mapColumns(data, (columns) => mapValues(columns, shared));
}

function shared(column: Float64Array): Float64Array {
  if (column.buffer instanceof SharedArrayBuffer) return column;
  const copy = new Float64Array(new SharedArrayBuffer(column.byteLength));
  copy.set(column);
  return copy;
}

/**
 * What had ended at `untilUs`: nothing later is in what it gives. Views, no copies.
 */
export function dataUntil(data: MarketData, untilUs: number): MarketData {
  return mapColumns(data, (columns, kind, { assetClass }) => {
    const { timeUs } = columns;
    let length = firstAfter(timeUs, untilUs);
    const endUs = (us: number) => {
      if (kind === "dailyBars") return dayEndUs(assetClass, us);
      return kind === "minuteBars" ? us + MINUTE_US : kind === "secondBars" ? us + SECOND_US : us;
    };
    while (length > 0 && endUs(timeUs[length - 1]) > untilUs) length--;
    if (length === timeUs.length) return columns;
    // That there will be quotes stays known: fills are by these, also before the first.
    if (length === 0 && (kind === "trades" || kind === "quotes")) return neverComing(columns);
    return mapValues(columns, (column) => column.subarray(0, length));
  });
}

/** One row, of no price, in a time that never comes. */
function neverComing(columns: Columns): Columns {
  return Object.fromEntries(
    Object.keys(columns).map((name) => [
      name,
      Float64Array.of(name === "timeUs" ? Number.MAX_SAFE_INTEGER : 1),
    ]),
  );
}

function mapColumns(
  data: MarketData,
  map: (columns: Columns, kind: typeof KINDS[number], symbol: SymbolData) => Columns,
): MarketData {
  return new Map([...data].map(([name, symbol]) => {
    const mapped = KINDS.map((kind) =>
      [kind, map(symbol[kind] as unknown as Columns, kind, symbol)] as const
    );
    return [name, { ...symbol, ...Object.fromEntries(mapped) }];
  }));
}

function mapValues(columns: Columns, map: (column: Float64Array) => Float64Array): Columns {
  return Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, map(column)]));
}

/** All columns in a fixed order, with their names: what the data's fingerprint is made of. */
export function* columnsOf(data: MarketData): Generator<[string, Float64Array]> {
  for (const [symbol, one] of data) {
    for (const kind of KINDS) {
      for (const [name, column] of Object.entries(one[kind] as BarColumns)) {
        yield [`${symbol} ${kind} ${name}`, column];
      }
    }
  }
}
