/**
 * Looks for decisions that depend on how much history came before.
 *
 * Less history: the backtest is run again with a part of the bars before its start only. A line
 * whose decisions are settled by some part of them needs that many bars; one that changes with the
 * very first bar taken away is not settled by all that there are.
 * Later start: the backtest begins anew at the open of a session at which the account was flat,
 * with the equity that it had; what was decided from then on must be the same, because a trader
 * that is started that morning has no more.
 */
import { warmUpFromUs } from "../engine/followings.ts";
import { cutHistory, historyLength } from "../recorded/cut.ts";
import { DAYS_OF_HISTORY } from "./backtest_market.ts";
import { type CheckRuns, pooled, sample } from "./check_runs.ts";
import { compareRecords, type Difference } from "./compare_records.ts";
import type { RecordedDecision, RecordedKind } from "./decision_record.ts";

/** What the exchange makes of decisions follows from them. */
const KINDS: readonly RecordedKind[] = ["order", "cancel", "reject", "failed", "pick"];
/** Amounts that differ by less are taken for the same: averages forget their start slowly. */
const SHARE = 1e-4;
const SHARES_KEPT = [0.75, 0.5, 0.25, 0];
/** After the first, which are of fixed shares. */
const SEARCH_RUNS_MAX = 24;

export interface WarmUpReport {
  /** By minute bars and by daily ones. */
  history: HistoryReport[];
  restarts: RestartReport;
}

export interface HistoryReport {
  bars: "minute" | "day";
  /** Bars before the start, of the symbol with the most. 0: there was nothing to vary. */
  available: number;
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
  runs: CheckRuns,
  bars: HistoryReport["bars"],
): Promise<HistoryReport> {
  const available = availableBars(runs.settings, bars);
  if (available === 0) return { bars, available, needs: [] };
  const search = new Search(runs, bars, available);
  const fixed = SHARES_KEPT.map((share) => Math.floor(available * share));
  await search.run([available - 1, ...fixed]);
  for (let n = 0; n < SEARCH_RUNS_MAX; n++) {
    const next = search.next(runs.concurrency);
    if (next.length === 0) break;
    await search.run(next);
    n += next.length - 1;
  }
  return { bars, available, needs: search.needs() };
}

class Search {
  readonly #runs: CheckRuns;
  readonly #bars: HistoryReport["bars"];
  readonly #available: number;
  /** Lines that change, by the number of bars that were kept. */
  readonly #changed = new Map<number, Map<string, Difference>>();
  #done = 0;

  constructor(runs: CheckRuns, bars: HistoryReport["bars"], available: number) {
    this.#runs = runs;
    this.#bars = bars;
    this.#available = available;
    this.#changed.set(available, new Map());
  }

  async run(amounts: number[]): Promise<void> {
    const { settings, full, run, concurrency, onProgress } = this.#runs;
    const fresh = [...new Set(amounts)].filter((bars) => !this.#changed.has(bars));
    const total = this.#done + fresh.length;
    await pooled(fresh, concurrency, async (bars) => {
      const kept = { minutes: Infinity, days: Infinity, fromUs: settings.fromUs };
      const data = cutHistory(settings.data, {
        ...kept,
        [this.#bars === "minute" ? "minutes" : "days"]: bars,
      });
      const { decisions } = await run({ ...settings, data });
      this.#changed.set(bars, changedLines(full.decisions, decisions, settings.fromUs));
      onProgress?.(++this.#done, total);
    });
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
  full: readonly RecordedDecision[],
  other: readonly RecordedDecision[],
  fromUs: number,
): Map<string, Difference> {
  const range = { fromUs, untilUs: Infinity, kinds: KINDS, share: SHARE };
  const lines = new Map<string, Difference>();
  for (const one of compareRecords(full, other, range)) {
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

export async function checkRestarts(runs: CheckRuns & { count: number }): Promise<RestartReport> {
  const { settings, full, run, concurrency, random, count, onProgress } = runs;
  const starts = sample(restarts(runs), count, random).sort((a, b) => a.dayUs - b.dayUs);
  let done = 0;
  const differences = await pooled(starts, concurrency, async ({ date, dayUs, equity }) => {
    const { decisions } = await run({
      ...settings,
      fromUs: dayUs,
      cash: equity,
      // Limits in per cent are of what the whole backtest began with.
      risk: {
        ...settings.risk,
        portfolioValue: settings.risk.portfolioValue ?? Number(settings.cash),
      },
    });
    onProgress?.(++done, starts.length);
    const lines = changedLines(
      full.decisions.filter(({ timeUs }) => timeUs >= dayUs),
      decisions,
      dayUs,
    );
    return [...lines.values()].map((one) => ({ ...one, date }));
  });
  const lines = Map.groupBy(differences.flat(), ({ by, place }) => JSON.stringify([by, place]));
  const findings = [...lines.values()].map((ofLine) => {
    const [example] = ofLine;
    const { by, place } = example;
    return { by, place, dates: [...new Set(ofLine.map(({ date }) => date))], example };
  });
  return { dates: starts.map(({ date }) => date), findings };
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
