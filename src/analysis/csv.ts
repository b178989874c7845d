/** Trades as CSV, for a table program too: what such a program would take for a formula is not one. */
import { formatRfc3339 } from "../wire/rfc3339.ts";
import type { Trip } from "./trips.ts";

const COLUMNS: [name: string, of: (trip: Trip) => string | number | null][] = [
  ["batch_id", ({ batchId }) => batchId],
  ["strategy", ({ strategy }) => strategy],
  ["symbol", ({ symbol }) => symbol],
  ["side", ({ side }) => side],
  ["start", ({ startUs }) => formatRfc3339(startUs)],
  ["end", ({ endUs }) => formatRfc3339(endUs)],
  ["qty", ({ qty }) => qty],
  ["entry_price", ({ entryPrice }) => entryPrice],
  ["exit_price", ({ exitPrice }) => exitPrice],
  ["stop_price", ({ stopPrice }) => stopPrice],
  ["target_price", ({ targetPrice }) => targetPrice],
  ["fees", ({ fees }) => fees],
  ["gain", ({ gain }) => gain],
  ["gain_percent", ({ gainPercent }) => gainPercent],
  ["r_units", ({ r }) => r],
  ["executions", ({ executions }) => executions],
  ["mae_percent", ({ maePercent }) => maePercent],
  ["mfe_percent", ({ mfePercent }) => mfePercent],
];

/** One line a round trip, by RFC 4180. Times are RFC 3339; what is not known is empty. */
export function tripsCsv(trips: readonly Trip[]): string {
  const lines = [COLUMNS.map(([name]) => name).join(",")];
  for (const trip of trips) lines.push(COLUMNS.map(([, of]) => csvCell(of(trip))).join(","));
  return lines.join("\r\n") + "\r\n";
}

/**
 * A text that begins as a formula gets an apostrophe before it, as OWASP says: opened in a table
 * program, a symbol or a strategy's name must not become a command.
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 */
export function csvCell(value: string | number | null): string {
  if (value === null) return "";
  if (typeof value === "number") return String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
