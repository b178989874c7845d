/** Rows as columns, for table programs and data frames: CSV, and Arrow (arrow_frame.ts). */
import { formatRfc3339 } from "../wire/rfc3339.ts";

/** All columns have `length` values; null: not known. */
export interface Frame {
  length: number;
  columns: FrameColumn[];
}

export type FrameColumn =
  /** Microseconds since the epoch. */
  | { name: string; type: "time"; values: (number | null)[] }
  | { name: string; type: "number"; values: (number | null)[] }
  | { name: string; type: "text"; values: (string | null)[] };

/** How a column is read from a row. */
export type ColumnOf<R> =
  | [name: string, type: "time" | "number", of: (row: R) => number | null]
  | [name: string, type: "text", of: (row: R) => string | null];

export function frameOf<R>(rows: readonly R[], columns: readonly ColumnOf<R>[]): Frame {
  return {
    length: rows.length,
    columns: columns.map(([name, type, of]) =>
      ({ name, type, values: rows.map((row) => of(row)) }) as FrameColumn
    ),
  };
}

/** By RFC 4180, with a head. Times are RFC 3339; what is not known is empty. */
export function frameCsv({ length, columns }: Frame): string {
  const lines = [columns.map(({ name }) => csvCell(name)).join(",")];
  for (let i = 0; i < length; i++) {
    lines.push(
      columns.map((column) => {
        const value = column.values[i];
        return csvCell(
          column.type === "time" && value !== null ? formatRfc3339(value as number) : value,
        );
      }).join(","),
    );
  }
  return lines.join("\r\n") + "\r\n";
}

/**
 * A text that begins as a formula gets an apostrophe before it, as OWASP says: opened in a table
 * program, a symbol or a strategy's name must not become a command.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
