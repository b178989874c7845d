/** stock_cluster on both databases: what it knows of symbols, and which are alike. */
import assert from "node:assert/strict";
import StockCluster from "../src/miners/stock_cluster.ts";
import { TestDatabases } from "../src/store/test_databases.ts";
import { MinerWorld } from "./miner_world.ts";

const databases = new TestDatabases();
const DAY = "2022-01-21";
const given = { days: 60, minOverlap: 40, minDollarVolume: 0, similar: 3 };

databases.each("what the provider knows is stored, with symbols that move alike", async (db) => {
  const store = await db.open();
  const bare = db.connect();
  const rows = () =>
    bare.run(async (sql) => [
      ...await sql`select symbol, name, exchange, sector, tags, similar_tickers as similar
                     from ticker_data order by symbol`,
    ]);
  try {
    const world = new MinerWorld(db, ["ticker_data"]);
    const wave = (shift: number) => (i: number) => 100 + 10 * Math.sin(i + shift);
    world.add("AAA", "2021-06-01", DAY, wave(0));
    world.add("BBB", "2021-06-01", DAY, (i) => 2 * wave(0)(i));
    world.add("CCC", "2021-06-01", DAY, wave(Math.PI / 2));
    world.add("YOUNG", "2022-01-03", DAY, wave(0));
    world.references.set("AAA", { name: "A Inc", exchange: "NYSE" });
    world.references.set("BBB", {
      name: "B Inc",
      exchange: "NASDAQ",
      sector: "Energy",
      tags: ["oil", "gas, and more"],
      similar: ["ZZZ", "BBB"],
    });
    world.references.set("CCC", { name: "C Inc", exchange: "NYSE" });
    assert.deepEqual(await world.run(StockCluster, given, DAY), {
      symbols: 3,
      compared: 4,
      unknown: 1,
    });
    assert.match(world.warnings[0]!, /does not know 1 symbols \(any more\): YOUNG/);
    const expected = [
      {
        symbol: "AAA",
        name: "A Inc",
        exchange: "NYSE",
        sector: null,
        tags: "{}",
        similar: "{BBB}",
      },
      {
        symbol: "BBB",
        name: "B Inc",
        exchange: "NASDAQ",
        sector: "Energy",
        tags: '{oil,"gas, and more"}',
        similar: "{ZZZ,AAA}",
      },
      { symbol: "CCC", name: "C Inc", exchange: "NYSE", sector: null, tags: "{}", similar: "{}" },
    ];
    assert.deepEqual(await rows(), expected);

    // Delisted: what is stored stays; what the provider does not say any more is not taken away.
    world.references.delete("CCC");
    world.closes.delete("CCC");
    world.references.set("BBB", { name: "B plc", exchange: "NASDAQ", similar: ["ZZZ"] });
    await world.run(StockCluster, given, DAY);
    expected[1]!.name = "B plc";
    assert.deepEqual(await rows(), expected);
  } finally {
    await bare.close();
    await store.close();
  }
});
