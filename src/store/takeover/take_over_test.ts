import assert from "node:assert/strict";
import { Database } from "../database.ts";
import { migrate, openStore } from "../store.ts";
import { type Migration, readMigrations } from "../migrations.ts";
import { startBatch, type TestDatabase, TestDatabases } from "../test_databases.ts";
import { FIRST_DDL, OLD_DDL, OLD_ROWS } from "./fixture.ts";
import { type TableTaken, type TakeOver, takeOver } from "./take_over.ts";

const databases = new TestDatabases();

databases.server("a rehearsal tells what would be done, and does nothing", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  const before = await contents(db, "public");
  const taken = await take(db, { isRehearsal: true }) as TakeOver;
  assert.equal(taken.zone, "Etc/UTC");
  assert.deepEqual(taken.tables.map(({ table, found, taken }) => [table, found, taken]), [
    ["algo_run", 6, 6],
    ["new_trades", 12, 10],
    ["trades", 3, 2],
    ["trades", 3, 1],
    ["gain_loss", 4, 2],
    ["trade_analysis", 2, 2],
    ["trending_tickers", 4, 3],
    ["accounts", 3, 3],
    ["account_transactions", 4, 2],
    ["portfolio", 2, 2],
    ["portfolio_batch_ids", 3, 1],
    ["keystore", 2, 2],
    ["ticker_data", 2, 2],
    ["stock_ohlc", 4, 2],
    ["optimizer_run", 2, 2],
    ["trade_plan", 1, 1],
    ["trade_plan_execution_audit", 2, 1],
  ]);
  assert.deepEqual(await contents(db, "public"), before);
  assert.deepEqual(await contents(db, "liualgotrader"), {});
});

databases.server("what is not taken as it is, is told with its reason", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  const { tables } = await take(db, { isRehearsal: true }) as TakeOver;
  const of = (name: string) => tables.filter(({ table }) => table === name).map(told);
  assert.deepEqual(of("new_trades"), [[
    "1 orders, not executions: their quantity is 0",
    "1 without a number as quantity, price or fee",
    "1 executions of a negative quantity: their side is turned",
    "1 executions that were expired, and count in no analysis",
    "8 executions whose symbol is in small letters: in capitals",
    "1 executions with a client_time that is no time: without it",
    "1 executions with a negative fee: taken as 0",
  ]]);
  assert.deepEqual(of("algo_run"), [[
    "2 runs made up for rows whose own is missing",
    "1 runs that did not tell their environment: backtests, by their times",
    "1 runs that did not tell their environment: taken as PAPER",
  ]]);
  assert.deepEqual(of("accounts"), [[
    "1 accounts overdrawn beyond their credit line: the line is raised to the balance",
  ]]);
  assert.deepEqual(of("portfolio_batch_ids"), [[
    "1 of a portfolio that is missing",
    "1 the same pair again",
  ]]);
});

databases.server("runs and executions are as they were, in Liu's types", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  await take(db);
  const store = await openStore(db);
  try {
    const [run] = await store.runs("paper-1");
    assert.deepEqual(run.parameters, { n: 1, liualgotrader: { environment: "PAPER" } });
    assert.equal(run.startUs, Date.parse("2021-03-01T14:29:00Z") * 1000);
    const paper = await store.trades("paper-1");
    assert.deepEqual(
      paper.map((
        { symbol, operation, qty, price, fee, stopPrice, targetPrice },
      ) => [symbol, operation, Number(qty), Number(price), Number(fee), stopPrice, targetPrice]),
      [
        ["AAPL", "buy", 100, 120.5, 0.55, "119.50", null],
        ["AAPL", "sell", 60, 121.5, 0, null, null],
        ["AAPL", "sell", 40, 122, 0, null, null],
      ],
    );
    assert.equal(paper[0].tradeUs, Date.parse("2021-03-01T14:40:02.5Z") * 1000);
    assert.equal(paper[0].decidedUs, Date.parse("2021-03-01T14:40:01.123Z") * 1000 + 456);
    assert.deepEqual(paper.map(({ decidedUs }) => decidedUs === null), [false, true, true]);
    assert.equal(new Set(paper.map(({ brokerOrderId }) => brokerOrderId)).size, 3);
    // A backtest's executions are of the time that it was about; its orders turned round again.
    const back = await store.trades("back-1");
    assert.deepEqual(
      back.map(({ operation, qty, fee, tradeUs }) => [operation, qty, Number(fee), tradeUs]),
      [
        ["buy", "0.0000000001", 1.2, Date.parse("2021-05-03T13:45:00Z") * 1000],
        ["sell", "0.0000000001", 1.2, Date.parse("2021-05-03T13:50:00Z") * 1000],
      ],
    );
    const [backtest] = await store.runs("back-1");
    assert.deepEqual([backtest.environment, backtest.refAlgoRun], ["BACKTEST", 1]);
    assert.equal((await store.runs("live-2"))[0].environment, "PAPER");
    assert.deepEqual(
      (await store.trades("live-2")).map(({ symbol }) => symbol),
      ["O", "BACpL", "BACpL"],
      "an expired execution counts no more",
    );
    assert.deepEqual(
      (await store.trades("old-run-4")).map(({ symbol, operation }) => [symbol, operation]),
      [["IBM", "buy"], ["GE", "buy"], ["IBM", "sell"]],
    );
    assert.equal((await store.trades("old-run-99"))[0].symbol, "TSLA");
    assert.equal((await store.gainLoss("paper-1"))[0].gainValue, "119.45");
    assert.equal((await store.trending("paper-1")).length, 2);
  } finally {
    await store.close();
  }
});

databases.server("what miners, strategies and accounts had is there", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  await take(db);
  const rows = (statement: string) => query(db, statement);
  assert.deepEqual(
    await rows("select symbol, open::text, volume::text from stock_ohlc order by symbol"),
    [
      { symbol: "AAPL", open: "123.75", volume: "2147483647" },
      { symbol: "BRK.A", open: "0.1", volume: "0" },
    ],
  );
  assert.deepEqual(await rows("select low::text, close::text from stock_ohlc where volume = 0"), [
    { low: "0.30000000000000004", close: "0.0000001" },
  ]);
  assert.deepEqual(
    await rows(`select account_id as id, balance::text, credit_line::text, allow_negative as neg
                  from accounts order by 1`),
    [
      { id: 1, balance: "1000.1", credit_line: "0", neg: false },
      { id: 2, balance: "-500.25", credit_line: "500.25", neg: true },
      { id: 3, balance: "-10", credit_line: "1000", neg: true },
    ],
  );
  assert.deepEqual(await rows("select details from accounts where account_id = 2"), [
    { details: { liualgotrader: { credit_line: "100" } } },
  ]);
  assert.deepEqual(
    await rows("select parameters from optimizer_run order by optimizer_run_id"),
    [{ parameters: "{'a': 1}" }, { parameters: { a: 1 } }],
  );
  assert.deepEqual(await rows("select value from keystore where key = 'x/é'"), [
    { value: '{"a": 1}' },
  ]);
  assert.deepEqual(await rows("select assets from portfolio order by 1"), [
    { assets: "CRYPTO" },
    { assets: "US_EQUITIES" },
  ]);
});

databases.server("the old rows stay as they were, and new ones get new numbers", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  const before = await contents(db, "public");
  await take(db);
  assert.deepEqual(await contents(db, "liualgotrader"), before);
  assert.deepEqual(await query(db, "select count(*)::int as n from todays_runs"), [{ n: 4 }]);
  const store = await openStore(db);
  const { algoRunId } = await startBatch(store);
  assert.equal(algoRunId, 100);
  await store.close();
  await query(db, "insert into account_transactions (account_id, amount) values (1, -0.1)");
  assert.deepEqual(await query(db, "select balance::text from accounts where account_id = 1"), [
    { balance: "1000.0" },
  ]);
});

databases.server("a second time nothing is done, and liu migrate has nothing to do", async (db) => {
  await made(db, OLD_DDL + OLD_ROWS);
  await take(db);
  assert.equal(await take(db), "done");
  assert.equal(await take(db, { isRehearsal: true }), "done");
  assert.deepEqual(await migrate(db), { applied: [] });
});

databases.server("the first months' tables are taken over, with other zones' times", async (db) => {
  await made(db, FIRST_DDL);
  await take(db, { zone: "America/New_York" });
  const store = await openStore(db);
  const [trade] = await store.trades("old-run-1");
  assert.equal(trade.tradeUs, Date.parse("2020-07-01T14:00:00Z") * 1000);
  assert.equal((await store.trades("old-without-run"))[0].symbol, "IBM");
  await store.close();
});

databases.server("what is not a whole old database is refused with what to do", async (db) => {
  const names = (await readMigrations()).length;
  const refused = async (ddl: string, message: RegExp) => {
    await made(db, ddl);
    const before = await contents(db, "public");
    await assert.rejects(take(db), { name: "OperationError", message });
    assert.deepEqual(await contents(db, "public"), before);
  };
  await refused("", /holds no table algo_run/);
  await refused(
    FIRST_DDL + "alter table new_trades drop column qty;",
    /new_trades\.qty is missing/,
  );
  await refused(
    FIRST_DDL + "create table order_denial (x int);",
    /also holds a table order_denial/,
  );
  await refused(FIRST_DDL + "create schema liualgotrader;", /already exists.*half a migration/);
  await refused(
    FIRST_DDL + `create schema liualgotrader;
      alter table algo_run set schema liualgotrader;`,
    /liu's own are not here/,
  );
  await refused(OLD_DDL + "insert into accounts (balance) values ('NaN');", /1 accounts have a/);
  await made(db, "");
  assert.equal((await migrate(db)).applied.length, names);
  await assert.rejects(take(db), { message: /liu's own already/ });
  await made(db, OLD_DDL);
  await assert.rejects(take(db, { zone: "Mars/Olympus" }), {
    name: "ConfigError",
    message: /Mars/,
  });
  await assert.rejects(migrate(db), { message: /liu migrate --from-liualgotrader/ });
});

databases.server("a database that somebody uses is refused, and says who", async (db) => {
  await made(db, OLD_DDL);
  const other = db.connect();
  await other.run((sql) => sql`select 1`);
  await assert.rejects(take(db), {
    message: /in use by liu.* \(process \d+\)\. Stop what uses it/,
  });
  await other.close();
  await take(db);
});

databases.server("what would not be stored as it was is found before it counts", async (db) => {
  const migrations = await readMigrations();
  const changed = (from: string, to: string) =>
    migrations.map((migration) => ({ ...migration, sql: migration.sql.replace(from, to) }));
  const refused = async (from: string, to: string, message: RegExp) => {
    await made(db, OLD_DDL + OLD_ROWS);
    const before = await contents(db, "public");
    await assert.rejects(take(db, { migrations: changed(from, to) }), {
      name: "OperationError",
      message,
    });
    assert.deepEqual(await contents(db, "public"), before);
  };
  await refused(
    "price numeric not null check",
    "price numeric(10, 0) not null check",
    /rows of new/,
  );
  await refused(
    "volume bigint not null",
    "volume integer not null check (volume < 9)",
    /refused it/,
  );
  await refused(
    "-- Gains by symbol and run",
    "insert into keystore (algo_name, key, value) values ('x', 'x', 'x');\n-- Gains",
    /1 rows of keystore would be too many/,
  );
});

databases.server("connections that break in the middle leave all of it done, or nothing", async (
  db,
) => {
  await made(db, OLD_DDL + OLD_ROWS);
  const before = await contents(db, "public");
  const url = new URL(db.dsn!);
  const name = url.pathname.slice(1);
  url.pathname = "/postgres";
  // From another database: who uses this one is refused.
  const other = new Database({ dsn: url.href, dataDir: db.dataDir, log: db.log });
  let cuts = 0;
  let isOver = false;
  const cutting = (async () => {
    while (!isOver && cuts < 2) {
      const [{ n }] = await other.run((sql) =>
        sql<{ n: number }[]>`
          select count(pg_terminate_backend(pid))::integer as n from pg_stat_activity
           where datname = ${name} and query like '%set local search_path%' and state = 'active'`
      );
      cuts += n;
    }
  })();
  await take(db);
  isOver = true;
  await cutting;
  await other.close();
  assert.ok(cuts > 0, "never cut");
  assert.deepEqual(await contents(db, "liualgotrader"), before);
  assert.deepEqual(await query(db, "select count(*)::int as n from new_trades"), [{ n: 13 }]);
});

function told({ leftOut, changed }: TableTaken): string[] {
  return [...leftOut, ...changed].map(({ why, rows }) => `${rows} ${why}`);
}

function take(
  db: TestDatabase,
  options: { isRehearsal?: boolean; zone?: string; migrations?: Migration[] } = {},
) {
  return takeOver({
    dsn: db.dsn,
    dataDir: db.dataDir,
    log: db.log,
    zone: null,
    environment: "PAPER",
    isRehearsal: false,
    ...options,
  });
}

async function made(db: TestDatabase, ddl: string): Promise<void> {
  await query(
    db,
    `drop schema if exists public cascade; drop schema if exists liualgotrader cascade;
     create schema public; ${ddl}`,
  );
}

async function query(db: TestDatabase, statement: string): Promise<unknown[]> {
  const bare = db.connect();
  try {
    return [...await bare.run((sql) => sql.unsafe(statement))];
  } finally {
    await bare.close();
  }
}

/** All rows of a schema's tables, as text. */
async function contents(db: TestDatabase, schema: string): Promise<Record<string, unknown>> {
  const tables = await query(
    db,
    `select tablename as name from pg_tables where schemaname = '${schema}' order by 1`,
  ) as { name: string }[];
  const found: Record<string, unknown> = {};
  for (const { name } of tables) {
    found[name] = await query(
      db,
      `select count(*)::int as rows, md5(string_agg(md5(t::text), '' order by t::text)) as hash
         from ${schema}.${name} t`,
    );
  }
  return found;
}
