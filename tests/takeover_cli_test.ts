/** By command line: an old database is taken over, its batches listed, analysed, traded again, deleted. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { startControlServer } from "../src/control/control_server.ts";
import type { TraderStatus } from "../src/control/trader_control.ts";
import { TestDatabases } from "../src/store/test_databases.ts";
import { OLD_DDL, OLD_ROWS } from "../src/store/takeover/fixture.ts";
import { Liu } from "./program.ts";

const databases = new TestDatabases();

databases.server("from LiuAlgoTrader's database to a backtest of what it picked", async (db) => {
  const bare = db.connect();
  await bare.run((sql) => sql.unsafe(OLD_DDL + OLD_ROWS));
  await bare.close();
  const folder = await Deno.makeTempDir({ prefix: "liu-takeover-" });
  const liu = new Liu(folder, undefined, { DSN: db.dsn });
  const ended = async (line: string, code: number) => {
    const { code: got, out, err } = await liu.run(line.split(" "));
    assert.equal(got, code, `liu ${line}\n${out}${err}`);
    return { out, err };
  };
  try {
    const { err } = await ended("migrate", 1);
    assert.match(err, /liu migrate --from-liualgotrader --dry-run/);
    const dry = await ended("migrate --from-liualgotrader --dry-run", 0);
    assert.match(dry.out, /new_trades +12 +10 +2/);
    assert.match(dry.out, /Nothing was changed/);
    assert.doesNotMatch(dry.out + dry.err, /geheim/);
    assert.match((await ended("migrate --from-liualgotrader", 2)).err, /say --yes/);
    assert.match((await ended("migrate --from-liualgotrader --yes", 0)).out, /Taken over/);
    assert.match((await ended("migrate --from-liualgotrader --yes", 0)).out, /before: nothing/);

    const { out: list } = await ended("batch list", 0);
    assert.match(list, /paper-1 +PAPER +2021-03-01 09:29 +market close +1 +3 +momentum_long/);
    for (const line of list.split("\n")) assert.ok(line.length <= 80, line);
    const { out: runs } = await ended("run list --env BACKTEST --json", 0);
    assert.deepEqual(
      JSON.parse(runs).map((run: { batchId: string }) => run.batchId),
      ["back-1"],
    );
    assert.match((await ended("analyze paper-1", 0)).out, /119\.45/);

    await ended("init", 0);
    await Deno.writeTextFile(`${folder}/bars.csv`, bars());
    const again = await ended("backtest batch paper-1 --bars bars.csv --symbol AAPL --json", 0);
    const result = JSON.parse(again.out);
    assert.equal(result.ref_batch_id, "paper-1");
    assert.equal((await ended("batch show back-1", 0)).out.includes("BACKTEST"), true);

    assert.match((await ended("batch delete paper-1 --yes", 1)).err, /of the portfolio p1/);
    assert.match((await ended("batch delete last --yes", 2)).err, /name the one that is meant/);
    assert.match((await ended("batch delete live-2 --yes", 1)).err, /has not ended: .*cut short/);
    await whileTraderRuns("live-2", folder, async () => {
      assert.match((await ended("batch list", 0)).out, /live-2 .* runs now/);
      const { err } = await ended("batch delete live-2 --yes --force", 1);
      assert.match(err, /a trader runs it now/);
    });
    await whileTraderRuns(null, folder, async () => {
      const { err } = await ended("batch delete live-2 --yes --force", 1);
      assert.match(err, /a trader may run it\. The trader .* does not answer/);
    });
    assert.match(
      (await ended("batch delete paper-1 --yes --force", 0)).out,
      /Deleted batch paper-1: 3 of new_trades/,
    );
    assert.match((await ended("batch show paper-1", 1)).err, /no batch "paper-1"/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** `batchId`: what it says that it runs; null: it does not answer. */
async function whileTraderRuns(
  batchId: string | null,
  folder: string,
  run: () => Promise<void>,
): Promise<void> {
  const server = startControlServer({
    dataFolder: join(folder, "data"),
    onProblem: () => {},
    control: {
      isKilled: false,
      kill: () => Promise.resolve(),
      resume: () => Promise.reject(new Error("stuck")),
      status: () =>
        batchId === null
          ? Promise.reject(new Error("stuck"))
          : Promise.resolve({ batchId } as TraderStatus),
    },
  });
  try {
    await run();
  } finally {
    await server.close();
  }
}

/** Minutes of the old session's day. */
function bars(): string {
  const openMs = Date.parse("2021-03-01T14:30:00Z");
  const rows = Array.from({ length: 390 }, (_, i) => {
    const price = 120 + Math.sin(i / 20);
    const time = new Date(openMs + i * 60_000).toISOString();
    const [low, high] = [price - 0.1, price + 0.1].map((p) => p.toFixed(2));
    return `AAPL,${time},${price.toFixed(2)},${high},${low},${price.toFixed(2)},10000`;
  });
  return ["symbol,timestamp,open,high,low,close,volume", ...rows].join("\n") + "\n";
}
