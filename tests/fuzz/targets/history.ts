/**
 * Pages of market data's REST: bars, trades, quotes, snapshots. What is taken is in the order of
 * time and made of numbers; what is refused names the path.
 */
import assert from "node:assert/strict";
import { Secret } from "../../../src/util/secret.ts";
import { OperationError, RetryableError } from "../../../src/util/errors.ts";
import {
  readBars,
  readQuotes,
  readSnapshots,
  readTrades,
} from "../../../src/wire/alpaca_history.ts";
import { AlpacaRest } from "../../../src/wire/alpaca_rest.ts";
import { bytesOf, type Outcome, type Target, textOf } from "../target.ts";
import { instantWaits } from "../waits.ts";

const signal = new AbortController().signal;
const range = { fromUs: 1_641_220_200_000_000, toUs: 1_641_243_600_000_000 };
const symbols = ["AAPL", "BRK.B"];
let body = "";
let asked = 0;
const rest = new AlpacaRest({
  keys: { keyId: new Secret("KEY-ID"), secretKey: new Secret("SECRET-KEY") },
  origin: "http://127.0.0.1:1",
  outbound: {
    fetch: () => Promise.resolve(new Response(asked++ > 5 ? "{}" : body)),
    webSocket: () => assert.fail("no socket is opened"),
  },
  monotonic: instantWaits,
  random: () => 0,
  requestsPerMinute: 1e9,
});

const REQUESTS: (() => Promise<number>)[] = [
  async () =>
    rowsOf(
      await readBars(
        rest,
        "sip",
        { ...range, symbols, scale: "minute", adjustment: "raw" },
        signal,
      ),
    ),
  async () => rowsOf(await readTrades(rest, "sip", { ...range, symbols }, signal)),
  async () => rowsOf(await readQuotes(rest, "sip", { ...range, symbols }, signal)),
  async () => {
    const snapshots = await readSnapshots(rest, "sip", symbols, range.fromUs, signal);
    for (const { last, previousClose } of snapshots) {
      assert.equal(typeof last, "number");
      assert.equal(typeof previousClose, "number");
    }
    return snapshots.length;
  },
];

function rowsOf(bySymbol: Map<string, object>): number {
  let rows = 0;
  for (const columns of bySymbol.values()) {
    const { timeUs, ...values } = columns as Record<string, Float64Array>;
    rows += timeUs.length;
    for (let i = 0; i < timeUs.length; i++) {
      assert.ok(
        timeUs[i] >= range.fromUs && timeUs[i] < range.toUs,
        "outside of what was asked for",
      );
    }
    for (const [name, column] of Object.entries(values)) {
      assert.equal(column.length, timeUs.length);
      assert.ok(column.every(Number.isFinite), `${name} is no number`);
    }
  }
  return rows;
}

/** The input's first byte says what is asked for. */
async function run(input: Uint8Array): Promise<Outcome> {
  body = textOf(input.subarray(1));
  asked = 0;
  try {
    return await REQUESTS[(input[0] ?? 0) % REQUESTS.length]() > 0 ? "taken" : "refused";
  } catch (error) {
    if (!(error instanceof OperationError || error instanceof RetryableError)) throw error;
    assert.doesNotMatch(error.message, /SECRET-KEY|KEY-ID/);
    return "refused";
  }
}

const seed = (request: number, body: unknown) =>
  bytesOf(String.fromCharCode(request) + JSON.stringify(body));
const t = "2022-01-03T14:31:00Z";
const bar = { t, o: 1, h: 2, l: 0.5, c: 1.5, v: 100, n: 7, vw: 1.2 };

export const target: Target = {
  name: "history",
  seeds: [
    seed(0, {
      bars: { AAPL: [bar, { ...bar, t: "2022-01-03T14:32:00Z" }] },
      next_page_token: null,
    }),
    seed(0, { bars: { "BRK.B": null }, next_page_token: "QQ==" }),
    seed(1, { trades: { AAPL: [{ t, p: 10.01, s: 100, c: ["@"], i: 1, x: "V", z: "C" }] } }),
    seed(2, { quotes: { AAPL: [{ t, bp: 1, bs: 2, ap: 1.02, as: 3 }] } }),
    seed(3, {
      AAPL: {
        latestTrade: { p: 1, t },
        latestQuote: { bp: 1, ap: 2, t },
        minuteBar: bar,
        dailyBar: bar,
        prevDailyBar: { ...bar, t: "2021-12-31T05:00:00Z" },
      },
      "BRK.B": null,
    }),
  ],
  words: [
    '"bars":{',
    '"AAPL":[',
    '"next_page_token":"x"',
    '"t":"x"',
    '"p":1e400',
    '"o":null',
    "null",
  ],
  run,
};
