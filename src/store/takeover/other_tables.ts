/** Accounts and portfolios, what miners found, what strategies kept, and what was planned. */
import { OldRow, type TableCopy } from "./table_copy.ts";
import { OLD_SCHEMA, type OldTable, type OldTables } from "./old_tables.ts";

const COPIES: Partial<Record<OldTable, (row: OldRow) => TableCopy>> = {
  accounts,
  account_transactions: transactions,
  portfolio,
  portfolio_batch_ids: portfolioBatches,
  keystore,
  ticker_data: tickers,
  stock_ohlc: days,
  optimizer_run: trials,
  trade_plan: plans,
  trade_plan_execution_audit: executionAudit,
};

/** In the order of their references. */
export function otherCopies(old: OldTables, zone: string): TableCopy[] {
  return (Object.keys(COPIES) as OldTable[]).filter((table) => old.has(table))
    .map((table) => COPIES[table]!(new OldRow(old, table, zone)));
}

/** What must hold before; each is a condition on an old row, and what to say where it is true. */
export function blockers(old: OldTables): { from: string; when: string; text: string }[] {
  if (!old.has("accounts")) return [];
  const row = new OldRow(old, "accounts", "UTC");
  return [{
    from: row.from,
    when: `${row.isNoNumber("balance", "credit_line")} or ${row.isNull("balance")}`,
    text: "accounts have a balance or credit line that is no number: correct them there first",
  }];
}

/** The original kept negative balances by a switch, and checked no credit line in the database. */
function accounts(row: OldRow): TableCopy {
  const balance = row.number("balance");
  const allowed = `case when coalesce(${row.raw("allow_negative", "false")}, false)
    then greatest(coalesce(${row.number("credit_line")}, 0), 0) else 0 end`;
  const details = row.json("details");
  return {
    table: "accounts",
    from: row.from,
    columns: {
      account_id: "o.account_id",
      balance,
      allow_negative: `coalesce(${row.raw("allow_negative", "false")}, false) or ${balance} < 0`,
      credit_line: `greatest(${allowed}, -${balance})`,
      details: `case when ${balance} < -(${allowed}) then
          case when jsonb_typeof(${details}) = 'object' then ${details} else '{}'::jsonb end ||
          jsonb_build_object('liualgotrader', jsonb_build_object(
            'credit_line', ${row.text("credit_line")}))
        else ${details} end`,
      create_tstamp: `coalesce(${row.time("create_tstamp")}, timestamptz 'epoch')`,
      modified_tstamp: row.time("modified_tstamp"),
    },
    leftOut: [],
    sums: [{ old: `(o.balance::text)::numeric`, new: "balance" }],
    changes: [{
      why: "accounts overdrawn beyond their credit line: the line is raised to the balance",
      when: `${balance} < -(${allowed})`,
    }],
    serial: "account_id",
  };
}

function transactions(row: OldRow): TableCopy {
  return {
    table: "account_transactions",
    from: row.from,
    columns: {
      transaction_id: "o.transaction_id",
      account_id: "o.account_id",
      amount: row.number("amount"),
      details: row.json("details"),
      tstamp: `coalesce(${row.time("tstamp")}, timestamptz 'epoch')`,
      create_tstamp: `coalesce(${row.time("create_tstamp")}, ${row.time("tstamp")},
        timestamptz 'epoch')`,
    },
    leftOut: [
      {
        why: "without a number as amount",
        when: `${row.isNull("amount")} or ${row.isNoNumber("amount")}`,
      },
      { why: "of an account that is missing", when: isMissing("accounts", "account_id") },
    ],
    sums: [{ old: "(o.amount::text)::numeric", new: "amount" }],
    serial: "transaction_id",
  };
}

function portfolio(row: OldRow): TableCopy {
  const account = row.has("account_id")
    ? `(select account_id from ${OLD_SCHEMA}.accounts a where a.account_id = o.account_id)`
    : "null::integer";
  return {
    table: "portfolio",
    from: row.from,
    columns: {
      portfolio_id: "o.portfolio_id",
      size: row.number("size"),
      stock_count: row.raw("stock_count", "null::integer"),
      parameters: row.json("parameters"),
      assets: row.text("assets"),
      account_id: account,
      external_account_id: row.text("external_account_id"),
      broker: row.text("broker"),
      expire_tstamp: row.time("expire_tstamp"),
      tstamp: `coalesce(${row.time("tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [],
    sums: [{ old: "o.size::numeric", new: "size" }],
  };
}

function portfolioBatches(row: OldRow): TableCopy {
  return {
    table: "portfolio_batch_ids",
    from: row.from,
    columns: {
      assoc_id: "o.assoc_id",
      portfolio_id: "o.portfolio_id",
      batch_id: "o.batch_id",
    },
    leftOut: [{ why: "of a portfolio that is missing", when: isMissing("portfolio") }],
    unique: { by: ["portfolio_id", "batch_id"], order: "assoc_id", why: "the same pair again" },
    sums: [],
    serial: "assoc_id",
  };
}

/** The newest versions share a key among all strategies: it has no strategy's name. */
function keystore(row: OldRow): TableCopy {
  const hasId = row.has("keystore_id");
  return {
    table: "keystore",
    from: row.from,
    columns: {
      ...(hasId ? { keystore_id: "o.keystore_id" } : {}),
      algo_name: `coalesce(${row.text("algo_name")}, '')`,
      context: `coalesce(${row.text("context")}, '')`,
      key: "o.key",
      value: "o.value",
      tstamp: `coalesce(${row.time("tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [],
    unique: {
      by: ["algo_name", "key", "context"],
      order: "tstamp desc",
      why: "older values of the same key",
    },
    sums: [],
    serial: hasId ? "keystore_id" : undefined,
  };
}

function tickers(row: OldRow): TableCopy {
  return {
    table: "ticker_data",
    from: row.from,
    columns: {
      symbol: row.symbol(),
      name: row.text("name"),
      description: row.text("description"),
      tags: `coalesce(${row.raw("tags")}, '{}'::text[])`,
      similar_tickers: `coalesce(${row.raw("similar_tickers")}, '{}'::text[])`,
      industry: row.text("industry"),
      sector: row.text("sector"),
      exchange: row.text("exchange"),
      short_ratio: `case when ${row.isNoNumber("short_ratio")} then null
        else ${row.number("short_ratio")} end`,
      create_tstamp: `coalesce(${row.time("create_tstamp")}, timestamptz 'epoch')`,
      modify_tstamp: row.time("modify_tstamp"),
    },
    leftOut: [],
    unique: {
      by: ["symbol"],
      order: "coalesce(modify_tstamp, create_tstamp) desc",
      why: "older rows of the same symbol",
    },
    sums: [],
  };
}

function days(row: OldRow): TableCopy {
  const prices = ["open", "high", "low", "close"];
  return {
    table: "stock_ohlc",
    from: row.from,
    columns: {
      symbol_id: "o.symbol_id",
      symbol: row.symbol(),
      symbol_date: "o.symbol_date",
      ...Object.fromEntries(prices.map((name) => [name, row.number(name)])),
      volume: "round((o.volume::text)::numeric)::bigint",
      indicators: row.json("indicators"),
      modify_tstamp: row.time("modify_tstamp"),
      create_tstamp: `coalesce(${row.time("create_tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [{
      why: "without a number as price or volume",
      when: `${row.isNull(...prices, "volume")} or ${row.isNoNumber(...prices, "volume")}`,
    }],
    unique: {
      by: ["symbol", "symbol_date"],
      order: "coalesce(modify_tstamp, create_tstamp) desc, symbol_id desc",
      why: "older rows of the same symbol and day",
    },
    sums: [{ old: "(o.close::text)::numeric * o.volume::numeric", new: "close * volume" }],
    serial: "symbol_id",
  };
}

function trials(row: OldRow): TableCopy {
  return {
    table: "optimizer_run",
    from: row.from,
    columns: {
      optimizer_run_id: "o.optimizer_run_id",
      optimizer_session_id: "o.optimizer_session_id",
      batch_id: "o.batch_id",
      parameters: row.json("parameters"),
      create_tstamp: `coalesce(${row.time("tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [],
    sums: [],
    serial: "optimizer_run_id",
  };
}

/** The ids were UUIDs: a plan's number is its place by time, in a temporary table. */
export function planNumbersScript(old: OldTables): string {
  if (!old.has("trade_plan")) return "";
  return `
    create temp table liu_plan on commit drop as
      select trade_plan_id as id,
             row_number() over (order by create_tstamp, trade_plan_id)::integer as number
        from ${OLD_SCHEMA}.trade_plan;`;
}

const PLAN_NUMBER = "(select number from liu_plan p where p.id = o.trade_plan_id)";

function plans(row: OldRow): TableCopy {
  return {
    table: "trade_plan",
    from: row.from,
    columns: {
      trade_plan_id: PLAN_NUMBER,
      strategy_name: "o.strategy_name",
      parameters: row.json("parameters"),
      portfolio_id: `(select portfolio_id from ${OLD_SCHEMA}.portfolio f
        where f.portfolio_id = o.portfolio_id)`,
      start_tstamp: "o.start_date::timestamp at time zone 'America/New_York'",
      expire_tstamp: row.time("expire_tstamp"),
      create_tstamp: `coalesce(${row.time("create_tstamp")}, timestamptz 'epoch')`,
    },
    leftOut: [],
    sums: [],
    serial: "trade_plan_id",
  };
}

function executionAudit(row: OldRow): TableCopy {
  const details = row.json("details");
  return {
    table: "trade_plan_execution_audit",
    from: row.from,
    columns: {
      audit_id: "o.execution_id",
      trade_plan_id: PLAN_NUMBER,
      batch_id: `coalesce(${details} ->> 'batch_id', '')`,
      action: "'executed'",
      details: `case when jsonb_typeof(${details}) = 'object' then ${details}
          else jsonb_build_object('details', ${details}) end ||
        jsonb_build_object('started_on', o.started_on, 'ended_on', o.ended_on)`,
      tstamp: `coalesce(${row.time("started_on")}, timestamptz 'epoch')`,
    },
    leftOut: [{ why: "of a plan that is missing", when: isMissing("trade_plan") }],
    sums: [],
    serial: "audit_id",
  };
}

function isMissing(table: OldTable, column = `${table}_id`): string {
  return `not exists (select from ${OLD_SCHEMA}.${table} m where m.${column} = o.${column})`;
}
