/** The portfolio miner on both databases, and what a session reads of it. */
import assert from "node:assert/strict";
import Portfolio from "../src/miners/portfolio.ts";
import { exchangeUs } from "../src/model/calendar.ts";
import { TestDatabases } from "../src/store/test_databases.ts";
import { MinerWorld } from "./miner_world.ts";

const databases = new TestDatabases();
const DAY = "2022-01-21";
const given = {
  portfolio: "test",
  size: 50_000,
  stocks: 2,
  lookback: 60,
  skip: 5,
  minDollarVolume: 0,
  maxWeight: 60,
};

function market(world: MinerWorld): void {
  const grown = (rate: number, shake: number) => (i: number) =>
    100 * rate ** i * (i % 2 ? 1 + shake : 1);
  world.add("CALM", "2021-06-01", DAY, grown(1.002, 0.01));
  world.add("WILD", "2021-06-01", DAY, grown(1.004, 0.03));
  world.add("SLOW", "2021-06-01", DAY, grown(1.001, 0.001));
  world.add("FALLS", "2021-06-01", DAY, grown(0.99, 0.01));
  world.add("PENNY", "2021-06-01", DAY, (i) => 1 + i / 100);
  world.add("GONE", "2021-06-01", "2022-01-10", grown(1.01, 0.01));
  world.add("YOUNG", "2022-01-03", DAY, grown(1.02, 0.01));
}

databases.each(
  "the strongest are in it, by volatility, and a session reads what was stored",
  async (db) => {
    const store = await db.open();
    const bare = db.connect();
    const row = () =>
      bare.run(async (sql) => [
        ...await sql`select size, stock_count, parameters, expire_tstamp, tstamp, xmin::text
                     from portfolio where portfolio_id = 'test'`,
      ]);
    try {
      await bare.run((sql) => sql`delete from portfolio where portfolio_id = 'test'`);
      const world = new MinerWorld(db, ["portfolio"]);
      market(world);
      assert.equal(await store.targetPortfolio("test"), null);
      await assert.rejects(
        world.run(Portfolio, { ...given, size: 0 }, DAY),
        { name: "ConfigError", message: /"size" is missing: portfolio "test" is not there yet/ },
      );
      const result = await world.run(Portfolio, given, DAY) as Record<string, unknown>;
      const stocks = result.stocks as { symbol: string; weight: number; volatility: number }[];
      assert.equal(result.considered, 3, "not the falling, cheap, young or gone");
      assert.deepEqual(stocks.map(({ symbol }) => symbol), ["WILD", "CALM"], "by their momentum");
      const target = (await store.targetPortfolio("test"))!;
      assert.deepEqual(target, {
        id: "test",
        asOf: DAY,
        size: 50_000,
        expireUs: exchangeUs("2022-01-28", "24:00"),
        stocks: [
          { symbol: "CALM", weight: 0.6 },
          { symbol: "WILD", weight: 0.4 },
        ],
      });
      const [first] = await row();
      await world.run(Portfolio, given, DAY);
      assert.deepEqual(await row(), [first], "twice changes nothing");

      // Whoever made the portfolio keeps its size, and what else is with it.
      await bare.run((sql) =>
        sql`update portfolio set size = '123.45', parameters = parameters || '{"owner": "me"}'
           where portfolio_id = 'test'`
      );
      await world.run(Portfolio, { ...given, size: 0, stocks: 1, ranking: "slope" }, DAY);
      const [changed] = await row();
      assert.equal(changed!.size, "123.45");
      assert.equal(changed!.parameters.owner, "me");
      assert.deepEqual(changed!.parameters.target.stocks.length, 1);
      assert.equal((await store.targetPortfolio("test"))!.size, 123.45);

      const none = await world.run(Portfolio, { ...given, minScore: 99 }, DAY);
      assert.deepEqual((none as { stocks: unknown[] }).stocks, []);
      assert.match(world.warnings.at(-1)!, /hold nothing/);
      await bare.run((sql) =>
        sql`update portfolio set parameters = '{"target": {"as_of": "x", "stocks": []}}'
           where portfolio_id = 'test'`
      );
      await assert.rejects(store.targetPortfolio("test"), /"test": as_of is no date/);
    } finally {
      await bare.close();
      await store.close();
    }
  },
);
