/**
 * An axis of trading time: nights and weekends take no room, as nothing happens in them. Times become
 * places by the points that a chart has.
 */
import { exchangeDate, exchangeTime } from "../model/calendar.ts";
import type { Scale, Tick } from "./chart.ts";

const DAY_US = 86_400e6;
/** What lies further apart than this has a night between, or a weekend. */
const NIGHT_US = 4 * 3600e6;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

export class TimeAxis {
  readonly #timeUs: readonly number[];
  readonly #places: Float64Array;
  readonly scale: Scale;

  /** Ascending times. */
  constructor(timeUs: readonly number[]) {
    this.#timeUs = timeUs;
    this.#places = new Float64Array(timeUs.length);
    const days = timeUs.length === 0 ? 0 : (timeUs.at(-1)! - timeUs[0]) / DAY_US;
    for (let i = 1; i < timeUs.length; i++) {
      const step = timeUs[i] - timeUs[i - 1];
      // Of months and years all days are shown: a gap of weeks should be seen.
      const shown = days < 40 && step > NIGHT_US ? Math.min(step, NIGHT_US / 16) : step;
      this.#places[i] = this.#places[i - 1] + shown;
    }
    this.scale = { min: 0, max: Math.max(1, this.#places.at(-1) ?? 1) };
  }

  get places(): number[] {
    return [...this.#places];
  }

  /** Between two points by their share. */
  at(us: number): number {
    const times = this.#timeUs;
    let [low, high] = [0, times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] <= us) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    if (low === times.length) return this.#places.at(-1)!;
    const [from, to] = [times[low - 1], times[low]];
    const [a, b] = [this.#places[low - 1], this.#places[low]];
    return a + (b - a) * (us - from) / (to - from);
  }

  /** Few enough that their texts stand apart: where a year, a month, a day or an hour begins. */
  ticks(count: number): Tick[] {
    const times = this.#timeUs;
    if (times.length < 2) return [];
    const days = (times.at(-1)! - times[0]) / DAY_US;
    const keyOf = days > 900 ? yearOf : days > 75 ? monthOf : days > 1.5 ? exchangeDate : hourOf;
    const begins: Tick[] = [];
    let last = keyOf(times[0]);
    for (let i = 1; i < times.length; i++) {
      const key = keyOf(times[i]);
      if (key !== last) begins.push({ at: this.#places[i], text: textOf(key) });
      last = key;
    }
    return apart(begins, this.scale, count);
  }
}

function apart(ticks: readonly Tick[], { min, max }: Scale, count: number): Tick[] {
  const gap = (max - min) / count;
  const every = Math.max(1, Math.ceil(ticks.length / count));
  const kept: Tick[] = [];
  for (let i = 0; i < ticks.length; i += every) {
    const tick = ticks[i];
    // Room for half a text at both ends.
    if (tick.at - min < gap * 0.3 || max - tick.at < gap * 0.3) continue;
    if (kept.length === 0 || tick.at - kept.at(-1)!.at >= gap * 0.8) kept.push(tick);
  }
  return kept;
}

const yearOf = (us: number) => exchangeDate(us).slice(0, 4);
const monthOf = (us: number) => exchangeDate(us).slice(0, 7);
const hourOf = (us: number) => `${exchangeTime(us).slice(0, 2)}:00`;

/** "2022", "Jan 2022", "3 Jan", "10:00" */
function textOf(key: string): string {
  const [year, month, day] = key.split("-");
  if (month === undefined) return key;
  const name = MONTHS[Number(month) - 1];
  return day === undefined ? `${name} ${year}` : `${Number(day)} ${name}`;
}
