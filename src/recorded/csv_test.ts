import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { parseCsv } from "./csv.ts";
import { parseTimeUs } from "./csv_time.ts";
import { loadFile } from "./load_file.ts";
import type { FileSource } from "./source.ts";

const BARS = { kind: "bars", file: "bars.csv" } as const;
const HEADER = "symbol,timestamp,open,high,low,close,volume\n";
const ROW = "AAPL,2022-01-03T14:30:00Z,1,2,0.5,1.5,100\n";

Deno.test("columns come in any order, rows in any order, symbols mixed", () => {
  const [msft, aapl] = parseCsv(
    "Volume,close,low,high,open,timestamp,symbol\n" +
      "5,1.5,0.5,2,1,1641220260,MSFT\n" +
      "7,1.5,0.5,2,1,2022-01-03T09:32:00-05:00,AAPL\n" +
      "6,1.5,0.5,2,1,1641220260000,AAPL\n",
    BARS,
  );
  assert.equal(msft.symbol, "MSFT");
  assert.deepEqual([...aapl.minuteBars.volume], [6, 7]);
  assert.deepEqual([...aapl.minuteBars.timeUs], [1641220260e6, 1641220320e6]);
  assert.deepEqual([...aapl.minuteBars.vwap], [1.5, 1.5]);
});

Deno.test("times are ISO or epoch, in any unit", () => {
  const us = 1641220200_000000;
  for (
    const text of [
      "2022-01-03T14:30:00Z",
      "2022-01-03 14:30:00",
      "2022-01-03T14:30Z",
      "2022-01-03T09:30:00-05:00",
      "2022-01-03 14:30:00.000000 UTC",
      "1641220200",
      "1641220200000",
      "1641220200000000",
      "1641220200000000000",
    ]
  ) assert.equal(parseTimeUs(text), us, text);
  assert.equal(parseTimeUs("2022-01-03T14:30:00.123456789Z"), us + 123456);
  assert.equal(parseTimeUs("1641220200.5"), us + 500000);
  for (const text of ["", "now", "2022-13-01", "2022-02-30", "-5", "99999999999999999999"]) {
    assert.equal(parseTimeUs(text), null, text);
  }
});

Deno.test("Yahoo's columns are daily bars, timed at the exchange's midnight", () => {
  const [aapl] = parseCsv(
    "Date,Open,High,Low,Close,Adj Close,Volume\n2018-01-19,178.6,179.6,177.4,178.46,173.1,3242\n",
    { ...BARS, symbol: "AAPL" },
  );
  assert.equal(aapl.minuteBars.timeUs.length, 0);
  assert.deepEqual([...aapl.dailyBars.timeUs], [Date.parse("2018-01-19T05:00:00Z") * 1000]);
  assert.equal(aapl.dailyBars.close[0], 178.46);
  const [spy] = parseCsv(
    "date,open,high,low,close,adjclose,volume\n2015-03-09,207.1,208,207.5,207.8,190,1\n",
    { ...BARS, symbol: "SPY" },
  );
  assert.equal(spy.dailyBars.low[0], 207.1, "the range holds the open");
});

Deno.test("trades and quotes have their own columns", () => {
  const [trades] = parseCsv("symbol,timestamp,price,size\nA,1641220200.25,10.01,3\n", {
    kind: "trades",
    file: "t.csv",
  });
  assert.deepEqual([...trades.trades.timeUs], [1641220200_250000]);
  const [quotes] = parseCsv(
    "symbol,timestamp,bid_price,bid_size,ask_price,ask_size\nA,1641220200,10,1,10.02,2\n",
    { kind: "quotes", file: "q.csv" },
  );
  assert.deepEqual([quotes.quotes.bidPrice[0], quotes.quotes.askSize[0]], [10, 2]);
});

Deno.test("the recorded day has BTC's volume in coins, divided at the import", async () => {
  const file = new URL("../../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url).pathname;
  const source = { kind: "bars", file, symbol: "BTC/USD" } as const;
  const [usd] = await loadFile(source);
  const [coins] = await loadFile({ ...source, volumeIn: "quote" });
  assert.equal(coins.minuteBars.timeUs.length, 2880);
  assert.equal(coins.minuteBars.timeUs[0], Date.parse("2022-01-02T05:00:00Z") * 1000);
  const { volume, close } = usd.minuteBars;
  assert.equal(coins.minuteBars.volume[5], volume[5] / close[5]);
});

Deno.test("what is wrong in a file is told with file and line", async () => {
  const check = (text: string, expected: RegExp, source: FileSource = BARS) =>
    assert.throws(
      () => parseCsv(text, source),
      (error) => error instanceof ConfigError && expected.test(error.message),
      text,
    );
  check("", /bars\.csv: it has no rows/);
  check(HEADER, /bars\.csv: it has no rows/);
  check("symbol,timestamp,open,high,low,close\n", /bars\.csv:1: column "volume" is missing/);
  check("symbol,timestamp,open,high,low,close,volume,mood\n", /:1: unknown column "mood"/);
  check(HEADER.replace("close", "open"), /:1: column "open" stands there twice/);
  check(
    HEADER.replace("symbol,", "") + ROW,
    /no column "symbol"; say whose data .* AAPL=bars\.csv/,
  );
  check(HEADER + ROW + "AAPL,2022-01-03T14:31:00Z,1,2\n", /bars\.csv:3: 4 fields.* has 7/);
  check(HEADER + ROW.replace("1.5", "NaN"), /bars\.csv:2: close "NaN" is not a number/);
  check(HEADER + ROW.replace("1.5", ""), /bars\.csv:2: close "" is not a number/);
  check(HEADER + ROW.replace("100", "-1"), /bars\.csv:2: volume must be ≥ 0, got -1/);
  check(HEADER + ROW.replace("0.5", "0"), /bars\.csv:2: low must be > 0, got 0/);
  check(HEADER + ROW.replace(",2,", ",1.2,"), /bars\.csv:2: high 1\.2 is below/);
  check(HEADER + ROW.replace("0.5", "1.1"), /bars\.csv:2: low 1\.1 is above/);
  check(
    HEADER + ROW.replace("2022-01-03T", "yesterday "),
    /bars\.csv:2: "yesterday .*" is not a time/,
  );
  check(HEADER + ROW.replace(":30:00Z", ":30:05Z"), /bars\.csv:2: .*whole minute/);
  check(HEADER + ROW.replace("AAPL", "aa pl"), /bars\.csv:2: "aa pl" is not a symbol/);
  check(HEADER + ROW + ROW, /bars\.csv:3: AAPL has a bar of this time in line 2 already/);
  check(HEADER + '"AAPL,1,2\n', /bars\.csv:\d+: .*[Qq]uot/);
  check(
    HEADER + ROW + ROW.replace("AAPL", "MSFT"),
    /as X: it holds 2 symbols/,
    { ...BARS, symbol: "X" },
  );
  const missing = { ...BARS, file: "/does/not/exist.csv" };
  await assert.rejects(loadFile(missing), /Cannot read \/does\/not\/exist\.csv/);
  const file = await Deno.makeTempFile({ suffix: ".csv.gz" });
  await Deno.writeTextFile(file, HEADER + ROW);
  await assert.rejects(loadFile({ ...BARS, file }), /it is not a whole gzip file/);
  await Deno.remove(file);
});

Deno.test("days without prices are left out, those with some are refused", () => {
  const header = "Date,Open,High,Low,Close,Adj Close,Volume\n";
  const days = "2022-01-03,1,2,0.5,1.5,1.5,100\n2022-01-05,1,2,0.5,1.5,1.5,100\n";
  const source = { ...BARS, symbol: "AAPL" };
  const [{ dailyBars }] = parseCsv(
    `${header}2022-01-04,null,null,null,null,null,null\n${days}2022-01-06,,,,,,\n`,
    source,
  );
  assert.equal(dailyBars.timeUs.length, 2);
  assert.throws(
    () => parseCsv(`${header}${days}2022-01-04,1,null,1,1,1,1\n`, source),
    { name: "ConfigError", message: 'Cannot load bars.csv:4: high "null" is not a number' },
  );
});
