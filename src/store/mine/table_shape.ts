/** What a table looks like, for rows that are written by the names of columns. */
import { ConfigError, OperationError } from "../../util/errors.ts";
import { closest } from "../../util/closest.ts";
import type { Sql } from "../database.ts";

export interface TableShape {
  table: string;
  columns: Record<string, ColumnShape>;
  /** Columns of each unique key. */
  keys: string[][];
}

export interface ColumnShape {
  /** As Postgres names it. */
  type: string;
  isArray: boolean;
  isJson: boolean;
}

/** Throws ConfigError where there is no such table. */
export async function describe(sql: Sql, table: string): Promise<TableShape> {
  const columns = await sql<{ name: string; type: string; category: string }[]>`
    select attname as name, format_type(atttypid, null) as type, typcategory as category
      from pg_attribute
      join pg_class on pg_class.oid = attrelid
      join pg_type on pg_type.oid = atttypid
     where relname = ${table} and relnamespace = current_schema()::text::regnamespace
       and relkind in ('r', 'p') and attnum > 0 and not attisdropped
     order by attnum`;
  if (columns.length === 0) {
    throw new ConfigError(
      `Cannot write the table ${table}: there is none in the database. Make it first, with a ` +
        `unique key: create table ${table} (…, unique (…))`,
    );
  }
  const keys = await sql<{ columns: string }[]>`
    select json_agg(attname order by place)::text as columns
      from pg_index
      join pg_class on pg_class.oid = indrelid
      cross join unnest(indkey::smallint[]) with ordinality as k (attnum, place)
      join pg_attribute using (attnum)
     where relname = ${table} and relnamespace = current_schema()::text::regnamespace
       and attrelid = indrelid and indisunique and indimmediate and indisvalid
       and indpred is null and indexprs is null and place <= indnkeyatts
     group by indexrelid
     order by count(*), indexrelid`;
  return {
    table,
    columns: Object.fromEntries(columns.map(({ name, type, category }) => [name, {
      type,
      isArray: category === "A",
      isJson: type === "jsonb" || type === "json",
    }])),
    keys: keys.map(({ columns }) => JSON.parse(columns)),
  };
}

/** The unique key that rows with these columns have. Throws OperationError. */
export function keyFor({ table, columns, keys }: TableShape, given: readonly string[]): string[] {
  for (const name of given) {
    if (Object.hasOwn(columns, name)) continue;
    const known = Object.keys(columns);
    const meant = closest(name, known);
    throw new OperationError(
      `Cannot write rows of ${table}: it has no column "${name}"` +
        (meant ? `; did you mean "${meant}"?` : ` (it has ${known.join(", ")})`),
    );
  }
  const key = keys.find((names) => names.every((name) => given.includes(name)));
  if (key !== undefined) return key;
  throw new OperationError(
    `Cannot write rows of ${table}: they need the columns of a unique key, so that a second run ` +
      `replaces them (it has ${keys.map((names) => `(${names.join(", ")})`).join(", ") || "none"})`,
  );
}
