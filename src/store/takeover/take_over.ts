/**
 * A database of LiuAlgoTrader's becomes Liu's: its tables move to a schema of their own, where they
 * stay as they were, and what they hold is copied to Liu's tables.
 */
import { ConfigError, OperationError } from "../../util/errors.ts";
import { Database, type DatabaseOptions } from "../database.ts";
import { isBadRecord, openError } from "../database_error.ts";
import { type Migration, readMigrations } from "../migrations.ts";
import { findOldTables, OLD_SCHEMA, refused } from "./old_tables.ts";
import { REFUSED, REHEARSED, takeOverScript } from "./script.ts";
import type { TakeOverOptions } from "./table_copy.ts";

export type { TakeOverOptions } from "./table_copy.ts";

/** What became of the rows of one old table. */
export interface TableTaken {
  table: string;
  found: number;
  taken: number;
  leftOut: { why: string; rows: number }[];
  changed: { why: string; rows: number }[];
}

export interface TakeOver {
  /** Zone that times without one were taken to be of. */
  zone: string;
  /** Where the old tables are. */
  schema: string;
  tables: TableTaken[];
}

/**
 * `isRehearsal`: all of it is done, compared and rolled back. "done": it was taken over before.
 * Throws ConfigError without DSN or for a zone that PostgreSQL does not know, and OperationError for
 * a database that is in use, half migrated, or of no version that is known.
 */
export async function takeOver(
  options: DatabaseOptions & TakeOverOptions & {
    isRehearsal: boolean;
    /** Tests pass their own; otherwise the program's. */
    migrations?: Migration[];
  },
): Promise<TakeOver | "done"> {
  if (options.dsn === null) {
    throw new ConfigError(
      "Cannot take a database over: DSN is not set. Set it to that of LiuAlgoTrader's database, " +
        "such as postgresql://user:password@localhost/liu",
    );
  }
  // One connection: others of ours would look like somebody who uses the database.
  const database = new Database({ ...options, connectionsMax: 1 });
  try {
    const migrations = options.migrations ?? await readMigrations();
    const old = await findOldTables(database, migrations);
    if (old === "done") return "done";
    const zone = await knownZone(database, options.zone ?? old.serverZone);
    const script = await takeOverScript(old, migrations, { ...options, zone });
    const rows = await carryOut(database, script, migrations);
    return rows === "done" ? rows : { zone, schema: OLD_SCHEMA, tables: tablesOf(rows) };
  } catch (error) {
    throw toError(error, database);
  } finally {
    await database.close();
  }
}

async function knownZone(database: Database, zone: string): Promise<string> {
  const [{ isKnown }] = await database.run((sql) =>
    sql<{ isKnown: boolean }[]>`
      select exists (select from pg_timezone_names where lower(name) = lower(${zone}))
        as "isKnown"`
  );
  if (isKnown) return zone;
  throw new ConfigError(
    `Cannot read times in the zone "${zone}": PostgreSQL does not know it. Give --zone a name such ` +
      "as UTC or America/New_York",
  );
}

const SCHEMA_EXISTS = "42P06";
const LOCK_NOT_AVAILABLE = "55P03";

interface ReportRow {
  ord: number;
  table: string;
  kind: "found" | "taken" | "left_out" | "changed";
  why: string;
  rows: number;
}

async function carryOut(
  database: Database,
  script: string,
  migrations: readonly Migration[],
): Promise<ReportRow[] | "done"> {
  try {
    const results = await database.run((sql) => sql.unsafe(script));
    const last = results.at(-1) as unknown as { report: string }[];
    return JSON.parse(last[0].report);
  } catch (error) {
    const { code, detail } = error as { code?: string; detail?: string };
    if (code === REHEARSED) return JSON.parse(detail!);
    // Where the connection broke before the answer came, it was asked for once more.
    if (code === SCHEMA_EXISTS && await findOldTables(database, migrations) === "done") {
      return "done";
    }
    throw error;
  }
}

function toError(error: unknown, database: Database): Error {
  const { code, message } = error as { code?: string; message: string };
  if (code === REFUSED) return refused(message);
  if (code === LOCK_NOT_AVAILABLE) {
    return refused("something holds locks on its tables. Stop what uses it, and try again");
  }
  if (code === SCHEMA_EXISTS || code === "42P07" || code === "42710") {
    return refused(`${message}, which liu did not make: half a migration. Rename or remove it`);
  }
  if (isBadRecord(error)) {
    return refused(`the database refused it: ${message}. Nothing was changed`);
  }
  if (error instanceof ConfigError || error instanceof OperationError) return error;
  return openError(error, database.target);
}

function tablesOf(rows: readonly ReportRow[]): TableTaken[] {
  return [...Map.groupBy(rows, ({ ord }) => ord).values()].map((group) => {
    const of = (kind: ReportRow["kind"]) => group.filter((row) => row.kind === kind);
    const told = (kind: ReportRow["kind"]) => of(kind).map(({ why, rows }) => ({ why, rows }));
    return {
      table: group[0].table,
      found: of("found")[0].rows,
      taken: of("taken")[0].rows,
      leftOut: told("left_out"),
      changed: told("changed"),
    };
  });
}
