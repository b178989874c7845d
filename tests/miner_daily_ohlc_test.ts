/** daily_ohlc on both databases: which rows it writes, and which it leaves alone. */
import assert from "node:assert/strict";
import DailyOhlc from "../src/miners/daily_ohlc.ts";
import { sessionsBetween } from "../src/model/calendar.ts";
import { type TestDatabase, TestDatabases } from "../src/store/test_databases.ts";
import { MinerWorld } from "./miner_world.ts";

const databases = new TestDatabases();
const FROM = "2021-06-01";
const DAY = "2022-01-21";

interface Row {
  symbol: string;
  day: string;
  close: number;
  volume: string;
  sma: number | null;
}

async function mining(
  db: TestDatabase,
  run: (world: MinerWorld, rows: (symbol: string) => Promise<Row[]>) => Promise<void>,
): Promise<void> {
  const store = await db.open();
  const bare = db.connect();
  await bare.run((sql) => sql`delete from stock_ohlc`);
  try {
    await run(
      new MinerWorld(db, ["stock_ohlc"]),
      (symbol) =>
        bare.run(async (sql) => [
          ...await sql<Row[]>`
        select symbol, symbol_date::text as day, close::float8 as close, volume,
               (indicators ->> 'sma(3)')::float8 as sma
          from stock_ohlc where symbol = ${symbol} order by symbol_date`,
        ]),
    );
  } finally {
    await bare.close();
    await store.close();
  }
}

const options = { days: 10, indicators: ["sma(3)"] };

databases.each(
  "the sessions that are missing are written, with indicators, and no holiday",
  (db) =>
    mining(db, async (world, rows) => {
      world.add("AAA", FROM, "2022-02-01", (i) => 100 + i);
      assert.deepEqual(await world.run(DailyOhlc, options, DAY), {
        symbols: 1,
        of_date: 1,
        empty: 0,
        readjusted: [],
      });
      const found = await rows("AAA");
      // 17 January was Martin Luther King's day.
      const days = sessionsBetween("2022-01-06", DAY).slice(-10).map(({ date }) => date);
      assert.deepEqual(found.map(({ day }) => day), days);
      assert.equal(days.includes("2022-01-17"), false);
      for (const { close, sma } of found) assert.equal(sma, close - 1);
      assert.deepEqual(world.written, { stock_ohlc: 10 });

      await world.run(DailyOhlc, options, DAY);
      assert.deepEqual(world.written, {}, "twice writes nothing");

      await world.run(DailyOhlc, options, "2022-01-26");
      assert.deepEqual(world.written, { stock_ohlc: 3 }, "a missed day is filled by the next run");
      assert.equal((await rows("AAA")).length, 13);
    }),
);

databases.each(
  "a split is noticed: all rows of the symbol are those of the new history",
  (db) =>
    mining(db, async (world, rows) => {
      world.add("AAA", FROM, "2022-01-14", () => 100);
      world.add("BBB", FROM, "2022-01-14", () => 50);
      await world.run(DailyOhlc, options, "2022-01-03");
      await world.run(DailyOhlc, options, "2022-01-14");
      const before = (await rows("AAA")).length;
      // Two for one on the 18th: the provider's history is another from then on.
      world.add("AAA", FROM, "2022-01-20", () => 50);
      world.add("BBB", FROM, "2022-01-20", () => 50);
      const result = await world.run(DailyOhlc, { ...options, days: 4 }, "2022-01-20");
      assert.deepEqual((result as { readjusted: string[] }).readjusted, ["AAA"]);
      const after = await rows("AAA");
      assert.equal(after.length, before + 3, "those before the window too");
      for (const { close, sma } of after) assert.deepEqual([close, sma], [50, 50]);
      assert.deepEqual(world.written, { stock_ohlc: before + 3 + 3 });
    }),
);

databases.each(
  "a run after a long time reads a symbol's rows anew, however old",
  (db) =>
    mining(db, async (world, rows) => {
      world.add("AAA", "2020-01-02", "2020-02-03", () => 100);
      await world.run(DailyOhlc, options, "2020-02-03");
      world.add("AAA", "2020-01-02", DAY, () => 10);
      await world.run(DailyOhlc, options, DAY);
      assert.deepEqual(new Set((await rows("AAA")).map(({ close }) => close)), new Set([10]));
    }),
);

databases.each(
  "a last day that was corrected is written again, other indicators make all anew",
  (db) =>
    mining(db, async (world, rows) => {
      world.add("AAA", FROM, DAY, () => 100);
      await world.run(DailyOhlc, options, DAY);
      world.add("AAA", DAY, DAY, () => 101);
      const result = await world.run(DailyOhlc, options, DAY);
      assert.deepEqual((result as { readjusted: string[] }).readjusted, []);
      assert.deepEqual(world.written, { stock_ohlc: 1 });
      assert.equal((await rows("AAA")).at(-1)!.close, 101);
      await world.run(DailyOhlc, { days: 10, indicators: ["sma(3)", "rsi(2)"] }, DAY);
      assert.deepEqual(world.written, { stock_ohlc: 10 });
    }),
);

databases.each(
  "what was mined stays when the provider refuses, and the next run goes on",
  (db) =>
    mining(db, async (world, rows) => {
      for (let i = 0; i < 450; i++) {
        world.add(`S${String(i).padStart(3, "0")}`, "2022-01-03", DAY, () => 100);
      }
      world.failAt = 2;
      await assert.rejects(world.run(DailyOhlc, { days: 3 }, DAY), /rate limit/);
      assert.deepEqual(world.written, { stock_ohlc: 600 });
      assert.equal((await rows("S199")).length, 3);
      assert.equal((await rows("S200")).length, 0);
      world.failAt = Infinity;
      await world.run(DailyOhlc, { days: 3 }, DAY);
      assert.deepEqual(world.written, { stock_ohlc: 750 });
    }),
);

databases.each(
  "limits of price are those of the last close",
  (db) =>
    mining(db, async (world, rows) => {
      world.add("CHEAP", "2022-01-03", DAY, () => 2);
      world.add("DEAR", "2022-01-03", DAY, () => 900);
      world.add("GOOD", "2022-01-03", DAY, () => 5);
      world.add("ROSE", "2022-01-03", DAY, (_, date) => date === DAY ? 5 : 4);
      const result = await world.run(
        DailyOhlc,
        { days: 3, minSharePrice: 5, maxSharePrice: 500 },
        DAY,
      );
      assert.equal((result as { symbols: number }).symbols, 2);
      assert.equal((await rows("ROSE")).length, 3);
      assert.equal((await rows("CHEAP")).length, 0);
      await assert.rejects(
        world.run(DailyOhlc, { minSharePrice: 5, maxSharePrice: 1 }, DAY),
        /min_share_price 5 is above max_share_price 1/,
      );
    }),
);

databases.each(
  "symbols that are gone are told, the others are mined, an empty day is told",
  (db) =>
    mining(db, async (world) => {
      world.add("AAA", FROM, "2022-01-20", () => 100);
      world.add("OLD", FROM, "2021-07-01", () => 100);
      const given = { ...options, symbols: ["AAA", "OLD", "NONE"] };
      assert.deepEqual(await world.run(DailyOhlc, given, DAY), {
        symbols: 1,
        of_date: 0,
        empty: ["OLD", "NONE"],
        readjusted: [],
      });
      assert.match(world.warnings[0]!, /nothing came of OLD, NONE: renamed, delisted/);
      assert.match(world.warnings[1]!, /no bar of 2022-01-21 has come yet/);
      await assert.rejects(
        world.run(DailyOhlc, { ...options, symbols: ["NONE"] }, DAY),
        /nothing came of NONE/,
      );
      world.closes.clear();
      await assert.rejects(world.run(DailyOhlc, options, DAY), /There are no symbols/);
    }),
);
