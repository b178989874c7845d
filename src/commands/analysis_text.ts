/** A report on the terminal: figures in columns, then tables, all within its width. */
import type { GroupName, GroupRow, Report } from "../analysis/report_types.ts";
import { duration, figuresOf, percent, ratio, signed } from "../analysis/figure_texts.ts";
import type { Trip } from "../analysis/trips.ts";
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import { type Cell, table } from "../util/table.ts";

interface Shown {
  width: number;
  hasColors: boolean;
}

const ROWS_MAX = 25;
const NAME_WIDTH = 19;
const COLUMN_WIDTH = 40;
const GROUP_TITLES: Record<Exclude<GroupName, "total">, string> = {
  symbol: "symbol",
  strategy: "strategy",
  side: "side",
  weekday: "entry on",
  hour: "entry at",
};

export function reportText(report: Report, shown: Shown): string {
  const parts = [headText(report, shown), figuresText(report, shown)];
  if (report.trades.count > 0) {
    for (const name of ["symbol", "strategy", "side", "weekday", "hour"] as const) {
      const rows = report.groups[name];
      // One side says nothing that the totals do not.
      if (name === "side" && rows.length < 2) continue;
      parts.push(groupTable(GROUP_TITLES[name], rows, report, shown));
    }
    if (report.best.length > 0) parts.push(tripTable("Best trades", report.best, shown));
    if (report.worst.length > 0) parts.push(tripTable("Worst trades", report.worst, shown));
  }
  if (report.notes.length > 0) {
    parts.push(report.notes.map((note) => wrap(note, shown.width, "  ")).join(""));
  }
  return parts.join("\n");
}

function headText({ batches, period, filters, account }: Report, { width }: Shown): string {
  const lines: string[] = [];
  const [first] = batches;
  if (batches.length === 1) {
    const reasons = first.endReasons.length > 0 ? first.endReasons.join(", ") : "no end";
    lines.push(
      `Batch ${first.batchId}, ${first.environment}, ${exchangeDate(first.startUs)} from ` +
        `${exchangeTime(first.startUs)}: ${first.runs} runs, ended: ${reasons}`,
    );
  } else {
    const executions = batches.reduce((sum, one) => sum + one.executions, 0);
    lines.push(
      `${batches.length} batches, ${exchangeDate(period.fromUs)} to ` +
        `${exchangeDate(Math.max(period.fromUs, period.toUs - 1))}, ${executions} executions`,
    );
  }
  const only = [
    ...filters.strategies.map((name) => `strategy ${name}`),
    ...filters.symbols.map((name) => `symbol ${name}`),
    ...(filters.fromUs === null ? [] : [`from ${exchangeDate(filters.fromUs)}`]),
    ...(filters.toUs === null ? [] : [`to ${exchangeDate(filters.toUs - 1)}`]),
  ];
  if (only.length > 0) lines.push(`Only ${only.join(", ")}`);
  if (account.open.length > 0) {
    const open = account.open.slice(0, 10).map(({ qty, symbol }) => `${qty} ${symbol}`).join(", ");
    lines.push(`Still open: ${open}${account.open.length > 10 ? ", …" : ""}`);
  }
  return lines.map((line) => wrap(line, width, "  ")).join("");
}

/** As many columns side by side as fit, filled from above. */
function figuresText(report: Report, { width, hasColors }: Shown): string {
  const figures = figuresOf(report);
  const columns = Math.max(1, Math.min(3, Math.floor((width + 2) / COLUMN_WIDTH)));
  const rows = Math.ceil(figures.length / columns);
  const lines = Array.from(
    { length: rows },
    (_, i) =>
      Array.from({ length: columns }, (_, column) => figures[column * rows + i])
        .filter((one) => one !== undefined),
  );
  return lines.map((cells) =>
    cells.map(([name, value], i) => {
      const text = textOf(value);
      const padded = i < cells.length - 1
        ? " ".repeat(Math.max(2, COLUMN_WIDTH - NAME_WIDTH - text.length))
        : "";
      return name.padEnd(NAME_WIDTH) + colored(value, hasColors) + padded;
    }).join("").trimEnd() + "\n"
  ).join("");
}

function groupTable(
  title: string,
  rows: readonly GroupRow[],
  report: Report,
  shown: Shown,
): string {
  const isWide = shown.width >= 76;
  const order = rows.length > ROWS_MAX
    ? rows.toSorted((a, b) => Math.abs(b.gain) - Math.abs(a.gain)).slice(0, ROWS_MAX)
    : rows;
  const cellsOf = (row: GroupRow): Cell[] => [
    row.name,
    String(row.trades),
    percent(row.winRate),
    ...(isWide ? [ratio(row.profitFactor)] : []),
    signed(row.gain, row.gain.toFixed(2)),
    ...(isWide ? [percent(row.gainPercent === null ? null : row.gainPercent / 100, "+")] : []),
    row.r === null ? "–" : ratio(row.r, "+"),
    ...(isWide ? [report.orders.hasFees ? row.fees.toFixed(2) : "–"] : []),
  ];
  const head = isWide
    ? [title, "trades", "won", "profit factor", "gain", "gain %", "r", "fees"]
    : [title, "trades", "won", "gain", "r"];
  const text = table(head, order.map(cellsOf), {
    ...shown,
    foot: rows.length > 1 || title === "strategy" ? report.groups.total.map(cellsOf) : [],
  });
  const more = rows.length - order.length;
  return more === 0 ? text : text + `${more} more, of smaller gains and losses: --csv, --json\n`;
}

function tripTable(title: string, trips: readonly Trip[], shown: Shown): string {
  const isWide = shown.width >= 76;
  const head = [
    title,
    "symbol",
    ...(isWide ? ["strategy", "side"] : []),
    "gain",
    "%",
    "r",
    ...(isWide ? ["held"] : []),
  ];
  const rows = trips.map((trip): Cell[] => [
    `${exchangeDate(trip.startUs)} ${exchangeTime(trip.startUs)}`,
    trip.symbol,
    ...(isWide ? [trip.strategy, trip.side] : []),
    signed(trip.gain, trip.gain.toFixed(2)),
    trip.gainPercent.toFixed(2),
    trip.r === null ? "–" : ratio(trip.r, "+"),
    ...(isWide ? [duration((trip.endUs - trip.startUs) / 86_400e6)] : []),
  ]);
  return table(head, rows, shown);
}

/** Side by side, a column a report; the first names are those of `figuresOf`. */
export function comparisonText(reports: readonly Report[], shown: Shown): string {
  const names = reports.map(({ batches }) => batches[0].batchId.slice(0, 12));
  const all = reports.map((report) => figuresOf(report));
  const rows = all[0].map(([name]) => [
    name,
    ...all.map((figures) => figures.find(([other]) => other === name)?.[1] ?? "–"),
  ]);
  return table(["", ...names], rows, shown);
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function colored(cell: Cell, hasColors: boolean): string {
  if (typeof cell === "string" || !hasColors) return textOf(cell);
  return `\x1b[${cell.tone === "good" ? 32 : 31}m${cell.text}\x1b[39m`;
}

/** A line end at its end; words that are longer than a line stay whole. */
function wrap(text: string, width: number, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === "" ? word : `${line} ${word}`;
  }
  return [...lines, line].join("\n") + "\n";
}
