/** What is on a shelf, and what is wrong with it or missing. */
import { assetClassOf } from "../model/asset.ts";
import { cryptoSession, exchangeDate, type Session, sessionsBetween } from "../model/calendar.ts";
import { OperationError } from "../util/errors.ts";
import { type Range, union } from "./ranges.ts";
import { countBefore, type Rows } from "./rows.ts";
import type { Shelf } from "./shelf.ts";
import { type WrongRow, wrongRow } from "./wrong_row.ts";

export interface Finding {
  /**
   * damage: a file or row that cannot be right. hole: between what was downloaded or imported.
   * gap: sessions that were asked for, and have no rows.
   */
  kind: "damage" | "hole" | "gap";
  fromUs: number;
  toUs: number;
  text: string;
}

/** All rows of one symbol on one shelf. */
export interface Series {
  symbol: string;
  rows: number;
  bytes: number;
  /** The times that were asked for and got. */
  covered: Range[];
  findings: Finding[];
}

const DAY_US = 24 * 3600e6;

/** Reads all files of a symbol. Only whole sessions are looked for: minutes without a trade are usual. */
export async function checkSeries(shelf: Shelf<Rows>, symbol: string): Promise<Series> {
  const series: Series = { symbol, rows: 0, bytes: 0, covered: [], findings: [] };
  const dates = new Set<string>();
  for (const year of await shelf.years(symbol)) {
    try {
      series.bytes += (await Deno.stat(shelf.fileOf(symbol, year))).size;
      const { rows, covered } = await shelf.readYear(symbol, year);
      series.rows += rows.timeUs.length;
      series.covered = union(series.covered, covered);
      const wrong = damage(rows, wrongRow(shelf.kind, rows), covered);
      if (wrong !== null) series.findings.push(wrong);
      // The exchange's days begin in one year of UTC and may end in the next.
      const around = covered.map(({ fromUs, toUs }) => ({
        fromUs: fromUs - DAY_US,
        toUs: toUs + DAY_US,
      }));
      for (const session of sessionsOf(shelf, symbol, around)) {
        if (hasRows(rows, session)) dates.add(session.date);
      }
    } catch (error) {
      if (!(error instanceof OperationError)) throw error;
      const [fromUs, toUs] = [Date.UTC(year) * 1000, Date.UTC(year + 1) * 1000];
      series.findings.push({ kind: "damage", fromUs, toUs, text: error.message });
    }
  }
  series.findings.push(...holes(series.covered), ...gaps(shelf, series, dates));
  return series;
}

/** The first row that cannot be right, or stands in the wrong file. */
function damage({ timeUs }: Rows, wrong: WrongRow | null, covered: Range[]) {
  const outside = timeUs.findIndex((at) =>
    !covered.some(({ fromUs, toUs }) => at >= fromUs && at < toUs)
  );
  const isOutside = outside >= 0 && outside < (wrong?.row ?? Infinity);
  if (!isOutside && wrong === null) return null;
  const row = isOutside ? outside : wrong!.row;
  const text = isOutside ? "it is outside of what the file says it covers" : wrong!.text;
  const at = timeUs[row]!;
  return {
    kind: "damage" as const,
    fromUs: at,
    toUs: at + 1,
    text: `row of ${new Date(at / 1000).toISOString()}: ${text}`,
  };
}

function holes(covered: Range[]): Finding[] {
  return covered.slice(1).map(({ fromUs }, i) => ({
    kind: "hole" as const,
    fromUs: covered[i]!.toUs,
    toUs: fromUs,
    text: "never downloaded or imported",
  }));
}

function gaps(shelf: Shelf<Rows>, { symbol, covered }: Series, dates: Set<string>): Finding[] {
  const found: (Finding & { sessions: Session[] })[] = [];
  let before: Session | null = null;
  for (const session of sessionsOf(shelf, symbol, covered)) {
    if (!dates.has(session.date)) {
      const last = found.at(-1);
      if (last !== undefined && last.sessions.at(-1) === before) {
        last.sessions.push(session);
        last.toUs = session.closeUs;
      } else {
        const { openUs: fromUs, closeUs: toUs } = session;
        found.push({ kind: "gap", fromUs, toUs, text: "", sessions: [session] });
      }
    }
    before = session;
  }
  return found.map(({ sessions, ...finding }) => ({
    ...finding,
    text: sessions.length === 1
      ? `no rows in the session of ${sessions[0]!.date}`
      : `no rows in ${sessions.length} sessions, ${sessions[0]!.date} to ${sessions.at(-1)!.date}`,
  }));
}

/** The sessions that are covered whole, of days: as the days that their bars are timed at. */
function sessionsOf(shelf: Shelf<Rows>, symbol: string, covered: Range[]): Session[] {
  return covered.flatMap(({ fromUs, toUs }) => {
    const [first, last] = [exchangeDate(fromUs), exchangeDate(toUs - 1)];
    const sessions = assetClassOf(symbol) === "crypto"
      ? daysBetween(fromUs, last)
      : sessionsBetween(first, last);
    return sessions
      .map((session) => shelf.kind === "day" ? cryptoSession(session.date) : session)
      .filter(({ openUs, closeUs }) => openUs >= fromUs && closeUs <= toUs);
  });
}

function daysBetween(fromUs: number, last: string): Session[] {
  const days: Session[] = [];
  for (let day = cryptoSession(exchangeDate(fromUs)); day.date <= last;) {
    days.push(day);
    day = cryptoSession(exchangeDate(day.closeUs));
  }
  return days;
}

function hasRows({ timeUs }: Rows, { openUs, closeUs }: Session): boolean {
  return countBefore(timeUs, closeUs) > countBefore(timeUs, openUs);
}
