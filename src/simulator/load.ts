/** All sources of a simulated exchange, loaded and merged, with the time they span. */
import { sessionOf } from "../model/calendar.ts";
import { assert } from "../util/assert.ts";
import { ConfigError } from "../util/errors.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";
import { loadFile } from "../recorded/load_file.ts";
import { generate } from "./generate.ts";
import {
  type MarketData,
  mergeMarketData,
  MINUTE_US,
  type SymbolData,
} from "../recorded/market_data.ts";
import type { SimulatorOptions } from "./options.ts";
import { dueUs } from "./timeline.ts";
import { RowKind } from "../model/market_batch.ts";

export interface LoadedData {
  data: MarketData;
  startUs: number;
  endUs: number;
  summary: string[];
}

/** Which day is invented where neither recorded data nor the options name one. */
const GENERATED_DATE = "2022-01-03";

export async function loadSources(options: SimulatorOptions): Promise<LoadedData> {
  const { sources } = options;
  if (sources.length === 0) {
    throw new ConfigError(
      "Cannot simulate without data: give --bars, --trades, --quotes or --generate",
    );
  }
  const parts: SymbolData[] = [];
  for (const source of sources) {
    if (source.kind !== "generate") parts.push(...await loadFile(source));
  }
  const { startUs, endUs } = rangeOf(options, parts);
  if (!(startUs < endUs)) {
    throw new ConfigError(
      `Cannot simulate from ${formatRfc3339(startUs)} to ${formatRfc3339(endUs)}: ` +
        "the end must be after the start",
    );
  }
  for (const source of sources) {
    if (source.kind !== "generate") continue;
    const { symbols: count, seed, gridSeconds } = source;
    parts.push(...generate({ count, seed, startUs, endUs, gridSeconds }));
  }
  const data = mergeMarketData(parts);
  return { data, startUs, endUs, summary: summarize(options, data, startUs, endUs) };
}

/** What the options say, else where the recorded data begin and end. */
function rangeOf(options: SimulatorOptions, parts: SymbolData[]) {
  let firstUs = Infinity;
  let lastUs = -Infinity;
  for (const part of parts) {
    for (const kind of [RowKind.minuteBar, RowKind.dailyBar, RowKind.quote, RowKind.trade]) {
      const { timeUs } = COLUMNS[kind](part);
      if (timeUs.length === 0) continue;
      firstUs = Math.min(firstUs, timeUs[0]);
      lastUs = Math.max(lastUs, dueUs(part, kind, timeUs.length - 1));
    }
  }
  if (firstUs === Infinity) {
    const session = sessionOf(GENERATED_DATE);
    assert(session !== null, "the generated date has a session");
    firstUs = session.openUs;
    lastUs = session.closeUs;
  }
  const startUs = options.startUs ?? Math.floor(firstUs / MINUTE_US) * MINUTE_US;
  return { startUs, endUs: options.endUs ?? lastUs };
}

const COLUMNS = {
  [RowKind.minuteBar]: (data: SymbolData) => data.minuteBars,
  [RowKind.dailyBar]: (data: SymbolData) => data.dailyBars,
  [RowKind.quote]: (data: SymbolData) => data.quotes,
  [RowKind.trade]: (data: SymbolData) => data.trades,
};

function summarize(
  options: SimulatorOptions,
  data: MarketData,
  startUs: number,
  endUs: number,
): string[] {
  const lines = [`${data.size} symbols from ${formatRfc3339(startUs)} to ${formatRfc3339(endUs)}`];
  for (const source of options.sources) {
    lines.push(
      source.kind === "generate"
        ? `${source.symbols} equities are generated from seed ${source.seed}: no real market`
        : `${source.kind} of ${source.symbol ?? "its own symbols"} from ${source.file}`,
    );
  }
  return lines;
}
