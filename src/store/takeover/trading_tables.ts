/** Runs, what they traded, and what it earned. */
import { literal, OldRow, type TableCopy, type TakeOverOptions } from "./table_copy.ts";
import { OLD_SCHEMA, type OldTables } from "./old_tables.ts";

/** Times further apart were not of a live session: it stored a trade when it was made. */
const BACKTEST_HOURS_APART_MIN = 24;

/**
 * Temporary tables that the copies read: each run with its batch and environment, those that rows
 * refer to and that are not there among them.
 *
 * From 0.1 on LiuAlgoTrader stored "unknown" for every environment: then a batch is a backtest
 * where the optimizer made it, where it refers to a run (which it used for backtests alone), or
 * where a trade was stored a day or more after the time it tells.
 */
export function runsScript(old: OldTables, zone: string, options: TakeOverOptions): string {
  const run = new OldRow(old, "algo_run", zone);
  const trade = new OldRow(old, "new_trades", zone);
  const batch = `coalesce(nullif(${run.text("batch_id")}, ''), 'old-run-' || o.algo_run_id)`;
  const apart = `${trade.time("tstamp")} - ${trade.time("client_time")}`;
  const optimized = old.has("optimizer_run")
    ? `or e.batch_id in (select batch_id from ${OLD_SCHEMA}.optimizer_run)`
    : "";
  return `
    create temp table liu_run on commit drop as
      select o.algo_run_id as id, ${batch} as batch_id, upper(trim(o.algo_env)) as told,
             ${run.raw("ref_algo_run", "null::integer")} as ref, false as is_stand_in
        from ${run.from};
    create temp table liu_late on commit drop as
      select distinct o.algo_run_id as id
        from ${trade.from}
       where ${apart} >= interval '${BACKTEST_HOURS_APART_MIN} hours';
    insert into liu_run
      select id, coalesce('old-run-' || id, 'old-without-run'), null, null, true
        from (${refersToRuns(old)}) r
       where id is null or not exists (select from liu_run k where k.id = r.id);
    update liu_run set id = (select coalesce(max(id), 0) + 1 from liu_run) where id is null;
    create temp table liu_batch on commit drop as
      select batch_id, bool_or(ref is not null or id in (select id from liu_late)) as is_backtest
        from liu_run group by batch_id;
    create temp table liu_environment on commit drop as
      select r.*, case
               when told in ('PAPER', 'BACKTEST', 'PROD') then told
               when told in ('LIVE', 'PRODUCTION') then 'PROD'
               when e.is_backtest ${optimized} then 'BACKTEST'
               else ${literal(options.environment)}
             end as environment
        from liu_run r join liu_batch e using (batch_id);
    create index on liu_environment (id);
    analyze liu_environment;`;
}

/** The id of the run of each row of the tables that have one; a missing one is null. */
function refersToRuns(old: OldTables): string {
  return (["new_trades", "trades", "gain_loss", "trade_analysis"] as const)
    .filter((table) => old.typeOf(table, "algo_run_id") !== null)
    .map((table) => `select algo_run_id as id from ${OLD_SCHEMA}.${table}`)
    .join(" union ");
}

/** The run of a row, or the one that stands for what has none. */
const RUN = `coalesce(o.algo_run_id,
  (select id from liu_environment where is_stand_in and batch_id = 'old-without-run'))`;

export function tradingCopies(old: OldTables, zone: string): TableCopy[] {
  const copies = [runs(old, zone), executions(new OldRow(old, "new_trades", zone))];
  if (isBoughtAndSold(old)) copies.push(...boughtAndSold(new OldRow(old, "trades", zone)));
  for (const table of ["gain_loss", "trade_analysis"] as const) {
    if (old.has(table)) copies.push(gains(new OldRow(old, table, zone)));
  }
  if (old.has("trending_tickers")) copies.push(picks(new OldRow(old, "trending_tickers", zone)));
  return copies;
}

/** Of a backtest the run that it traded again, as in Liu; a live run's would carry on positions. */
const REFERENCE = `(case when e.environment = 'BACKTEST' and e.ref <> e.id
    then (select r.id from liu_environment r where r.id = e.ref) end)`;

function runs(old: OldTables, zone: string): TableCopy {
  const row = new OldRow(old, "algo_run", zone);
  const stored = new OldRow(old, "new_trades", zone, "n");
  const parameters = row.json("parameters");
  // The original stored the DSN, with its password, as a parameter of each run.
  return {
    table: "algo_run",
    from: `liu_environment e left join ${OLD_SCHEMA}.algo_run o on o.algo_run_id = e.id`,
    columns: {
      algo_run_id: "e.id",
      algo_name: "coalesce(o.algo_name, 'unknown')",
      algo_env: "e.environment",
      build_number: "coalesce(o.build_number, 'unknown')",
      parameters: `case jsonb_typeof(${parameters})
          when 'object' then ${parameters} - 'DSN' - 'dsn'
          when 'null' then '{}'::jsonb
          else coalesce(jsonb_build_object('parameters', ${parameters}), '{}'::jsonb)
        end || jsonb_build_object('liualgotrader', jsonb_strip_nulls(jsonb_build_object(
          'environment', o.algo_env,
          'ref_algo_run', case when ${REFERENCE} is null then e.ref end,
          'stands_for_missing_run', nullif(e.is_stand_in, false))))`,
      start_time: `coalesce(${row.time("start_time")},
        (select min(${stored.time("tstamp")}) from ${stored.from} where n.algo_run_id = e.id),
        timestamptz 'epoch')`,
      end_time: row.time("end_time"),
      end_reason: row.text("end_reason"),
      batch_id: "e.batch_id",
      ref_algo_run: REFERENCE,
    },
    leftOut: [],
    sums: [],
    changes: [
      { why: "runs made up for rows whose own is missing", when: "e.is_stand_in" },
      {
        why: "runs that did not tell their environment: backtests, by their times",
        when: "e.environment = 'BACKTEST' and e.told is distinct from 'BACKTEST'",
      },
      ...(["PAPER", "PROD"] as const).map((environment) => ({
        why: `runs that did not tell their environment: taken as ${environment}`,
        when: `e.environment = '${environment}' and not e.is_stand_in and
          e.told not in ('PAPER', 'PROD', 'LIVE', 'PRODUCTION')`,
      })),
    ],
    serial: "algo_run_id",
  };
}

/** Its side is what it did to the position: a negative quantity turns it round. */
const SIDE = `case when o.qty >= 0 then o.operation::text else case o.operation::text
  when 'buy' then 'sell' when 'sell' then 'buy'
  when 'sell_short' then 'buy_short' else 'sell_short' end end`;
const SIGN = "case when o.operation::text in ('buy', 'buy_short') then 1 else -1 end";
const NEW_SIGN = "case when operation in ('buy', 'buy_short') then 1 else -1 end";

function executions(row: OldRow): TableCopy {
  const fee = `coalesce(${row.number("trade_fee")}, 0)`;
  const level = (column: string) => `nullif(nullif(${row.number(column)}, 0), 'NaN'::numeric)`;
  const decided = row.time("client_time");
  const identity = "'liualgotrader-' || o.trade_id";
  return {
    table: "new_trades",
    from: `${row.from} join liu_environment e on e.id = ${RUN}`,
    columns: {
      trade_id: "o.trade_id",
      algo_run_id: "e.id",
      symbol: row.symbol(),
      operation: `(${SIDE})::trade_operation`,
      qty: "abs((o.qty::text)::numeric)",
      price: row.number("price"),
      indicators: row.json("indicators"),
      client_time: decided,
      // A backtest stored what it traded at a past time when it came to it.
      tstamp: `coalesce(case when e.environment = 'BACKTEST' then ${decided} end,
        ${row.time("tstamp")}, ${decided}, timestamptz 'epoch')`,
      stop_price: level("stop_price"),
      target_price: level("target_price"),
      expire_tstamp: row.time("expire_tstamp"),
      trade_fee: `greatest(case when o.qty < 0 then abs(${fee}) else ${fee} end, 0)`,
      broker_order_id: identity,
      client_order_id: identity,
      cumulative_qty: "abs((o.qty::text)::numeric)",
    },
    leftOut: [
      { why: "orders, not executions: their quantity is 0", when: "o.qty = 0" },
      { why: "without a number as quantity, price or fee", when: notTraded(row) },
    ],
    sums: [{
      old: `${SIGN} * o.qty::numeric * o.price::numeric`,
      new: `${NEW_SIGN} * qty * price`,
    }, { old: `${SIGN} * o.qty::numeric`, new: `${NEW_SIGN} * qty` }],
    changes: [
      { why: "executions of a negative quantity: their side is turned", when: "o.qty < 0" },
      { why: "executions with a negative fee: taken as 0", when: `${fee} < 0 and o.qty > 0` },
      {
        why: "executions that were expired, and count in no analysis",
        when: row.has("expire_tstamp") ? "o.expire_tstamp is not null" : "false",
      },
      {
        why: "executions with a client_time that is no time: without it",
        when: row.has("client_time") ? `o.client_time is not null and ${decided} is null` : "false",
      },
      {
        why: "executions whose symbol is in small letters: in capitals",
        when: "o.symbol <> upper(o.symbol) and o.symbol = lower(o.symbol)",
      },
    ],
    serial: "trade_id",
  };
}

function notTraded(row: OldRow): string {
  return `${row.isNull("qty", "price")} or ${row.isNoNumber("qty", "price", "trade_fee")}`;
}

/** Before July 2020 a row was bought and sold at; the oldest shape is kept where it is only. */
function isBoughtAndSold(old: OldTables): boolean {
  return ["qty", "buy_price", "buy_time", "sell_price", "sell_time"]
    .every((column) => old.typeOf("trades", column) !== null);
}

function boughtAndSold(row: OldRow): TableCopy[] {
  return (["buy", "sell"] as const).map((side): TableCopy => {
    const identity = `'liualgotrader-trades-' || o.trade_id || '-${side}'`;
    const decided = row.has(`client_${side}_time`) ? row.time(`client_${side}_time`) : "null";
    const time = row.time(`${side}_time`);
    return {
      table: "new_trades",
      from: `${row.from} join liu_environment e on e.id = ${RUN}`,
      columns: {
        trade_id: `nextval(pg_get_serial_sequence('new_trades', 'trade_id'))`,
        algo_run_id: "e.id",
        symbol: row.symbol(),
        operation: `'${side}'::trade_operation`,
        qty: row.number("qty"),
        price: row.number(`${side}_price`),
        indicators: row.json(`${side}_indicators`),
        client_time: decided,
        tstamp: `coalesce(case when e.environment = 'BACKTEST' then ${decided} end,
          ${time}, ${decided}, timestamptz 'epoch')`,
        broker_order_id: identity,
        client_order_id: identity,
        cumulative_qty: row.number("qty"),
      },
      leftOut: [
        {
          why: "of runs whose executions are in new_trades already",
          when: `exists (select from ${OLD_SCHEMA}.new_trades n
            where n.algo_run_id is not distinct from o.algo_run_id)`,
        },
        { why: side === "sell" ? "not sold" : "not bought", when: row.isNull(`${side}_price`) },
        {
          why: "without a number as quantity or price",
          when: `o.qty <= 0 or ${row.isNull("qty")} or ${row.isNoNumber("qty", `${side}_price`)}`,
        },
      ],
      sums: [{ old: `o.qty::numeric * o.${side}_price::numeric`, new: "qty * price" }],
      serial: "trade_id",
    };
  });
}

function gains(row: OldRow): TableCopy {
  const isTrip = row.table === "trade_analysis";
  const id = `${row.table}_id`;
  const isTimed = "isfinite(o.start_tstamp) and isfinite(o.end_tstamp)";
  const rUnits = `nullif(${row.number("r_units")}, 'NaN'::numeric)`;
  return {
    table: row.table,
    from: `${row.from} join liu_environment e on e.id = ${RUN}`,
    columns: {
      [id]: `o.${id}`,
      symbol: row.symbol(),
      algo_run_id: "e.id",
      ...(isTrip
        ? {
          start_tstamp: row.time("start_tstamp"),
          end_tstamp: row.time("end_tstamp"),
          r_units: rUnits,
        }
        : {}),
      gain_percentage: row.number("gain_percentage"),
      gain_value: row.number("gain_value"),
      tstamp: `coalesce(${row.time("tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [{
      why: "without a number as gain",
      when: `${row.isNull("gain_percentage", "gain_value")} or ` +
        row.isNoNumber("gain_percentage", "gain_value"),
    }, ...(isTrip ? [{ why: "without times", when: `not (${isTimed})` }] : [])],
    unique: {
      by: ["symbol", "algo_run_id", ...(isTrip ? ["start_tstamp"] : [])],
      order: `tstamp desc, ${id} desc`,
      why: "older ones of the same symbol and run",
    },
    sums: [{ old: "o.gain_value::numeric", new: "gain_value" }],
    serial: id,
  };
}

function picks(row: OldRow): TableCopy {
  return {
    table: "trending_tickers",
    from: row.from,
    columns: {
      trending_id: "o.trending_id",
      batch_id: "o.batch_id",
      symbol: row.symbol(),
      scanner_name: `coalesce(${row.text("scanner_name")}, 'momentum')`,
      create_tstamp: `coalesce(${row.time("create_tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [],
    unique: {
      by: ["batch_id", "symbol", "scanner_name", "create_tstamp"],
      order: "trending_id",
      why: "the same pick at the same moment",
    },
    sums: [],
    serial: "trending_id",
  };
}
