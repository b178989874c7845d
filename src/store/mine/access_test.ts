/** What a miner may do to the database, on both: see MineAccess. */
import assert from "node:assert/strict";
import { startBatch, type TestDatabase, TestDatabases } from "../test_databases.ts";
import { MineAccess } from "./access.ts";
import { MineClient, serveMine } from "./port.ts";

const databases = new TestDatabases();

/** A migrated database, and a miner's way to it as in its worker: over a port. */
async function mining(
  db: TestDatabase,
  run: (
    client: MineClient,
    bare: (sql: string) => Promise<Record<string, unknown>[]>,
  ) => Promise<void>,
  scope = { tables: ["stock_ohlc", "ticker_data", "own", "new_trades"], isDryRun: false },
): Promise<void> {
  const store = await db.open();
  const access = new MineAccess(db, scope);
  const { port1, port2 } = new MessageChannel();
  serveMine(access, port1);
  const bare = db.connect();
  try {
    await run(
      new MineClient(port2),
      (sql) => bare.run(async (connection) => [...await connection.unsafe(sql)]),
    );
  } finally {
    port1.close();
    port2.close();
    await bare.close();
    await access.close();
    await store.close();
  }
}

const bar = (symbol: string, day: number, close: number | string) => ({
  symbol,
  symbol_date: `2022-01-${String(day).padStart(2, "0")}`,
  open: 1,
  high: 2,
  low: 1,
  close,
  volume: 1000,
  indicators: { sma: 1.5 },
});

databases.each(
  "a query gives plain rows, exact, of all types that tables have",
  (db) =>
    mining(db, async (client) => {
      const [row] = await client.query(
        `select 1::int as i, 9007199254740993::bigint as b, 0.1::numeric as n, 1.5::float8 as f,
              true as t, null::text as nothing, 'it''s' as text, date '2022-01-03' as day,
              timestamptz '2022-01-03 09:30:00-05' as time, '{"a":[1,"x"]}'::jsonb as json,
              array['a','b,"c',null] as texts, array[1,2]::int[] as ints, $1::text as given,
              $2::text[] as list -- and a comment`,
        ["x", ["p", 'q"']],
      );
      assert.deepEqual(row, {
        i: 1,
        b: "9007199254740993",
        n: "0.1",
        f: 1.5,
        t: true,
        nothing: null,
        text: "it's",
        day: "2022-01-03",
        time: "2022-01-03T14:30:00Z",
        json: { a: [1, "x"] },
        texts: ["a", 'b,"c', null],
        ints: [1, 2],
        given: "x",
        list: ["p", 'q"'],
      });
      assert.deepEqual(
        await client.query("select $1::jsonb as j, $2::boolean as b, $3::date as d", [
          { a: 1 },
          true,
          "2022-01-03",
        ]),
        [{ j: { a: 1 }, b: true, d: "2022-01-03" }],
      );
      await assert.rejects(client.query("select nothing from nowhere", []), /refused.*nowhere/);
    }),
);

/** What must not go through a query, and what is said of it. */
const TRICKS: [sql: string, why: RegExp][] = [
  ["with x as (delete from ticker_data returning *) select * from x", /WITH clause/],
  ["with x as (insert into ticker_data (symbol) values ('H') returning 1) select * from x", /WITH/],
  ["select * into stolen from ticker_data", /refused/],
  ["select symbol from ticker_data for update", /read-only/],
  ["set transaction read write", /must begin/],
  ["begin", /must begin/],
  ["select 1; delete from ticker_data", /more than one/],
  ["select set_config('transaction_read_only', 'off', true)", /set_config/],
  ["select set_config('default_transaction_read_only', 'off', false)", /set_config/],
  ["select pg_catalog.\"set_config\"('role', 'x', false)", /set_config/],
  ["select setval('stock_ohlc_symbol_id_seq', 99)", /setval/],
  ["select nextval('stock_ohlc_symbol_id_seq')", /nextval/],
  ["select pg_sleep(100) from generate_series(1, 100)", /pg_sleep/],
  ["select lo_import('/etc/passwd')", /lo_import/],
  ["select lo_create(0)", /lo_create/],
  ["select lo_from_bytea(0, 'x')", /lo_from_bytea/],
  ["select pg_read_file('/etc/passwd')", /pg_read_file/],
  ["select pg_advisory_lock(7104117)", /pg_advisory_lock/],
  ["select pg_advisory_xact_lock_shared(1)", /pg_advisory_xact_lock_shared/],
  ["select pg_notify('x', 'y')", /pg_notify/],
  ["select pg_terminate_backend(pid) from pg_stat_activity", /pg_terminate_backend/],
  ["select query_to_xml('delete from ticker_data', true, false, '')", /query_to_xml/],
  ["select dblink_exec('dbname=x', 'delete from ticker_data')", /dblink_exec.*does not exist/],
  ["copy ticker_data to program 'true'", /must begin/],
  ["select * from do_harm()", /do_harm can do more/],
  ["select harmless()", /non-volatile/],
  ["select * from generate_series(1, 1000002)", /more than 1000000 rows/],
];

databases.each("a query only reads, whatever is tried", (db) =>
  mining(db, async (client, bare) => {
    await bare(`create or replace function do_harm() returns int language sql as
      'insert into ticker_data (symbol) values (''HARM'') returning 1'`);
    // It says of itself what it is not.
    await bare(`create or replace function harmless() returns int language plpgsql stable as
      'begin execute ''insert into ticker_data (symbol) values (''''HARM'''')''; return 1; end'`);
    await client.write("ticker_data", [{ symbol: "KEPT", name: "kept" }]);
    const before = await bare("select last_value from stock_ohlc_symbol_id_seq");
    for (const [sql, why] of TRICKS) {
      await assert.rejects(client.query(sql, []), (error: Error) => {
        assert.match(error.message, why, sql);
        return true;
      }, sql);
    }
    assert.deepEqual(await client.query("select symbol from ticker_data", []), [{
      symbol: "KEPT",
    }]);
    assert.deepEqual(await bare("select last_value from stock_ohlc_symbol_id_seq"), before);
    assert.deepEqual(
      await bare("select count(*)::int as n from pg_locks where locktype = 'advisory'"),
      [{ n: 0 }],
    );
    await bare("drop function do_harm(); drop function harmless()");
  }));

databases.server("a query that takes too long is broken off, and the next one runs", async (db) => {
  const store = await db.open();
  const access = new MineAccess(db, { tables: [], isDryRun: false }, 300);
  try {
    for (let i = 0; i < 3; i++) {
      await assert.rejects(
        access.query("select count(*) from generate_series(1, 100000000000)", []),
        /takes longer than 0\.3 s/,
      );
      assert.deepEqual(await access.query("select 1 as one", []), [{ one: 1 }]);
    }
  } finally {
    await access.close();
    await store.close();
  }
});

databases.embedded(
  "a query that would hold the embedded database up is not begun",
  (db) =>
    mining(db, async (client) => {
      const cases: [sql: string, why: RegExp][] = [
        [
          "select count(*) from generate_series(1, 1000000000)",
          /too long for the embedded database/,
        ],
        [
          "select count(*) from generate_series(1, 10000) a, generate_series(1, 10000) b, " +
          "generate_series(1, 10000) c",
          /too long/,
        ],
        [
          "with recursive r(n) as (select 1 union all select n + 1 from r) select max(n) from r",
          /recursive/,
        ],
      ];
      for (const [sql, message] of cases) await assert.rejects(client.query(sql, []), { message });
      const [row] = await client.query("select count(*) as n from generate_series(1, $1::int)", [
        9,
      ]);
      assert.deepEqual(row, { n: "9" });
    }),
);

databases.each(
  "rows are written by their key, twice changes nothing, others' tables are shut",
  (db) =>
    mining(db, async (client, bare) => {
      const rows = [bar("AAA", 3, "123456789.123456789"), bar("AAA", 4, 5), bar("AAA", 4, 6)];
      await client.write("stock_ohlc", rows);
      const read = () =>
        bare(`select symbol_date::text, close, indicators, modify_tstamp, xmin::text
      from stock_ohlc where symbol = 'AAA' order by 1`);
      const first = await read();
      assert.deepEqual(
        first.map(({ symbol_date, close, indicators }) => [symbol_date, close, indicators]),
        [
          ["2022-01-03", "123456789.123456789", { sma: 1.5 }],
          ["2022-01-04", "6", { sma: 1.5 }],
        ],
      );
      await client.write("stock_ohlc", rows);
      assert.deepEqual(await read(), first);
      await client.write("stock_ohlc", [bar("AAA", 3, 7)]);
      const [changed, same] = await read();
      assert.equal(changed!.close, "7");
      assert.notEqual(changed!.modify_tstamp, null);
      assert.deepEqual(same, first[1]);
      assert.deepEqual(client.written, { stock_ohlc: 5 });

      await client.write("ticker_data", [
        { symbol: "AAA", tags: ['a "b"', "c,d", "{}"], short_ratio: null, name: "x" },
      ]);
      await client.write("ticker_data", [{ symbol: "AAA", name: "y" }]);
      assert.deepEqual(await bare("select name, tags from ticker_data where symbol = 'AAA'"), [
        { name: "y", tags: '{"a \\"b\\"","c,d","{}"}' },
      ]);
      const wrong: [table: string, row: Record<string, never> | object, why: RegExp][] = [
        ["portfolio", { portfolio_id: "x", size: 1 }, /names stock_ohlc, ticker_data.*tables =/],
        ["new_trades", { trade_id: 1 }, /no miner writes it/],
        ["own", { a: 1 }, /there is none in the database/],
        ["ticker_data\" (symbol) values ('x') --", {}, /section names/],
        ["ticker_data", { name: "no key" }, /unique key.*\(symbol\)/],
        ["ticker_data", { symbol: "A", nam: 1 }, /no column "nam"; did you mean "name"/],
        ["ticker_data", { symbol: "A", 'name") values (1) --': 1 }, /no column/],
        ["stock_ohlc", { ...bar("A", 3, "x") }, /refused.*numeric/],
      ];
      for (const [table, row, why] of wrong) {
        await assert.rejects(client.write(table, [row as never]), (error: Error) => {
          assert.match(error.message, why);
          return true;
        });
      }
      await assert.rejects(
        client.write("ticker_data", [{ symbol: "A" }, { symbol: "B", name: "b" }]),
        /two calls/,
      );
    }),
);

databases.each(
  "a dry run looks at rows and writes none",
  (db) =>
    mining(db, async (client, bare) => {
      const count = () => bare("select count(*)::int as n from ticker_data");
      const before = await count();
      await client.write("ticker_data", [{ symbol: "DRY" }]);
      await assert.rejects(client.write("ticker_data", [{ name: "x" }]), /unique key/);
      assert.deepEqual(await count(), before);
      assert.deepEqual(client.written, { ticker_data: 1 });
    }, { tables: ["ticker_data"], isDryRun: true }),
);

databases.each(
  "what reads, as liu analyze does, can write nothing by any statement",
  async (db) => {
    const store = await db.open();
    await startBatch(store);
    const reader = db.connect({ readOnly: true });
    for (
      const sql of [
        "delete from algo_run",
        "create table x (a int)",
        "with d as (delete from algo_run returning 1) select * from d",
        "select nextval('algo_run_algo_run_id_seq')",
      ]
    ) {
      await assert.rejects(reader.run((connection) => connection.unsafe(sql)), /read-only/, sql);
    }
    await reader.close();
    await store.close();
  },
);
