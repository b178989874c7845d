/** What a check of a backtest has found, in words and as JSON. */
import type { BacktestScale } from "../backtest/options.ts";
import type { Difference } from "../backtest/compare_records.ts";
import { decisionText } from "../backtest/decision_record.ts";
import type { LookAheadReport } from "../backtest/look_ahead.ts";
import type { HistoryNeed, HistoryReport, RestartReport } from "../backtest/warm_up.ts";
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import { formatRfc3339 } from "../wire/rfc3339.ts";

export interface CheckReport {
  seed: number;
  scale: BacktestScale;
  lookAhead: LookAheadReport;
  history: HistoryReport[];
  restarts: RestartReport;
  /** Decisions that hang on the last digits of prices and sums. */
  knifeEdges: number;
}

/** How many lines and scanners do not decide the same. What is settled by the history is none. */
export function findingsIn({ lookAhead, history, restarts }: CheckReport): number {
  const unsettled = history.flatMap(({ needs }) => needs).filter(({ isSettled }) => !isSettled);
  return lookAhead.findings.length + unsettled.length + restarts.findings.length;
}

/** `isAdjusted`: prices may have been adjusted for splits that came later. */
export function checkText(report: CheckReport, isAdjusted: boolean): string {
  const found = findingsIn(report);
  const verdict = found === 0 ? "Nothing was found." : `Found: ${found}. They are marked with "!".`;
  return [
    `Check (--seed ${report.seed})`,
    ...lookAheadLines(report.lookAhead),
    ...report.history.flatMap((one) => historyLines(one, report.scale)),
    ...restartLines(report.restarts),
    ...(report.knifeEdges > 0 ? [knifeEdgeText(report.knifeEdges)] : []),
    ...(isAdjusted ? [ADJUSTED] : []),
    verdict,
    "",
  ].join("\n");
}

const ADJUSTED = "Prices: those of the history on disk are adjusted for splits where they were " +
  "downloaded so. Their levels (not their moves) know splits that came later.";

function knifeEdgeText(count: number): string {
  const what = count === 1 ? "1 decision hangs" : `${count} decisions hang`;
  return `Equal but for rounding: ${what} on the last digits of prices. ` +
    "The warm-up and later starts leave that out";
}

function lookAheadLines({ cutsUs, findings, following }: LookAheadReport): string[] {
  const cuts = `${cutsUs.length} ${cutsUs.length === 1 ? "cut" : "cuts"}`;
  if (cutsUs.length === 0) return ["Look-ahead: not checked, no session was open"];
  if (findings.length === 0) return [`Look-ahead: none. Decisions are the same at ${cuts}`];
  const lines = findings.flatMap(({ by, place, cuts: n, cutsAfterOthers, example }) => {
    const after = n === 0 ? " (after other changes, it may follow from them)" : "";
    return [
      `! ${placeText(by, place)} changes at ${n === 0 ? cutsAfterOthers : n} of ${cuts}${after}`,
      ...differenceLines(example, `cut at ${timeText(example.cutUs)}`),
    ];
  });
  const more = following === 0 ? [] : [`  ${following} later changes follow from these`];
  return ["Look-ahead: decisions change when later data is taken away", ...lines, ...more];
}

function historyLines(
  { bars, available, dates, needs }: HistoryReport,
  scale: CheckReport["scale"],
): string[] {
  const what = bars === "minute" ? "minute bars" : "daily bars";
  if (scale === "day" && bars === "minute") return [];
  if (available === 0) return [`Warm-up: not checked by ${what}, there are none before a start`];
  const head = `Warm-up by ${what}, ${available} before ${dates.join(", ")}`;
  if (needs.length === 0) return [`${head}: no decision depends on them`];
  return [
    `${head}:`,
    ...needs.flatMap((need) => {
      const { by, place, isSettled, example } = need;
      const line = `${placeText(by, place)} ${needText(need, available)}`;
      if (isSettled) return [`  ${line}`];
      return [`! ${line}`, ...differenceLines(example, `with ${example.bars}`)];
    }),
  ];
}

function needText({ bars, isSettled }: HistoryNeed, available: number): string {
  return isSettled
    ? `needs at least ${bars} bars of history`
    : `depends on all ${available} bars of history: it is not settled, give it more`;
}

function restartLines({ dates, findings }: RestartReport): string[] {
  if (dates.length === 0) {
    return ["Later starts: not checked, the account was flat at no later session's begin"];
  }
  const starts = `begun anew on ${dates.join(", ")}`;
  if (findings.length === 0) return [`Later starts: decisions are the same, ${starts}`];
  return [
    `Later starts: decisions depend on the sessions before, ${starts}`,
    ...findings.flatMap(({ by, place, dates: some, example }) => [
      `! ${placeText(by, place)} changes after ${some.length} of ${dates.length} starts`,
      ...differenceLines(example, `begun on ${example.date}`),
    ]),
  ];
}

function placeText(by: string, place: string | null): string {
  return place === null ? by : `${by} ${place}`;
}

function differenceLines({ timeUs, symbol, full, other }: Difference, how: string): string[] {
  const where = `${timeText(timeUs)}${symbol === "" ? "" : ` ${symbol}`}`;
  return [
    `    ${where}, whole: ${full === null ? "nothing" : decisionText(full)}`,
    `    ${where}, ${how}: ${other === null ? "nothing" : decisionText(other)}`,
  ];
}

function timeText(us: number): string {
  return `${exchangeDate(us)} ${exchangeTime(us)}`;
}

/** As a part of the backtest's object. */
export function checkJson(report: CheckReport, isAdjusted: boolean): Record<string, unknown> {
  const { seed, lookAhead, history, restarts, knifeEdges } = report;
  return {
    seed,
    findings: findingsIn(report),
    look_ahead: {
      cuts: lookAhead.cutsUs.map(formatRfc3339),
      findings: lookAhead.findings.map(({ by, place, cuts, cutsAfterOthers, example }) => ({
        by,
        place,
        cuts,
        cuts_after_others: cutsAfterOthers,
        example: { ...differenceJson(example), cut: formatRfc3339(example.cutUs) },
      })),
      following: lookAhead.following,
    },
    warm_up: history.map(({ bars, available, dates, needs }) => ({
      bars,
      available,
      dates,
      lines: needs.map(({ by, place, bars, isSettled, example }) => ({
        by,
        place,
        needs: isSettled ? bars : null,
        settled: isSettled,
        example: { ...differenceJson(example), bars: example.bars },
      })),
    })),
    later_starts: {
      dates: restarts.dates,
      findings: restarts.findings.map(({ by, place, dates, example }) => ({
        by,
        place,
        dates,
        example: { ...differenceJson(example), date: example.date },
      })),
    },
    knife_edges: knifeEdges,
    adjusted_prices: isAdjusted,
  };
}

function differenceJson({ timeUs, symbol, full, other }: Difference) {
  return {
    time: formatRfc3339(timeUs),
    symbol,
    whole: full === null ? null : decisionText(full),
    other: other === null ? null : decisionText(other),
  };
}
