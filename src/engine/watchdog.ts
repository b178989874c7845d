import { beatOf, CALLS, countOf, flagAt, RUNNING, Stop } from "./control.ts";

const PERIOD_MS = 500;
/** A call that is seen running so many times in a row is stopped. */
const SEEN_MAX = 6;
/** One that is seen so many times in a row has not heard of it, and never will. */
const SEEN_DEAF = 16;
/** The same for code that is being loaded: 30 s, and 5 more. */
const LOADING_MAX = 60;
const LOADING_DEAF = 70;
/** No beat for so long, and no call either: something runs that nobody called, such as promises. */
const SILENT_MAX = 12;
/** A call that is seen so many times in a row is told as a long one. */
const SEEN_LONG = 2;

/** A worker with user code: its control block, which is another when the worker is. */
export interface Watched {
  readonly index: number;
  readonly control: Int32Array;
}

export interface WatchdogEvents {
  /** It has been told to stop, because it takes too long or too much memory. */
  onHung(worker: number, code: number, why: Stop): void;
  /** It does not hear. null: nobody knows whose code it is. */
  onDeaf?(worker: number, code: number | null): void;
  /** Code that nobody called kept the worker from its work; it is this one's, and it is stopped. */
  onStarved?(worker: number, code: number): void;
  /** A call takes longer than calls do; null: it is over. */
  onLong?(worker: number, code: number | null): void;
}

/** What of one worker was seen last. */
interface Seen {
  control: Int32Array | null;
  running: number;
  calls: number;
  times: number;
  beat: number;
  silent: number;
  /** Whose flag is up to see whether it is theirs; −1: nobody's. */
  suspect: number;
  isDeaf: boolean;
  isLong: boolean;
  bytes: number;
}

/**
 * Stops strategies that do not return. Each worker shows what it calls in shared memory; a call that
 * is still the same after some seconds meets its stop flag at the head of its loop. What does not
 * return inside of the language's own code (a regular expression that tries for ever) meets no flag:
 * `onDeaf` is told, some seconds later.
 *
 * Promises that follow each other for ever run when nothing is called. The worker comes to nothing
 * else then, so that the flags of its strategies can be tried one after the other: whose makes it
 * come back to life, it was. No other of its strategies runs meanwhile.
 */
export class Watchdog {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #workers: readonly Watched[];
  readonly #events: WatchdogEvents;
  readonly #hasBeats: boolean;
  readonly #rssBytes: (() => number) | null;
  readonly #growthBytesMax: number;
  readonly #seen: Seen[] = [];

  /**
   * `hasBeats`: the blocks are of `controlBlock`. `rssBytes`: the process's memory; a call that is
   * seen twice, with so much of growth between, is stopped.
   */
  constructor(
    workers: readonly Watched[],
    events: WatchdogEvents,
    options: { hasBeats?: boolean; rssBytes?(): number; growthBytesMax?: number } = {},
  ) {
    this.#workers = workers;
    this.#events = events;
    this.#hasBeats = options.hasBeats ?? false;
    this.#growthBytesMax = options.growthBytesMax ?? Infinity;
    this.#rssBytes = options.rssBytes ?? null;
    this.#timer = setInterval(() => this.look(), PERIOD_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Once in half a second. */
  look(): void {
    const bytes = this.#rssBytes?.() ?? 0;
    for (const [place, { index, control }] of this.#workers.entries()) {
      let seen = this.#seen[place];
      if (seen?.control !== control) seen = this.#seen[place] = fresh(control);
      if (seen.isDeaf) continue;
      this.#lookAtCall(index, control, seen, bytes);
      if (this.#hasBeats && !seen.isDeaf) this.#lookAtBeat(index, control, seen);
    }
  }

  #lookAtCall(index: number, control: Int32Array, seen: Seen, bytes: number): void {
    const running = Atomics.load(control, RUNNING);
    const calls = Atomics.load(control, CALLS);
    const isSame = running !== 0 && running === seen.running && calls === seen.calls;
    const { onHung, onDeaf, onLong } = this.#events;
    if (!isSame) {
      if (seen.isLong) onLong?.(index, null);
      Object.assign(seen, { running, calls, times: 0, isLong: false, bytes });
      return;
    }
    seen.times++;
    const code = Math.abs(running) - 1;
    const isLoading = running < 0;
    if (seen.times === SEEN_LONG) {
      seen.isLong = true;
      onLong?.(index, code);
    }
    const isGrowing = bytes - seen.bytes > this.#growthBytesMax;
    const isTooLong = seen.times >= (isLoading ? LOADING_MAX : SEEN_MAX);
    if ((isTooLong || isGrowing) && Atomics.load(control, flagAt(code)) === Stop.none) {
      const why = isTooLong ? Stop.tooLong : Stop.tooMuchMemory;
      Atomics.store(control, flagAt(code), why);
      onHung(index, code, why);
    }
    if (seen.times !== (isLoading ? LOADING_DEAF : SEEN_DEAF)) return;
    seen.isDeaf = true;
    onDeaf?.(index, code);
  }

  #lookAtBeat(index: number, control: Int32Array, seen: Seen): void {
    const now = beatOf(control);
    const isAlive = now !== seen.beat || Atomics.load(control, RUNNING) !== 0;
    seen.beat = now;
    if (isAlive) {
      seen.silent = 0;
      if (seen.suspect >= 0) this.#events.onStarved?.(index, seen.suspect);
      seen.suspect = -1;
      return;
    }
    // Not before it has begun.
    if (now === 0 || ++seen.silent < SILENT_MAX) return;
    if (seen.suspect >= 0) Atomics.store(control, flagAt(seen.suspect), Stop.none);
    seen.suspect++;
    const isStopped = (code: number) => Atomics.load(control, flagAt(code)) !== Stop.none;
    while (seen.suspect < countOf(control) && isStopped(seen.suspect)) seen.suspect++;
    if (seen.suspect < countOf(control)) {
      Atomics.store(control, flagAt(seen.suspect), Stop.promises);
      return;
    }
    seen.isDeaf = true;
    this.#events.onDeaf?.(index, null);
  }
}

function fresh(control: Int32Array): Seen {
  return {
    control,
    running: 0,
    calls: -1,
    times: 0,
    beat: 0,
    silent: 0,
    suspect: -1,
    isDeaf: false,
    isLong: false,
    bytes: 0,
  };
}
