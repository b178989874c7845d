/**
 * Looks at the text of a miner's query before it is sent.
 * Invariant: it is one expression that may stand in brackets, and every function that it calls by
 * name is known. It is one of three doors: the query runs as a subquery, where nothing but reading
 * can stand, in a transaction that is read-only; and of functions only such are let through as the
 * database's own catalog calls stable or immutable. What has effects beyond the transaction (locks,
 * set_config, sequences, files, other servers, waiting) is volatile there, all of it.
 */
import { OperationError } from "../../util/errors.ts";

/** Volatile, and harmless. */
export const HARMLESS: readonly string[] = [
  "clock_timestamp",
  "gen_random_uuid",
  "random",
  "timeofday",
];

const SPACE = /[\s]+|--[^\n\r]*/y;
/** A quote within it is written twice. */
const TEXT = /'(?:[^']|'')*'/y;
const QUOTED_NAME = /"(?:[^"]|"")*"/y;
const NAME = /[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/y;
const DOLLAR = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y;
/** Texts with escapes are read differently by each server's settings, and from part to part. */
const ESCAPED = /[eE]'|[uU]&['"]/y;
/** Where Postgres keeps passwords, its own and those of other servers. */
const SECRET = ["pg_authid", "pg_shadow", "pg_user_mapping", "pg_user_mappings"];
const BEGINS = ["select", "with", "values", "table"];

/** Names that are followed by an opening bracket. Throws OperationError. */
export function calledNames(sql: string): string[] {
  const names = new Set<string>();
  let first: string | null = null;
  let last: string | null = null;
  let depth = 0;
  for (let at = 0; at < sql.length;) {
    const space = match(SPACE, sql, at) ?? comment(sql, at);
    if (space !== null) {
      at += space;
      continue;
    }
    if (match(ESCAPED, sql, at) !== null) refuse("write texts without E'' and U&''");
    const name = match(NAME, sql, at);
    const quoted = match(QUOTED_NAME, sql, at);
    if (name !== null || quoted !== null) {
      const end = at + (name ?? quoted)!;
      last = name !== null
        ? sql.slice(at, end).toLowerCase()
        : sql.slice(at + 1, end - 1).replaceAll('""', '"');
      if (name !== null) first ??= last;
      if (SECRET.includes(last)) refuse(`it may not read ${last}`);
      at = end;
      continue;
    }
    const text = match(TEXT, sql, at) ?? dollarText(sql, at);
    const char = sql[at]!;
    if (text === null && (char === "'" || char === '"')) refuse("a quote is not closed");
    if (char === ";") refuse("it is more than one statement: leave out the ;");
    if (char === "\0") refuse("it has a zero character");
    if (char === "(") {
      depth++;
      if (last !== null) names.add(last);
    }
    if (char === ")" && --depth < 0) refuse("it closes a bracket that it has not opened");
    last = null;
    at += text ?? 1;
  }
  if (first === null || !BEGINS.includes(first)) refuse("it must begin with select, or with");
  if (depth > 0) refuse("a bracket is not closed");
  return [...names];
}

export function refuse(why: string): never {
  throw new OperationError(`Cannot run the miner's query: ${why}`);
}

function match(pattern: RegExp, sql: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.exec(sql)?.[0].length ?? null;
}

/** Comments stand in each other. */
function comment(sql: string, at: number): number | null {
  if (!sql.startsWith("/*", at)) return null;
  let depth = 0;
  for (let i = at; i < sql.length;) {
    if (sql.startsWith("/*", i)) {
      depth++;
      i += 2;
    } else if (sql.startsWith("*/", i)) {
      i += 2;
      if (--depth === 0) return i - at;
    } else i++;
  }
  refuse("a comment is not closed");
}

function dollarText(sql: string, at: number): number | null {
  const length = match(DOLLAR, sql, at);
  if (length === null) return null;
  const end = sql.indexOf(sql.slice(at, at + length), at + length);
  if (end < 0) refuse("a dollar quote is not closed");
  return end + length - at;
}
