/**
 * CSV files of bars, trades and quotes. What the quick reader takes is what the general one gives;
 * what either takes is sorted, has a time and prices that can be; what is refused is told with the
 * file and its line.
 */
import assert from "node:assert/strict";
import { parseCsv } from "../../../src/recorded/csv.ts";
import type { SymbolData } from "../../../src/recorded/market_data.ts";
import { readPlainCsv } from "../../../src/recorded/plain_csv.ts";
import type { FileSource } from "../../../src/recorded/source.ts";
import { ConfigError } from "../../../src/util/errors.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";

const SOURCES: FileSource[] = [
  { kind: "bars", file: "data.csv" },
  { kind: "bars", file: "data.csv", symbol: "SPY" },
  { kind: "trades", file: "data.csv" },
  { kind: "quotes", file: "data.csv" },
];

function attempt(read: () => SymbolData[] | null): SymbolData[] | null | ConfigError {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    assert.match(error.message, /data\.csv/);
    return error;
  }
}

/** The first byte says what the file is said to be. */
function run(input: Uint8Array): Outcome {
  const source = SOURCES[(input[0] ?? 0) % SOURCES.length];
  const bytes = input.subarray(1);
  const plain = attempt(() => readPlainCsv(bytes, source));
  const general = attempt(() => parseCsv(textOf(bytes), source));
  if (Array.isArray(plain)) assert.deepEqual(plain, general);
  if (!Array.isArray(general)) return "refused";
  for (const data of general) check(data);
  return "taken";
}

function check(data: SymbolData): void {
  assert.ok(data.symbol.length > 0);
  const { secondBars, minuteBars, dailyBars, trades, quotes } = data;
  for (const columns of [secondBars, minuteBars, dailyBars, trades, quotes]) {
    const { timeUs } = columns;
    for (let i = 0; i < timeUs.length; i++) {
      assert.ok(Number.isFinite(timeUs[i]), `time ${timeUs[i]}`);
      assert.ok(i === 0 || timeUs[i] >= timeUs[i - 1], "not in the order of time");
    }
    for (const [name, column] of Object.entries(columns)) {
      if (!(column instanceof Float64Array) || name === "timeUs") continue;
      assert.equal(column.length, timeUs.length, name);
      assert.ok(column.every((value) => !(value < 0)), `${name} below zero`);
    }
  }
}

const byte = (kind: number, text: string) => bytesOf(String.fromCharCode(kind) + text);

export const target: Target = {
  name: "csv",
  seeds: [
    byte(
      0,
      "symbol,timestamp,open,high,low,close,volume,vwap,trades\n" +
        "AAPL,2022-01-03T14:30:00Z,1,2,0.5,1.5,100,1.25,7\n" +
        "BRK.B,2022-01-03T14:30:00Z,300.0000004,301.25,299,300,0,,\n" +
        "AAPL,2022-01-03 14:31:00.000,1.5,3.0000000000000004,1.5,2,1234567890123,2,1\n",
    ),
    byte(
      1,
      "Date,Open,High,Low,Close,Adj Close,Volume\r\n2018-01-18,178.6,179.5,177.4,178.46,173.1,3242\r\n" +
        "2018-01-19,null,null,null,null,null,null\r\n2018-01-22,178.6,179.6,177.4,178.46,173,3242\r\n",
    ),
    byte(
      2,
      "symbol,timestamp,price,size\nA,1641220200.25,10.01,3\nA,1641220200.25,10,0\n\n" +
        '"A",2022-01-03T09:30:00.5-05:00,700000,0.0001\n',
    ),
    byte(
      3,
      "\ufeffsymbol,timestamp,bid_price,bid_size,ask_price,ask_size\n" +
        "A,1641220200,10,1,10.02,2\nB,1641220200000,1,1,2,2\n",
    ),
  ],
  words: [
    "symbol",
    "timestamp",
    "open",
    "close",
    "volume",
    "vwap",
    "price",
    "size",
    "bid_price",
    "AAPL",
    "2022-01-03T14:30:00Z",
    "2022-01-03",
    "1641220200",
    "1641220200000000",
    ",,",
    "\r\n",
    '"',
    '""',
    "null",
    "NaN",
    "-1",
    "1e3",
    " ",
  ],
  run,
};
