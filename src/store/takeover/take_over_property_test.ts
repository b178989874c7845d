/** Whatever an old database holds: all of it is taken over or counted, and its sums stay. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { openStore } from "../store.ts";
import { TestDatabases } from "../test_databases.ts";
import { OLD_DDL } from "./fixture.ts";
import { type TakeOver, takeOver } from "./take_over.ts";

const databases = new TestDatabases();
/** Each makes a database anew. */
const RUNS = 15;

const word = fc.oneof(
  fc.constantFrom(
    "aapl",
    "AAPL",
    "brk.b",
    "BACpL",
    "btc/usd",
    "",
    "'; drop table x; --",
    "\\",
    "é",
  ),
  fc.string({ maxLength: 12 }),
).map((text) => text.replaceAll("\0", "").toWellFormed());
const time = fc.oneof(
  fc.date({
    min: new Date("1990-01-01T00:00:00Z"),
    max: new Date("2100-01-01T00:00:00Z"),
    noInvalidDate: true,
  }).map((date) => date.toISOString()),
  fc.constantFrom("infinity", "-infinity", "0001-01-01", "2021-11-07 01:30:00", "99999-01-01"),
  fc.constant(null),
);
const told = fc.oneof(
  time,
  word,
  fc.constantFrom(
    "2021-13-45 99:99:99",
    "2021-01-01 10:00:00-04:56",
    "2021-01-01 10:00:00.123456789+00:00",
    "2021-02-30 10:00:00",
    "999999-01-01 00:00",
    "2021-01-01T10:00:00+99:00",
    "NaT",
    "now",
  ),
);
const money = fc.oneof(
  fc.integer({ min: -99999999, max: 99999999 }).map((n) => String(n / 100)),
  fc.constantFrom("0", "NaN", "0.01", "-0.01"),
);
const float = fc.oneof(money, fc.constantFrom("Infinity", "-Infinity", "1e300", "-1e-300", "0.1"));
const json = fc.oneof(
  fc.json({ noUnicodeString: true }).filter((text) => !text.includes("\\u0000")),
  fc.constant("null"),
);
const nullable = <T>(values: fc.Arbitrary<T>) => fc.oneof(values, fc.constant(null));

const world = fc.record({
  runs: fc.array(
    fc.record({
      name: word,
      env: fc.constantFrom("PAPER", "PROD", "BACKTEST", "unknown", "paper ", "", "x"),
      parameters: nullable(json),
      start: time,
      end: time,
      batch: fc.oneof(fc.constantFrom("", "b1", "b2"), word),
      ref: fc.option(fc.integer({ min: 1, max: 5 })),
    }),
    { minLength: 5, maxLength: 8 },
  ),
  trades: fc.array(
    fc.record({
      run: fc.integer({ min: 1, max: 12 }),
      symbol: word,
      operation: fc.constantFrom("buy", "sell", "sell_short", "buy_short"),
      qty: fc.oneof(money, fc.constantFrom("1e-10", "123456789.123456789")),
      price: money,
      indicators: json,
      told,
      time,
      stop: nullable(money),
      fee: money,
    }),
    { maxLength: 40 },
  ),
  gains: fc.array(
    fc.record({ run: fc.integer({ min: 1, max: 12 }), symbol: word, gain: money, time }),
    { maxLength: 20 },
  ),
  days: fc.array(
    fc.record({
      symbol: word,
      price: float,
      volume: fc.integer({ min: 0, max: 2147483647 }),
      json,
    }),
    { maxLength: 20 },
  ),
  accounts: fc.array(
    fc.record({
      balance: money.filter((text) => text !== "NaN"),
      negative: fc.boolean(),
      credit: money.filter((text) => text !== "NaN"),
    }),
    { maxLength: 5 },
  ),
  amounts: fc.array(
    fc.record({ account: fc.integer({ min: 1, max: 7 }), amount: float, time }),
    { maxLength: 10 },
  ),
});

databases.server("random rows are taken over or counted, and change no sum", async (db) => {
  await fc.assert(
    fc.asyncProperty(world, async (given) => {
      const bare = db.connect();
      await bare.run((sql) =>
        sql.unsafe(`drop schema if exists public cascade;
          drop schema if exists liualgotrader cascade; create schema public; ${OLD_DDL}`)
      );
      for (const [rows, statement] of insertions(given)) {
        await bare.run((sql) => sql.unsafe(statement, [JSON.stringify(rows)]));
      }
      await bare.close();
      const options = { dsn: db.dsn, dataDir: db.dataDir, log: db.log, zone: "America/New_York" };
      const taken = await takeOver({ ...options, environment: "PAPER", isRehearsal: false });
      for (const { found, taken: kept, leftOut } of (taken as TakeOver).tables) {
        assert.equal(found, kept + leftOut.reduce((sum, { rows }) => sum + rows, 0));
      }
      const again = db.connect();
      const [{ old, now, runs }] = await again.run((sql) =>
        sql<{ old: string; now: string; runs: number }[]>`
          select (select coalesce(sum(qty * price * case when operation::text like 'buy%'
                                                      then 1 else -1 end), 0)
                    from liualgotrader.new_trades
                   where qty <> 'NaN' and price <> 'NaN' and trade_fee <> 'NaN')::text as old,
                 (select coalesce(sum(qty * price * case when operation::text like 'buy%'
                                                      then 1 else -1 end), 0)
                    from new_trades)::text as now,
                 (select count(*)::integer from algo_run) as runs`
      );
      await again.close();
      assert.equal(Number(now), Number(old));
      assert.ok(runs >= given.runs.length);
      // All that commands read can be read.
      const store = await openStore(db);
      for (const { batchId } of await store.batches(100)) {
        for (const row of await store.trades(batchId)) assert.ok(Number.isFinite(row.tradeUs));
        for (const row of await store.runs(batchId)) assert.ok(Number.isFinite(row.startUs));
      }
      await store.close();
    }),
    { numRuns: RUNS },
  );
});

/** Rows as JSON, unpacked by the database. */
function insertions(given: typeof world extends fc.Arbitrary<infer T> ? T : never) {
  const from = (columns: string) => `from jsonb_to_recordset($1::text::jsonb) as r (${columns})`;
  return [
    [
      given.runs.map((run, i) => ({ ...run, id: i + 1 })),
      `insert into algo_run (algo_run_id, algo_name, algo_env, build_number, parameters, start_time,
         end_time, batch_id, ref_algo_run)
       select id, name, env, '', parameters::jsonb, start::timestamp, "end"::timestamp, batch, ref
         ${
        from(`id int, name text, env text, parameters text, start text, "end" text, batch text,
              ref int`)
      }`,
    ],
    [
      given.trades,
      `insert into new_trades (algo_run_id, symbol, operation, qty, price, indicators, client_time,
         tstamp, stop_price, trade_fee)
       select run, symbol, operation::trade_operation, qty::numeric, price::numeric,
              indicators::jsonb, told, time::timestamp, stop::numeric, fee::numeric
         ${
        from(`run int, symbol text, operation text, qty text, price text, indicators text,
              told text, time text, stop text, fee text`)
      }`,
    ],
    [
      given.gains,
      `insert into gain_loss (symbol, algo_run_id, gain_percentage, gain_value, tstamp)
       select symbol, run, 1, gain::numeric, time::timestamp
         ${from("run int, symbol text, gain text, time text")} on conflict do nothing`,
    ],
    [
      given.days,
      `insert into stock_ohlc (symbol, symbol_date, open, high, low, close, volume, indicators)
       select symbol, '2021-01-04', price::float8, 1, 1, price::float8, volume, json::jsonb
         ${from("symbol text, price text, volume int, json text")} on conflict do nothing`,
    ],
    [
      given.accounts,
      `insert into accounts (balance, allow_negative, credit_line)
       select balance::float8, negative, credit::float8
         ${from("balance text, negative bool, credit text")}`,
    ],
    [
      given.amounts.map((row) => ({ ...row, account: row.account })),
      `insert into account_transactions (account_id, amount, tstamp)
       select account, amount::float8, time::timestamptz
         ${from("account int, amount text, time text")}
        where amount not in ('Infinity', '-Infinity', 'NaN')
           or not exists (select from accounts a where a.account_id = r.account)`,
    ],
  ] as [unknown[], string][];
}
