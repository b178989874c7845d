import assert from "node:assert/strict";
import { OperationError } from "../util/errors.ts";
import { migrate, openStore } from "./store.ts";
import { readMigrations } from "./migrations.ts";
import { type TestDatabase, TestDatabases } from "./test_databases.ts";

const databases = new TestDatabases();

const TABLES = [
  "account_transactions",
  "accounts",
  "algo_run",
  "batch_figures",
  "gain_loss",
  "keystore",
  "new_trades",
  "optimizer_run",
  "optimizer_session",
  "order_denial",
  "portfolio",
  "portfolio_batch_ids",
  "stock_ohlc",
  "ticker_data",
  "trade_analysis",
  "trade_plan",
  "trade_plan_execution_audit",
  "trending_tickers",
];

databases.each("an empty database gets all tables; the second time nothing is done", async (db) => {
  const names = (await readMigrations()).map(({ name }) => name);
  await emptied(db);
  assert.deepEqual(await migrate(db), { applied: names });
  assert.deepEqual(await tables(db), [...TABLES, "liu_migration"].toSorted());
  assert.deepEqual(await migrate(db), { applied: [] });
});

databases.each("of two that start at once each migration is applied by one", async (db) => {
  const names = (await readMigrations()).map(({ name }) => name);
  await emptied(db);
  const both = await Promise.all([migrate(db), migrate(db)]);
  assert.deepEqual(both.flatMap(({ applied }) => applied).toSorted(), names);
});

databases.each("money and quantities are numeric, volume bigint, times zoned", async (db) => {
  await migrate(db);
  const bare = db.connect();
  const bad = await bare.run((sql) =>
    sql`
    select table_name, column_name, data_type from information_schema.columns
     where table_schema = 'public'
       and (data_type in ('real', 'double precision', 'timestamp without time zone', 'money')
         or numeric_precision_radix = 10 and numeric_precision is not null)`
  );
  assert.deepEqual([...bad], []);
  const [{ type }] = await bare.run((sql) =>
    sql`
    select data_type as type from information_schema.columns
     where table_name = 'stock_ohlc' and column_name = 'volume'`
  );
  assert.equal(type, "bigint");
  await bare.close();
});

databases.each("a migration that was changed after it was applied is refused", async (db) => {
  await migrate(db);
  const migrations = await readMigrations();
  migrations[0].sql += "\n-- changed";
  await assert.rejects(migrate({ ...db, migrations }), {
    name: "OperationError",
    message: /migration 0001_tables\.sql was applied with another content/,
  });
});

databases.each("other line ends are the same migration", async (db) => {
  await migrate(db);
  const migrations = (await readMigrations()).map((migration) => ({
    ...migration,
    sql: migration.sql.replaceAll("\n", "\r\n"),
  }));
  assert.deepEqual(await migrate({ ...db, migrations }), { applied: [] });
});

databases.each("a database newer than the program is refused, also read-only", async (db) => {
  await migrate(db);
  const migrations = (await readMigrations()).slice(0, 1);
  for (const readOnly of [false, true]) {
    await assert.rejects(openStore({ ...db, migrations, readOnly }), {
      name: "OperationError",
      message: /made by a newer liu.*Update liu/,
    });
  }
});

databases.each("a failing migration leaves nothing behind", async (db) => {
  await migrate(db);
  const migrations = await readMigrations();
  const version = migrations.length + 1;
  const half = { version, name: "half.sql", sql: "create table half (a int); select 1/0;" };
  await assert.rejects(migrate({ ...db, migrations: [...migrations, half] }), /division by zero/);
  assert.ok(!(await tables(db)).includes("half"));
  assert.deepEqual(await migrate(db), { applied: [] });
});

databases.each(
  "read-only, a database that isn't migrated is told from a broken one",
  async (db) => {
    await emptied(db);
    await assert.rejects(openStore({ ...db, readOnly: true }), {
      name: "OperationError",
      message: /version 0 of \d+.*liu migrate/,
    });
  },
);

databases.each("tables of another program are not touched", async (db) => {
  await emptied(db);
  await once(db, "create table algo_run (algo_run_id serial)");
  await assert.rejects(migrate(db), OperationError);
  assert.deepEqual(await tables(db), ["algo_run"]);
});

async function emptied(db: TestDatabase): Promise<void> {
  await once(db, "drop schema public cascade; create schema public");
}

async function tables(db: TestDatabase): Promise<string[]> {
  const rows = await once(
    db,
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  );
  return rows.map(({ name }) => name).toSorted();
}

async function once(db: TestDatabase, statement: string) {
  const bare = db.connect();
  const rows = await bare.run((sql) => sql.unsafe(statement));
  await bare.close();
  return rows;
}
