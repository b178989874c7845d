/**
 * LiuAlgoTrader's tables as a database has them: its versions added columns and changed types, and
 * none says which it is. What is looked at is what is there.
 */
import { OperationError } from "../../util/errors.ts";
import type { Database } from "../database.ts";
import type { Migration } from "../migrations.ts";

/** Where its tables are moved to, and stay. */
export const OLD_SCHEMA = "liualgotrader";

/** All that any of its versions made. */
export const OLD_TABLES = [
  "algo_run",
  "trades",
  "new_trades",
  "trending_tickers",
  "gain_loss",
  "trade_analysis",
  "stock_ohlc",
  "ticker_data",
  "keystore",
  "accounts",
  "account_transactions",
  "portfolio",
  "portfolio_batch_ids",
  "optimizer_run",
  "trade_plan",
  "trade_plan_execution_audit",
] as const;

export type OldTable = typeof OLD_TABLES[number];

/** Without these it is none of its versions. */
const NEEDED: Partial<Record<OldTable, string[]>> = {
  algo_run: ["algo_run_id", "algo_name", "algo_env", "build_number", "start_time"],
  new_trades: ["trade_id", "algo_run_id", "symbol", "operation", "qty", "price", "tstamp"],
};

export class OldTables {
  constructor(
    /** The schema that they are in. */
    readonly schema: string,
    /** The zone of times that have none: the server's own, in which it wrote them. */
    readonly serverZone: string,
    /** Table → column → type, as information_schema names it. */
    readonly columns: ReadonlyMap<string, ReadonlyMap<string, string>>,
  ) {}

  has(table: OldTable): boolean {
    return this.columns.has(table);
  }

  /** Null where there is no such column. */
  typeOf(table: OldTable, column: string): string | null {
    return this.columns.get(table)?.get(column) ?? null;
  }
}

/** "done": they were taken over before. Throws OperationError for anything but a whole old database. */
export async function findOldTables(
  database: Database,
  migrations: readonly Migration[],
): Promise<OldTables | "done"> {
  const [found] = await database.run((sql) =>
    sql<{ schema: string | null; zone: string; isLius: boolean; isMoved: boolean }[]>`
      select (select nspname from pg_class c join pg_namespace n on n.oid = relnamespace
               where c.oid = to_regclass('algo_run')) as schema,
             (select reset_val from pg_settings where name = 'TimeZone') as zone,
             to_regclass('liu_migration') is not null as "isLius",
             to_regclass(${OLD_SCHEMA + ".algo_run"}) is not null as "isMoved"`
  );
  if (found.isMoved && found.isLius) return "done";
  if (found.isMoved) {
    throw refused(
      `the schema ${OLD_SCHEMA} holds LiuAlgoTrader's tables, but liu's own are not here. ` +
        `Restore the database from its backup, or move them back: alter table … set schema public`,
    );
  }
  if (found.isLius) {
    throw refused(
      "it is liu's own already, and holds nothing of LiuAlgoTrader's. Put LiuAlgoTrader's DSN " +
        "in DSN",
    );
  }
  if (found.schema === null) {
    throw refused("it holds no table algo_run. Put LiuAlgoTrader's DSN in DSN");
  }
  const columns = await columnsOf(database, found.schema);
  refuseUnknown(columns);
  refuseTaken(columns, migrations);
  return new OldTables(found.schema, found.zone, columns);
}

async function columnsOf(
  database: Database,
  schema: string,
): Promise<Map<string, Map<string, string>>> {
  const rows = await database.run((sql) =>
    sql<{ table: string; column: string; type: string }[]>`
      select table_name::text as "table", column_name::text as "column",
             data_type::text as "type"
        from information_schema.columns
        join information_schema.tables using (table_schema, table_name)
       where table_schema = ${schema} and table_type = 'BASE TABLE'
       order by table_name, ordinal_position`
  );
  const tables = new Map<string, Map<string, string>>();
  for (const { table, column, type } of rows) {
    if (!tables.has(table)) tables.set(table, new Map());
    tables.get(table)!.set(column, type);
  }
  return tables;
}

function refuseUnknown(columns: OldTables["columns"]): void {
  const missing = Object.entries(NEEDED).flatMap(([table, names]) =>
    names.filter((name) => !columns.get(table)?.has(name)).map((name) => `${table}.${name}`)
  );
  if (missing.length === 0) return;
  throw refused(
    `it is of no version of LiuAlgoTrader that is known: ${missing.join(", ")} ` +
      `${missing.length === 1 ? "is" : "are"} missing. Apply its newest schema.sql first`,
  );
}

/** Liu's tables must find their names free. */
function refuseTaken(columns: OldTables["columns"], migrations: readonly Migration[]): void {
  const old = new Set<string>(OLD_TABLES);
  const taken = migrations.flatMap(({ sql }) =>
    [...sql.matchAll(/create table (?:if not exists )?(\w+)/gi)].map(([, name]) => name)
  ).filter((name) => columns.has(name) && !old.has(name));
  if (taken.length === 0) return;
  throw refused(
    `it also holds a table ${taken[0]}, which is neither LiuAlgoTrader's nor made by liu: half a ` +
      `migration, or somebody's own. Rename it, or restore the database from its backup`,
  );
}

export function refused(why: string): OperationError {
  return new OperationError(`Cannot take the database over: ${why}.`);
}
