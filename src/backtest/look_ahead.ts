/**
 * Looks for decisions that knew the future: the backtest is run again on data that end at a time,
 * and must decide the same until then.
 * Half of the cuts are at the times of decisions, of each line in turn, because what peeks a bar
 * ahead is seen only where that bar is missing; the others are anywhere in the sessions, for what
 * was not decided because of the future.
 */
import { cutAfter } from "../recorded/cut.ts";
import { type CheckRuns, pooled, sample } from "./check_runs.ts";
import { compareRecords, type Difference } from "./compare_records.ts";
import type { RecordedDecision, RecordedKind } from "./decision_record.ts";
import type { SessionWindow } from "../protocol.ts";

const KINDS: readonly RecordedKind[] = [
  "order",
  "cancel",
  "reject",
  "failed",
  "pick",
  "fill",
  "denial",
];
const MINUTE_US = 60e6;

export interface LookAheadReport {
  /** Times at which the data were cut, ascending; µs. */
  cutsUs: number[];
  findings: LookAheadFinding[];
  /** Differences that came after others in the same strategy and symbol: not listed. */
  following: number;
}

/** A line (or a scanner) whose decisions change when what is later is taken away. */
export interface LookAheadFinding {
  by: string;
  place: string | null;
  /** Cuts at which it changed while nothing had before. */
  cuts: number;
  /** Cuts at which it changed after something else had: it may only follow from that. */
  cutsAfterOthers: number;
  example: Difference & { cutUs: number };
}

export async function checkLookAhead(
  runs: CheckRuns & { cuts: number; windows: readonly SessionWindow[] },
): Promise<LookAheadReport> {
  const { settings, full, run, concurrency, onProgress } = runs;
  const cutsUs = cutTimes(runs);
  let done = 0;
  onProgress?.(0, cutsUs.length);
  const differences = await pooled(cutsUs, concurrency, async (cutUs) => {
    const data = cutAfter(settings.data, cutUs);
    const record = await run({ ...settings, data, toUs: cutUs });
    onProgress?.(++done, cutsUs.length);
    const range = { fromUs: settings.fromUs, untilUs: cutUs };
    return compareRecords(full.decisions, record, { ...range, kinds: KINDS, share: 0 })
      .map((one) => ({ ...one, cutUs }));
  });
  const all = differences.flat();
  return {
    cutsUs,
    findings: findingsOf(all.filter(({ order }) => order !== "following")),
    following: all.filter(({ order }) => order === "following").length,
  };
}

function findingsOf(differences: (Difference & { cutUs: number })[]): LookAheadFinding[] {
  const lines = Map.groupBy(differences, ({ by, place }) => JSON.stringify([by, place]));
  const cutsOf = (some: { cutUs: number }[]) => new Set(some.map(({ cutUs }) => cutUs)).size;
  return [...lines.values()].map((ofLine) => {
    const first = ofLine.filter(({ order }) => order === "first");
    const [example] = first.length > 0 ? first : ofLine;
    return {
      by: example.by,
      place: example.place,
      cuts: cutsOf(first),
      cutsAfterOthers: cutsOf(ofLine.filter(({ order }) => order === "own")),
      example,
    };
  }).sort((a, b) => b.cuts - a.cuts || a.example.timeUs - b.example.timeUs);
}

/** Ascending, each once. */
function cutTimes(
  { settings, full, cuts, windows, random, endUs }: Parameters<typeof checkLookAhead>[0],
): number[] {
  const atDecisions = decisionTimes(full.decisions, Math.ceil(cuts / 2), random);
  const times = new Set(atDecisions);
  const inRange = windows.filter(({ openUs }) => openUs < endUs);
  for (let tries = 0; times.size < cuts && tries < 10 * cuts && inRange.length > 0; tries++) {
    const { openUs, closeUs } = inRange[Math.floor(random() * inRange.length)];
    const untilUs = Math.min(closeUs, endUs);
    const minutes = Math.floor((untilUs - openUs) / MINUTE_US);
    // By days there is nothing new in a session before its close.
    times.add(
      settings.scale === "day" ? untilUs : openUs + Math.floor(random() * minutes) * MINUTE_US,
    );
  }
  return [...times].sort((a, b) => a - b);
}

/** Times of decisions, one of each line in turn. */
function decisionTimes(
  decisions: readonly RecordedDecision[],
  count: number,
  random: () => number,
): number[] {
  const isDecided = ({ kind }: RecordedDecision) => kind !== "fill" && kind !== "denial";
  const lines = Map.groupBy(
    decisions.filter(isDecided),
    ({ by, place, kind }) => JSON.stringify([by, place, kind]),
  );
  const timesOf = [...lines.values()].map((ofLine) =>
    sample([...new Set(ofLine.map(({ timeUs }) => timeUs))], count, random)
  );
  const times = new Set<number>();
  for (let turn = 0; turn < count && times.size < count; turn++) {
    for (const ofLine of sample(timesOf, timesOf.length, random)) {
      if (turn < ofLine.length && times.size < count) times.add(ofLine[turn]);
    }
  }
  return [...times];
}
