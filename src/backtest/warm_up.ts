/**
 * Looks for decisions that depend on how much history came before.
 *
 * Less history: the backtest, and the same from later days on, is run with a part of the bars
 * before its start only. A line whose decisions are settled by some part of them needs that many
 * bars; one that changes with the very first bar taken away is not settled by all that there are.
 * Later start: the backtest begins anew at the open of a session at which the account was flat,
 * with the equity that it had; what was decided from then on must be the same, because a trader
 * that is started that morning has no more.
 */
import { warmUpFromUs } from "../engine/followings.ts";
import { exchangeDate } from "../model/calendar.ts";
import { cutHistory, historyLength } from "../recorded/cut.ts";
import { DAYS_OF_HISTORY } from "./backtest_market.ts";
import { type CheckRuns, pooled, sample } from "./check_runs.ts";
import { compareRecords, type Difference } from "./compare_records.ts";
import type { RecordedKind, RecordedSession, RunRecord } from "./decision_record.ts";
import type { BacktestSettings } from "./options.ts";

/** What the exchange makes of decisions follows from them. */
export const WARM_UP_KINDS: readonly RecordedKind[] = [
  "order",
  "cancel",
  "reject",
  "failed",
  "pick",
];
/** Amounts that differ by less are taken for the same: averages forget their start slowly. */
export const WARM_UP_SHARE = 1e-4;
const SHARES_KEPT = [0.75, 0.5, 0.25, 0];
/** Numbers of bars that are tried after those shares. */
const SEARCH_AMOUNTS_MAX = 24;
/** Later starts that history is varied before too. */
const HISTORY_RESTARTS = 2;
/** What depends on the history before a start shows in so many sessions after it, or seldom. */
const HISTORY_SESSIONS = 20;
const HISTORY_DAYS = 250;

export interface WarmUpRuns extends CheckRuns {
  /** Knife edges, which are no findings. */
  except: ReadonlySet<string>;
}

export interface HistoryReport {
  bars: "minute" | "day";
  /** Bars before each start, of the symbol with the most. 0: there was nothing to vary. */
  available: number;
  /** Exchange dates of the starts. */
  dates: string[];
  needs: HistoryNeed[];
}

/** A line (or a scanner) whose decisions change with the history before the start. */
export interface HistoryNeed {
  by: string;
  place: string | null;
  /** The smallest number of bars tried from which on nothing changes. */
  bars: number;
  /** False: all that there are do not settle it. */
  isSettled: boolean;
  /** With the most bars with which it changes. */
  example: Difference & { bars: number };
}

export interface RestartReport {
  /** Exchange dates on which the backtest was begun anew. */
  dates: string[];
  findings: RestartFinding[];
}

export interface RestartFinding {
  by: string;
  place: string | null;
  /** Dates of starts after which it changes. */
  dates: string[];
  example: Difference & { date: string };
}

export async function checkHistory(
  runs: WarmUpRuns,
  bars: HistoryReport["bars"],
): Promise<HistoryReport> {
  const starts = startsFor(runs, bars);
  if (starts.length === 0) return { bars, available: 0, dates: [], needs: [] };
  const available = Math.min(...starts.map((start) => start.available));
  const search = new Search(runs, bars, available, starts);
  const dates = await search.begin();
  if (dates.length === 0) return { bars, available: 0, dates, needs: [] };
  const fixed = SHARES_KEPT.map((share) => Math.floor(available * share));
  await search.run([available - 1, ...fixed]);
  for (let tried = 0; tried < SEARCH_AMOUNTS_MAX;) {
    const next = search.next(runs.concurrency);
    if (next.length === 0) break;
    await search.run(next);
    tried += next.length;
  }
  return { bars, available, dates, needs: search.needs() };
}

/** A time to begin at, with history before it. */
interface Start {
  date: string;
  settings: BacktestSettings;
  available: number;
  /** What is decided with all of it; null: still to be found out. */
  whole: RunRecord | null;
}

/** The backtest's own, where there is history before it, and later ones that have as much. */
function startsFor(runs: CheckRuns, bars: HistoryReport["bars"]): Start[] {
  const { settings, full, random } = runs;
  const date = full.sessions[0]?.date ?? exchangeDate(settings.fromUs);
  const first = startOf(runs, settings, date, bars);
  const sessions = sample(restarts(runs), HISTORY_RESTARTS, random);
  const later = sessions.sort((a, b) => a.dayUs - b.dayUs)
    .map((session) => startOf(runs, restarted(settings, session), session.date, bars));
  if (first.available === 0) return later.filter(({ available }) => available > 0);
  const enough = later.filter(({ available }) => available >= first.available);
  return [{ ...first, whole: full }, ...enough];
}

/** Of the first sessions from its begin on. */
function startOf(
  { full }: CheckRuns,
  settings: BacktestSettings,
  date: string,
  bars: HistoryReport["bars"],
): Start {
  const { fromUs, scale } = settings;
  const days = new Set(full.sessions.map(({ dayUs }) => dayUs).filter((dayUs) => dayUs > fromUs));
  const nextUs = [...days][(scale === "day" ? HISTORY_DAYS : HISTORY_SESSIONS) - 1];
  const toUs = nextUs === undefined ? settings.toUs : nextUs - 1;
  const available = availableBars(settings, bars);
  return { date, settings: { ...settings, toUs }, available, whole: null };
}

class Search {
  readonly #runs: WarmUpRuns;
  readonly #bars: HistoryReport["bars"];
  readonly #available: number;
  #starts: Start[];
  /** Lines that change, by the number of bars that were kept. */
  readonly #changed = new Map<number, Map<string, Difference>>();
  #done = 0;

  constructor(
    runs: WarmUpRuns,
    bars: HistoryReport["bars"],
    available: number,
    starts: readonly Start[],
  ) {
    this.#runs = runs;
    this.#bars = bars;
    this.#available = available;
    this.#starts = [...starts];
    this.#changed.set(available, new Map());
  }

  /** What is decided with all of the history. Gives the dates of the starts that can be run. */
  async begin(): Promise<string[]> {
    await pooled(this.#starts, this.#runs.concurrency, async (start) => {
      start.whole ??= await this.#record(start, this.#available);
    });
    this.#starts = this.#starts.filter(({ whole }) => whole!.failure === undefined);
    return this.#starts.map(({ date }) => date);
  }

  async run(amounts: number[]): Promise<void> {
    const { concurrency, onProgress } = this.#runs;
    const fresh = [...new Set(amounts)].filter((bars) => !this.#changed.has(bars));
    const tries = fresh.flatMap((bars) => this.#starts.map((start) => ({ bars, start })));
    const total = this.#done + tries.length;
    const found = await pooled(tries, concurrency, async ({ bars, start }) => {
      const record = await this.#record(start, bars);
      onProgress?.(++this.#done, total);
      const { whole, settings } = start;
      return { bars, lines: changedLines(whole!, record, settings, this.#runs.except) };
    });
    for (const { bars, lines } of found) {
      this.#changed.set(bars, new Map([...lines, ...this.#changed.get(bars) ?? []]));
    }
  }

  async #record({ settings }: Start, bars: number): Promise<RunRecord> {
    const kept = { minutes: Infinity, days: Infinity, fromUs: settings.fromUs };
    const data = cutHistory(settings.data, {
      ...kept,
      [this.#bars === "minute" ? "minutes" : "days"]: bars,
    });
    return await this.#runs.run({ ...settings, data });
  }

  /** Amounts between that which is too little for a line and the next that is not. */
  next(count: number): number[] {
    const middles = new Set<number>();
    for (const line of this.#lines()) {
      const [failing, enough] = this.#bracket(line);
      if (enough - failing > 1) middles.add(failing + Math.floor((enough - failing) / 2));
    }
    return [...middles].slice(0, Math.max(1, count));
  }

  needs(): HistoryNeed[] {
    return [...this.#lines()].map((line) => {
      const [failing, enough] = this.#bracket(line);
      const example = this.#changed.get(failing)!.get(line)!;
      const isSettled = enough < this.#available;
      const { by, place } = example;
      return { by, place, bars: enough, isSettled, example: { ...example, bars: failing } };
    }).sort((a, b) => b.bars - a.bars);
  }

  #lines(): Set<string> {
    return new Set([...this.#changed.values()].flatMap((lines) => [...lines.keys()]));
  }

  /** The largest amount with which the line changes, and the next larger one. */
  #bracket(line: string): [failing: number, enough: number] {
    const tried = [...this.#changed.keys()].sort((a, b) => a - b);
    const at = tried.findLastIndex((bars) => this.#changed.get(bars)!.has(line));
    return [tried[at], tried[at + 1]];
  }
}

/** By line: its first difference. */
function changedLines(
  full: RunRecord,
  other: RunRecord,
  { fromUs, toUs }: { fromUs: number; toUs: number },
  except: ReadonlySet<string>,
): Map<string, Difference> {
  const range = { fromUs, untilUs: toUs, kinds: WARM_UP_KINDS, share: WARM_UP_SHARE, except };
  const lines = new Map<string, Difference>();
  for (const one of compareRecords(full.decisions, other, range)) {
    const key = JSON.stringify([one.by, one.place]);
    if (one.order !== "following" && !lines.has(key)) lines.set(key, one);
  }
  return lines;
}

/** Bars that indicators are warmed up with, of the symbol that has the most. */
function availableBars({ data, scale, fromUs }: CheckRuns["settings"], bars: "minute" | "day") {
  const lengths = [...data.values()].map((one) => {
    if (bars === "day") return Math.min(DAYS_OF_HISTORY, historyLength(one, "dailyBars", fromUs));
    if (scale === "day") return 0;
    const before = historyLength(one, "minuteBars", warmUpFromUs(fromUs));
    return historyLength(one, "minuteBars", fromUs) - before;
  });
  return Math.max(0, ...lengths);
}

export async function checkRestarts(runs: WarmUpRuns & { count: number }): Promise<RestartReport> {
  const { settings, full, run, concurrency, random, count, except, onProgress } = runs;
  const starts = sample(restarts(runs), count, random).sort((a, b) => a.dayUs - b.dayUs);
  let done = 0;
  const differences = await pooled(starts, concurrency, async (session) => {
    const changed = restarted(settings, session);
    const record = await run(changed);
    onProgress?.(++done, starts.length);
    const lines = changedLines(full, record, changed, except);
    return [...lines.values()].map((one) => ({ ...one, date: session.date }));
  });
  const lines = Map.groupBy(differences.flat(), ({ by, place }) => JSON.stringify([by, place]));
  const findings = [...lines.values()].map((ofLine) => {
    const [example] = ofLine;
    const { by, place } = example;
    return { by, place, dates: [...new Set(ofLine.map(({ date }) => date))], example };
  });
  return { dates: starts.map(({ date }) => date), findings };
}

/** The backtest as it would have begun on that day. */
function restarted(
  settings: BacktestSettings,
  { dayUs, equity }: RecordedSession,
): BacktestSettings {
  return {
    ...settings,
    fromUs: dayUs,
    cash: equity,
    // Limits in per cent are of what the whole backtest began with.
    risk: {
      ...settings.risk,
      portfolioValue: settings.risk.portfolioValue ?? Number(settings.cash),
    },
  };
}

/** Days after the first on which all sessions begin with an account that is flat. */
function restarts({ full, settings }: CheckRuns) {
  const days = Map.groupBy(
    full.sessions.filter(({ dayUs }) => dayUs > settings.fromUs),
    ({ dayUs }) => dayUs,
  );
  return [...days.values()].filter((ofDay) => ofDay.every(({ isFlat }) => isFlat))
    .map(([first]) => first);
}
