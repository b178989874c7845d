/**
 * Times cross as whole microseconds since the epoch in float64, which is exact until 2255; in SQL:
 *   to the database    timestamptz 'epoch' + us * interval '1 microsecond'
 *   from the database  (extract(epoch from t) * 1000000)::float8
 * Both stay exact: an interval counts whole microseconds, and extract gives a numeric.
 */

/** Rows as one parameter, to be unpacked by jsonb_to_recordset: numbers in texts stay exact. */
export function rowsJson(rows: readonly unknown[]): string {
  return JSON.stringify(rows, storable);
}

/**
 * A column of rows as one parameter, an array's text: of tables that get thousands of rows at once,
 * which unnest takes in in half the time.
 */
export function columnText(values: readonly (string | number | null)[]): string {
  return `{${values.map(elementText).join(",")}}`;
}

/** A value that an older program's spool does not have is null, as jsonb_to_recordset has it. */
function elementText(value: string | number | null | undefined): string {
  if (value === null || value === undefined) return "NULL";
  if (typeof value === "number") return String(value);
  return `"${String(storable("", value)).replace(/["\\]/g, "\\$&")}"`;
}

/** jsonb can't hold U+0000 or half of a surrogate pair; a strategy's text may. */
export function storable(_key: string, value: unknown): unknown {
  return typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value;
}

/** Of rows with the same key only the last, as "on conflict do update" takes a row once only. */
export function lastByKey<T>(rows: readonly T[], key: (row: T) => string): T[] {
  return [...new Map(rows.map((row) => [key(row), row])).values()];
}
