/** A backtest that keeps a record of what was decided in it, and in which line of whose code. */
import { type Decision, tracing } from "../contracts/decision.ts";
import type { ReadDecision } from "../engine/consumer/slot.ts";
import type { SessionEvent } from "../engine/session_options.ts";
import { cryptoSession } from "../model/calendar.ts";
import type { Bundle } from "../sandbox/bundle.ts";
import { mapStack } from "../sandbox/map_stack.ts";
import type { RecordedDecision, RunRecord } from "./decision_record.ts";
import type { BacktestOptions } from "./options.ts";
import type { BacktestResult } from "./result.ts";
import { runBacktest } from "./run_backtest.ts";

// Taken at import: user code runs later, and finds all that it could change frozen.
const { captureStackTrace } = Error;

/** One at a time in an isolate: where decisions are made is told to one listener. */
export async function recordBacktest(
  options: BacktestOptions,
): Promise<BacktestResult & { record: RunRecord }> {
  const recorder = new Recorder(options);
  tracing.onMade = recorder.onMade;
  try {
    const result = await runBacktest({
      ...options,
      observer: recorder,
      onEvent: (event) => {
        recorder.onEvent(event);
        options.onEvent?.(event);
      },
      beforeUserCode: (nowUs) => {
        recorder.nowUs = nowUs;
        options.beforeUserCode?.(nowUs);
      },
    });
    return { ...result, record: recorder.record };
  } finally {
    tracing.onMade = null;
  }
}

type Observer = NonNullable<BacktestOptions["observer"]>;

class Recorder implements Observer {
  readonly record: RunRecord = { decisions: [], sessions: [] };
  nowUs: () => number = () => 0;
  readonly #bundles: Bundle[];
  /** Stacks of decisions that have not been returned yet. */
  readonly #stacks = new WeakMap<Decision, { stack?: string }>();
  readonly #placeOf = new Map<string, string>();
  /** By strategy and symbol: where the newest order was decided, which a fill is of. */
  readonly #orderPlaces = new Map<string, string | null>();

  constructor({ strategies }: BacktestOptions) {
    this.#bundles = strategies.flatMap(({ from }) => from.kind === "user" ? [from.bundle] : []);
  }

  // deno-lint-ignore ban-types -- as V8 takes it
  readonly onMade = (decision: Decision, by: Function): void => {
    const at: { stack?: string } = {};
    captureStackTrace(at, by);
    this.#stacks.set(decision, at);
  };

  readonly onDecision: Observer["onDecision"] = (slot, decision, read) => {
    const by = slot.run.name;
    const { symbol } = slot.symbol;
    const place = this.#place(this.#stacks.get(decision)?.stack);
    if (read.kind === "order") this.#orderPlaces.set(`${by} ${symbol}`, place);
    this.#add({ kind: read.kind, by, symbol, place, ...contentOf(read) });
  };

  onSession: Observer["onSession"] = (windows, account) => {
    const [{ date }] = windows;
    this.record.sessions.push({ date, dayUs: cryptoSession(date).openUs, ...account });
  };

  onEvent(event: SessionEvent): void {
    switch (event.type) {
      case "scan":
        return this.#add({
          kind: "pick",
          by: event.scanner,
          symbol: "",
          text: event.picked.join(" "),
          amounts: {},
          place: null,
        });
      case "trade": {
        const { strategy: by, line: { symbol, operation, qty, price } } = event;
        const amounts = { qty: Number(qty), price: Number(price) };
        const place = this.#orderPlaces.get(`${by} ${symbol}`) ?? null;
        return this.#add({ kind: "fill", by, symbol, text: operation, amounts, place });
      }
      case "denial": {
        const { strategy: by, denial: { symbol, code } } = event;
        const place = this.#orderPlaces.get(`${by} ${symbol}`) ?? null;
        return this.#add({ kind: "denial", by, symbol, text: code, amounts: {}, place });
      }
      case "strategyFailed": {
        const { strategy: by, message: text, stack } = event;
        const frame = /^\s*at .*$/m.exec(stack)?.[0];
        const place = frame === undefined ? null : shortPlace(frame);
        return this.#add({ kind: "failed", by, symbol: "", text, amounts: {}, place });
      }
      default:
        return; // of the session, or of decisions that are recorded as they are made
    }
  }

  #add(decision: Omit<RecordedDecision, "timeUs">): void {
    this.record.decisions.push({ timeUs: this.nowUs(), ...decision });
  }

  /** The stack's first frame, in the author's file. */
  #place(stack: string | undefined): string | null {
    const frame = stack === undefined ? undefined : /^ {4}at .*$/m.exec(stack)?.[0];
    if (frame === undefined) return null;
    let place = this.#placeOf.get(frame);
    if (place === undefined) {
      this.#placeOf.set(frame, place = shortPlace(mapStack(frame, this.#bundles)));
    }
    return place;
  }
}

function contentOf(read: ReadDecision): Pick<RecordedDecision, "text" | "amounts"> {
  if (read.kind !== "order") return { text: read.reason, amounts: {} };
  const { intent } = read;
  const amounts: Record<string, number> = {};
  for (const name of AMOUNTS) {
    const value = intent[name];
    if (value !== null) amounts[name] = value;
  }
  const { action, timeInForce, extendedHours, problem } = intent;
  const words = [action, timeInForce, extendedHours ? "extended" : null, problem];
  return { text: words.filter((word) => word !== null).join(" "), amounts };
}

const AMOUNTS = [
  "qty",
  "notional",
  "limitPrice",
  "triggerPrice",
  "stopPrice",
  "targetPrice",
] as const;

/** Of "at X.run (strategies/x.ts:14:22)" the place; Liu's own files from src/ on. */
function shortPlace(frame: string): string {
  const place = /\(([^()]*)\)$/.exec(frame)?.[1] ?? frame.replace(/^\s*at (async )?/, "");
  return place.replace(/^file:.*\/(src\/)/, "$1");
}
