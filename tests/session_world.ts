/**
 * For tests: sessions as `liu trader` runs them, against a simulated exchange, with all they tell
 * kept.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import { readEnvironment } from "../src/config/environment.ts";
import { readTradePlan } from "../src/config/tradeplan.ts";
import { trade, type TradeResult } from "../src/commands/trade.ts";
import type { SessionEvent } from "../src/engine/session_options.ts";
import type { DataSource } from "../src/simulator/options.ts";
import type { FaultInput } from "../src/config/fault_kinds.ts";
import { readFault } from "../src/config/fault_plan.ts";
import { type ExchangeTruth, readTruth } from "./exchange_truth.ts";
import { CONTROL_PATH } from "../src/simulator/faults/control.ts";
import { startSimulatorWorker } from "../src/simulator/simulator_worker.ts";

const KEYS = { keyId: "key-id", secretKey: "secret-key" };

export const MINUTE_US = 60e6;
export const OPEN = "2022-01-03T14:30:00Z";
export const OPEN_US = us(OPEN);
/** The plans' files are named relative to this folder. */
const FIXTURES = fileURLToPath(new URL("fixtures/", import.meta.url));

export interface Log {
  level: string;
  /** The part of Liu, or the strategy's or scanner's name. */
  part: string;
  message: string;
  // deno-lint-ignore no-explicit-any -- what fixtures say is known to the test that uses them
  properties: any;
}

export interface Played extends TradeResult {
  events: SessionEvent[];
  logs: Log[];
  /** "subscribe AAA BBB", "unsubscribe AAA", …, as they were sent to the exchange. */
  asked: string[];
  /** How things really are at the exchange, at the end. */
  truth: ExchangeTruth;
}

export interface PlayOptions {
  /** TOML. */
  plan: string;
  /** Minute bars: symbol, start of the first, number. Closes are 100, 100.01, … */
  bars?: [symbol: string, from: string, count: number][];
  sources?: DataSource[];
  start: string;
  end: string;
  speed?: number | "max";
  /** What goes wrong at the exchange; with an empty list, what a test injects while it runs. */
  faults?: FaultInput[];
  /** Of all chance in the faults. Default 1. */
  seed?: number;
  /** The exchange listens: at this address, until the session has ended. */
  onExchange?(baseUrl: string): void;
  env?: Record<string, string>;
  /** Hears all that is logged, and tells the exchange what to do wrong next. */
  script?(log: Log, inject: (fault: FaultInput) => void): void;
  /** Ends the session when it has told this. */
  until?(log: Log): boolean;
  /** Aborted: the session ends. */
  signal?: AbortSignal;
}

export function us(time: string): number {
  return Date.parse(time) * 1000;
}

/** Times and texts of what the session has told of itself. */
export function phases({ events }: Played): string[] {
  return events.flatMap((event) =>
    event.type === "phase"
      ? [`${new Date(event.timeUs / 1000).toISOString().slice(0, 16)} ${event.text}`]
      : []
  );
}

/** What a fixture has said under this message. */
export function said({ logs }: Played, part: string, message: string) {
  return logs.filter((log) => log.part === part && log.message === message)
    .map(({ properties }) => properties);
}

/**
 * Of each event: the newest bar has ended, and none of the session's is missing or twice. Gives the
 * first minutes.
 */
export function checkBars(played: Played): Map<string, number> {
  const first = new Map<string, number>();
  const seen = said(played, "spy", "saw");
  assert.ok(seen.length > 0);
  for (const { symbol, us: nowUs, todayUs, last } of seen) {
    const minutes = Math.round((nowUs - OPEN_US) / MINUTE_US);
    if (!first.has(symbol)) first.set(symbol, minutes);
    const expected = Array.from({ length: minutes }, (_, i) => OPEN_US + i * MINUTE_US);
    assert.deepEqual(todayUs, expected, `${symbol} at minute ${minutes}`);
    assert.equal(last, 100 + (minutes - 1) / 100);
  }
  return first;
}

/** One database for all sessions of a test file. */
export class SessionWorld {
  private constructor(readonly folder: string) {}

  static async open(): Promise<SessionWorld> {
    return new SessionWorld(await Deno.makeTempDir({ prefix: "liu-session-" }));
  }

  async close(): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }

  async play(options: PlayOptions): Promise<Played> {
    const { start, end, speed = "max", sources = [], bars = [], script, faults } = options;
    const file = join(this.folder, "bars.csv");
    await Deno.writeTextFile(file, barsText(bars));
    const simulator = await startSimulatorWorker({
      sources: [...(bars.length > 0 ? [{ kind: "bars", file } as const] : []), ...sources],
      startUs: us(start),
      endUs: us(end),
      speed,
      port: 0,
      faults: faults || script ? planOf(faults ?? [], options.seed ?? 1) : undefined,
    });
    options.onExchange?.(simulator.baseUrl);
    try {
      const played = await this.#trade(options, simulator.baseUrl);
      return { ...played, truth: await readTruth(simulator.baseUrl, KEYS) };
    } finally {
      await simulator.close();
    }
  }

  async #trade({ plan, env, until, signal, script }: PlayOptions, baseUrl: string) {
    const settings = readEnvironment({
      LIU_DATA: this.folder,
      NUM_CONSUMERS: "2",
      APCA_API_BASE_URL: baseUrl,
      APCA_API_KEY_ID: KEYS.keyId,
      APCA_API_SECRET_KEY: KEYS.secretKey,
      ...env,
    }, this.folder);
    const events: SessionEvent[] = [];
    const logs: Log[] = [];
    const enough = new AbortController();
    if (signal?.aborted) enough.abort();
    signal?.addEventListener("abort", () => enough.abort());
    const sent = subscribing();
    const injected: Promise<void>[] = [];
    try {
      const result = await trade({
        plan: readTradePlan(plan, join(FIXTURES, "tradeplan.toml"), "tradeplan.toml"),
        settings,
        logSink: (level, category, message, properties) => {
          const log = { level, part: category.at(-1)!, message, properties };
          logs.push(log);
          script?.(log, (fault) => injected.push(inject(baseUrl, fault)));
          if (until?.(log)) enough.abort();
        },
        signal: enough.signal,
        onEvent: (event) => events.push(event),
      });
      await Promise.all(injected);
      return { ...result, events, logs, asked: sent.asked };
    } finally {
      sent.restore();
    }
  }
}

function planOf(faults: FaultInput[], seed: number) {
  return { seed, faults: faults.map(readFault) };
}

async function inject(baseUrl: string, fault: FaultInput): Promise<void> {
  const response = await fetch(baseUrl + CONTROL_PATH, {
    method: "POST",
    body: JSON.stringify(fault),
  });
  const text = await response.text();
  assert.equal(response.status, 201, text);
}

/** What is sent to the exchange about the symbols whose bars it is to send. */
function subscribing() {
  const asked: string[] = [];
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function (data) {
    const { action, bars } = typeof data === "string" ? JSON.parse(data) : {};
    if (bars) asked.push([action, ...bars].join(" "));
    return send.call(this, data);
  };
  return { asked, restore: () => WebSocket.prototype.send = send };
}

function barsText(bars: [symbol: string, from: string, count: number][]): string {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (const [symbol, from, count] of bars) {
    for (let i = 0; i < count; i++) {
      const time = new Date(Date.parse(from) + i * 60_000).toISOString();
      const price = (100 + i / 100).toFixed(2);
      lines.push(`${symbol},${time},${price},${price},${price},${price},10000`);
    }
  }
  return lines.join("\n") + "\n";
}
