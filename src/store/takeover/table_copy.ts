/**
 * How rows of an old table become those of Liu's. Expressions are SQL over the old row `o`; what
 * this version of the old table does not have is null.
 */
import { OLD_SCHEMA, type OldTable, type OldTables } from "./old_tables.ts";

export interface TakeOverOptions {
  /** Zone of times without one; null: the server's own. */
  zone: string | null;
  /** Of runs that tell neither theirs nor whether they were backtests. */
  environment: "PAPER" | "PROD";
}

/** Rows that Liu's tables cannot hold, or that say nothing. */
export interface LeftOut {
  why: string;
  when: string;
}

export interface TableCopy {
  /** Liu's table. */
  table: OldTable;
  /** What is copied, as a from clause. */
  from: string;
  /** Column of Liu's table → expression. */
  columns: Readonly<Record<string, string>>;
  /** The first that is true is why. */
  leftOut: readonly LeftOut[];
  /** Of rows equal in these of Liu's columns only the first by `order` is kept. */
  unique?: { by: readonly string[]; order: string; why: string };
  /** Sums that must be the same of the old columns, as they stand, and of Liu's. */
  sums: readonly { old: string; new: string }[];
  /** What is told where it concerns a row that is kept: its values were changed. */
  changes?: readonly LeftOut[];
  /** Column with a sequence. */
  serial?: string;
}

/** Writes expressions over one old table. */
export class OldRow {
  constructor(
    readonly old: OldTables,
    readonly table: OldTable,
    readonly zone: string,
    /** What the row is called. */
    readonly alias = "o",
  ) {}

  get from(): string {
    return `${OLD_SCHEMA}.${this.table} ${this.alias}`;
  }

  has(column: string): boolean {
    return this.old.typeOf(this.table, column) !== null;
  }

  raw(column: string, otherwise = "null"): string {
    return this.has(column) ? `o.${column}` : otherwise;
  }

  text(column: string): string {
    return this.has(column) ? `o.${column}::text` : "null::text";
  }

  /** Exact: of a float the shortest decimal that is the same float. */
  number(column: string): string {
    return this.has(column) ? `(o.${column}::text)::numeric` : "null::numeric";
  }

  json(column: string): string {
    switch (this.old.typeOf(this.table, column)) {
      case null:
        return "null::jsonb";
      case "jsonb":
        return `o.${column}`;
      default:
        return `pg_temp.liu_json(o.${column}::text)`;
    }
  }

  /** A time without zone is one of the zone in which the server wrote it; no infinite one is any. */
  time(column: string): string {
    const value = `${this.alias}.${column}`;
    const finite = (time: string) => `(case when isfinite(${value}) then ${time} end)`;
    switch (this.old.typeOf(this.table, column)) {
      case null:
        return "null::timestamptz";
      case "timestamp without time zone":
      case "date":
        return finite(`${value}::timestamp at time zone ${literal(this.zone)}`);
      case "text":
        return `pg_temp.liu_time(${value})`;
      default:
        return finite(value);
    }
  }

  /**
   * LiuAlgoTrader kept symbols in small letters; Alpaca's have none. One with both is left alone.
   */
  symbol(): string {
    return "case when o.symbol = lower(o.symbol) then upper(o.symbol) else o.symbol end";
  }

  isNoNumber(...columns: string[]): string {
    return columns.filter((column) => this.has(column))
      .map((column) => `coalesce(o.${column}::text in ('NaN', 'Infinity', '-Infinity'), false)`)
      .join(" or ") || "false";
  }

  isNull(...columns: string[]): string {
    return columns.map((column) => `${this.raw(column)} is null`).join(" or ");
  }
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
