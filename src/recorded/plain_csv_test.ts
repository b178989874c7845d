import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCsv } from "./csv.ts";
import { readPlainCsv } from "./plain_csv.ts";
import type { FileSource } from "./source.ts";

const BARS: FileSource = { kind: "bars", file: "bars.csv" };
const PLAIN: Record<string, [source: FileSource, text: string]> = {
  "minutes of two symbols": [
    BARS,
    "symbol,timestamp,open,high,low,close,volume,vwap,trades\n" +
    "AAPL,2022-01-03T14:30:00Z,1,2,0.5,1.5,100,1.25,7\n" +
    "BRK.B,2022-01-03T14:30:00Z,300.0000004,301.25,299,300,0,,\n" +
    "AAPL,2022-01-03 14:31:00.000,1.5,3.0000000000000004,1.5,2,12345678901234567890,2,1\n",
  ],
  "Yahoo's days": [
    { ...BARS, symbol: "SPY" },
    "Date,Open,High,Low,Close,Adj Close,Volume\n" +
    "2018-01-18,178.6,178.5,177.4,178.46,173.1,3242\n2018-01-19,178.6,179.6,177.4,178.46,x,3242",
  ],
  "quoted volume, times without a zone": [
    { ...BARS, symbol: "BTC/USD", volumeIn: "quote" },
    "timestamp,open,high,low,close,volume\r\n" +
    "2021-12-31 23:01:00.000000,46319.0,46385.0,46319.0,46377.0,2300413.7295\r\n" +
    "2021-12-31 23:02:00.000000,46377.0,46411.0,46377.0,46411.0,1829623.1938\r\n",
  ],
  "trades": [
    { kind: "trades", file: "trades.csv" },
    "symbol,timestamp,price,size\nA,1641220200.25,10.01,3\nA,1641220200.25,10,0\n\n" +
    "A,2022-01-03T09:30:00.5-05:00,10.01,3\n",
  ],
  "quotes": [
    { kind: "quotes", file: "quotes.csv" },
    "\ufeffsymbol,timestamp,bid_price,bid_size,ask_price,ask_size\n" +
    "A,1641220200,10,1,10.02,2\nB,1641220200000,1,1,2,2\n",
  ],
};
const encoder = new TextEncoder();

function general(text: string, source: FileSource) {
  try {
    return parseCsv(text, source);
  } catch (error) {
    return String(error);
  }
}

for (const [name, [source, text]] of Object.entries(PLAIN)) {
  Deno.test(`plain files are read as by the general reader: ${name}`, () => {
    const plain = readPlainCsv(encoder.encode(text), source);
    assert.ok(plain !== null);
    assert.deepEqual(plain, general(text, source));
  });
}

Deno.test("what is not plain is left to the general reader", () => {
  const [source, text] = PLAIN["minutes of two symbols"];
  const changes: [from: string | RegExp, to: string][] = [
    ["AAPL", '"AAPL"'],
    ["AAPL,", "AAPL ,"],
    ["AAPL", "aapl"],
    [",100,", ",1e2,"],
    [",100,", ",-100,"],
    [",100,", ",,"],
    [",100,", `,${"9".repeat(400)},`],
    [",1,2,", ",0,2,"],
    [",1,2,", ",1.,2,"],
    [",1,2,", ",1,0.9,"],
    ["14:31", "14:30"],
    ["14:31", "14:29"],
    [":31:00", ":31:01"],
    [/,1\n$/, ",nan\n"],
    [/,1\n$/, "\n"],
    [/\n/, "\r\n"],
    [/^/, "\n"],
    [/[^]*/, "symbol,timestamp,open,high,low,close,volume\n"],
    [/[^]*/, ""],
  ];
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    assert.notEqual(changed, text);
    assert.equal(readPlainCsv(encoder.encode(changed), source), null, changed);
  }
});

Deno.test("whatever is accepted is what the general reader gives", () => {
  const piece = fc.constantFrom(...'0123456789.,-:TZ \n\r"eA/+', "00", "\r\n", "", "é");
  const change = fc.record({ at: fc.nat(), cut: fc.nat(3), piece });
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(PLAIN)),
      fc.array(change, { minLength: 1, maxLength: 3 }),
      ([source, text], changes) => {
        for (const { at, cut, piece } of changes) {
          const place = at % text.length;
          text = text.slice(0, place) + piece + text.slice(place + cut);
        }
        let plain: ReturnType<typeof readPlainCsv> | string;
        try {
          plain = readPlainCsv(encoder.encode(text), source);
        } catch (error) {
          plain = String(error);
        }
        if (plain === null) return;
        accepted++;
        assert.deepEqual(plain, general(text, source));
      },
    ),
    { numRuns: 3000, seed: 1 },
  );
  assert.ok(accepted > 500, `${accepted} were accepted`);
});
