/**
 * The database as a miner may use it: it reads what it likes, and writes the tables that are its own.
 * Invariant: whatever a miner sends, nothing outside of its tables changes. It runs in the store's
 * worker, so that a miner's worker, whatever becomes of it, has no other way.
 */
import type postgres from "postgres";
import type { Json } from "../../contracts/store.ts";
import { ConfigError, OperationError } from "../../util/errors.ts";
import { Database, type DatabaseOptions, type Sql } from "../database.ts";
import { callError } from "../database_error.ts";
import { columnText } from "../tables/rows.ts";
import { calledNames, HARMLESS, refuse } from "./query_check.ts";
import { describe, keyFor, type TableShape } from "./table_shape.ts";

export interface MineScope {
  /** Tables that it may write. */
  tables: readonly string[];
  /** Nothing is written; all else is as if it were. */
  isDryRun: boolean;
}

/** Columns of rows, each an array's text of Postgres. */
export interface MineWrite {
  table: string;
  columns: Record<string, string>;
  rows: number;
}

/** What a miner's worker asks the store for. */
export interface MineStore {
  query(sql: string, parameters: readonly Json[]): Promise<Record<string, Json>[]>;
  /** Columns and unique keys of a table of the scope. Throws ConfigError for others. */
  shape(table: string): Promise<TableShape>;
  write(write: MineWrite): Promise<void>;
}

/** What was traded, and whose money it is: no miner writes these, whatever its section says. */
const NEVER: readonly string[] = [
  "liu_migration",
  "algo_run",
  "new_trades",
  "order_denial",
  "accounts",
  "account_transactions",
  "portfolio_batch_ids",
  "optimizer_session",
  "optimizer_run",
  "trade_plan",
  "trade_plan_execution_audit",
];

const ROWS_MAX = 1_000_000;
const QUERY_MS_MAX = 60_000;
/** Of the planner: two million rows of stock_ohlc, sorted, are below a million. */
const EMBEDDED_COST_MAX = 5_000_000;

export class MineAccess implements MineStore {
  readonly #scope: MineScope;
  readonly #reading: Database;
  readonly #writing: Database;
  readonly #shapes = new Map<string, Promise<TableShape>>();
  readonly #queryMsMax: number;

  constructor(
    options: Pick<DatabaseOptions, "dsn" | "dataDir" | "log">,
    scope: MineScope,
    queryMsMax = QUERY_MS_MAX,
  ) {
    this.#scope = scope;
    this.#queryMsMax = queryMsMax;
    this.#reading = new Database({
      ...options,
      readOnly: true,
      types: PLAIN_TYPES,
      settings: {
        statement_timeout: queryMsMax,
        standard_conforming_strings: true,
        TimeZone: "UTC",
      },
    });
    this.#writing = new Database({ ...options, readOnly: scope.isDryRun });
  }

  async query(sql: string, parameters: readonly Json[]): Promise<Record<string, Json>[]> {
    const names = calledNames(sql);
    await this.#refuseVolatile(names);
    // The line's end ends a comment in it.
    const text = `select * from (\n${sql}\n) as query limit ${ROWS_MAX + 1}`;
    const values = parameters.map(parameterText);
    if (this.#reading.target.kind === "embedded") await this.#refuseLong(text, values);
    const rows = await this.#read(text, values);
    if (rows.length > ROWS_MAX) refuse(`it gives more than ${ROWS_MAX} rows: ask for less`);
    return rows.map((row) => ({ ...row as Record<string, Json> }));
  }

  shape(table: string): Promise<TableShape> {
    if (!this.#scope.tables.includes(table) || NEVER.includes(table)) {
      const own = this.#scope.tables.join(", ") || "none";
      throw new ConfigError(
        `Cannot write the table ${table}: ` +
          (NEVER.includes(table)
            ? "it says what was traded, and no miner writes it"
            : `the miner's section names ${own}. Add it there: tables = ["${table}"]`),
      );
    }
    let shape = this.#shapes.get(table);
    if (shape === undefined) {
      this.#shapes.set(table, shape = this.#ask(this.#writing, (db) => describe(db, table)));
    }
    return shape;
  }

  async write({ table, columns, rows }: MineWrite): Promise<void> {
    const shape = await this.shape(table);
    const statement = upsert(shape, Object.keys(columns));
    if (this.#scope.isDryRun || rows === 0) return;
    await this.#ask(
      this.#writing,
      (db) => db.unsafe(statement, Object.values(columns), { simple: false } as object),
    );
  }

  async close(): Promise<void> {
    await this.#reading.close();
    await this.#writing.close();
  }

  #read(text: string, values: (string | null)[]): Promise<postgres.Row[]> {
    return this.#ask(
      this.#reading,
      (db) => db.unsafe(text, values, { simple: false } as object),
      this.#queryMsMax + 5_000,
    );
  }

  /**
   * The embedded database cannot break a query off, and all of this machine's programs wait for it:
   * a trader too. What is planned to take long is not begun.
   */
  async #refuseLong(text: string, values: (string | null)[]): Promise<void> {
    if (/\brecursive\b/i.test(text)) refuse("the embedded database takes no recursive one");
    const [row] = await this.#read(`explain (format json) ${text}`, values);
    const cost = Number(row?.["QUERY PLAN"]?.[0]?.Plan?.["Total Cost"]);
    if (cost <= EMBEDDED_COST_MAX) return;
    refuse(
      `it would take too long for the embedded database (cost ${Math.round(cost)} of at most ` +
        `${EMBEDDED_COST_MAX}): ask for less, or use a server`,
    );
  }

  async #refuseVolatile(names: string[]): Promise<void> {
    if (names.length === 0) return;
    const found = await this.#ask(this.#reading, (sql) =>
      sql<{ name: string }[]>`
        select distinct proname as name from pg_proc
         where proname = any(${columnText(names)}::text::text[]) and provolatile = 'v'
           and proname <> all(${columnText(HARMLESS)}::text::text[])
         order by proname`);
    if (found.length === 0) return;
    const list = found.map(({ name }) => name).join(", ");
    refuse(`it may only read, and ${list} can do more`);
  }

  async #ask<T>(
    database: Database,
    query: (sql: Sql) => PromiseLike<T>,
    msMax?: number,
  ): Promise<T> {
    try {
      return await database.run(query, msMax);
    } catch (error) {
      throw queryError(error, database, this.#queryMsMax);
    }
  }
}

/** Of one statement: a row whose key is there gets the values that are given, where they differ. */
function upsert(shape: TableShape, columns: readonly string[]): string {
  const { table } = shape;
  const key = keyFor(shape, columns);
  const types = columns.map((name) => shape.columns[name]!);
  const parts = types.map(({ type, isArray }, i) =>
    `$${i + 1}::text::${isArray ? "text" : type}[]`
  );
  const names = columns.map((_, i) => `c${i}`);
  const values = types.map(({ type, isArray }, i) => isArray ? `c${i}::${type}` : `c${i}`);
  const others = columns.filter((name) => !key.includes(name));
  const list = (of: readonly string[]) => of.map(quoted).join(", ");
  const isStamped = "modify_tstamp" in shape.columns && !columns.includes("modify_tstamp");
  const sets = others.map((name) => `${quoted(name)} = excluded.${quoted(name)}`);
  if (isStamped) sets.push("modify_tstamp = now()");
  const old = others.map((name) => `${quoted(table)}.${quoted(name)}`).join(", ");
  const given = others.map((name) => `excluded.${quoted(name)}`).join(", ");
  const action = others.length === 0
    ? "nothing"
    : `update set ${sets.join(", ")} where (${old}) is distinct from (${given})`;
  return `insert into ${quoted(table)} (${list(columns)})
    select ${values.join(", ")} from unnest(${parts.join(", ")}) as r (${names.join(", ")})
    on conflict (${list(key)}) do ${action}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Plain values, and lists of them as arrays; all else as JSON. */
function parameterText(value: Json): string | null {
  if (value === null) return null;
  if (Array.isArray(value) && value.every((item) => item === null || typeof item !== "object")) {
    return columnText(value.map((item) => typeof item === "boolean" ? String(item) : item));
  }
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** A database that is away may be back; that it does not take a query is the miner's fault. */
function queryError(error: unknown, { target }: Database, queryMsMax: number): Error {
  if (error instanceof OperationError || error instanceof ConfigError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isOfQuery = /^(0A|22|23|25|34|42|54|55|2F|2B)\w{3}$/.test(code) || code === "57014";
  if (!isOfQuery) return callError(error, target);
  const message = error instanceof Error ? error.message : String(error);
  return new OperationError(
    code === "57014"
      ? `Cannot run the miner's query: it takes longer than ${queryMsMax / 1000} s`
      : `The database refused what the miner asked: ${message}`,
  );
}

const text = (value: string) => value;
const isoText = (value: string) =>
  value.replace(/^(\d{4,}-\d\d-\d\d) (.*)$/, "$1T$2").replace(/\+00$/, "Z");
const numbers = (value: string) =>
  elements(value).map((item) => item === null ? null : Number(item));

/** How values cross: as plain data, exact. `serialize`: all parameters are texts already. */
const PLAIN_TYPES = {
  json: {
    to: 114,
    from: [114, 3802],
    serialize: text,
    parse: (value: string) => JSON.parse(value),
  },
  date: { to: 1184, from: [1082, 1114, 1184], serialize: text, parse: isoText },
  boolean: { to: 16, from: [16], serialize: text, parse: (value: string) => value === "t" },
  bytea: { to: 17, from: [17], serialize: text, parse: text },
  numbers: { to: 1022, from: [1005, 1007, 1021, 1022], serialize: text, parse: numbers },
  texts: {
    to: 1009,
    from: [1002, 1009, 1015, 1016, 1182, 1231],
    serialize: text,
    parse: (value: string) => elements(value),
  },
};

/** The elements of an array of one dimension, as Postgres writes it. */
function elements(array: string): (string | null)[] {
  const found: (string | null)[] = [];
  for (const [, quoted, plain] of array.matchAll(/"((?:[^"\\]|\\.)*)"|([^{},"]+)/g)) {
    if (quoted !== undefined) found.push(quoted.replace(/\\(.)/g, "$1"));
    else found.push(plain === "NULL" ? null : plain!);
  }
  return found;
}
