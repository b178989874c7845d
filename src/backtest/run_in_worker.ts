import type { Store } from "../contracts/store.ts";
import type { SessionEvent } from "../engine/session_options.ts";
import { Watchdog } from "../engine/watchdog.ts";
import { errorOf, spawn } from "../engine/worker_link.ts";
import type { BarColumns } from "../model/bars.ts";
import type { MarketData } from "../recorded/market_data.ts";
import { OperationError } from "../util/errors.ts";
import type { LogSink } from "../util/log.ts";
import type { BacktestSettings } from "./options.ts";
import type { BacktestResult } from "./result.ts";
import type { FromBacktestWorker, ToBacktestWorker } from "./worker_messages.ts";

export interface WorkerHost {
  store: Pick<Store, "startRun" | "write">;
  onEvent(event: SessionEvent): void;
  log: LogSink;
  /** Aborted: the backtest is given up. */
  signal: AbortSignal;
}

/**
 * Runs a backtest in a worker that may touch nothing, and is started before the settings are there.
 * The data's columns are handed over to it: they cannot be used here afterwards. Throws ConfigError
 * and OperationError, and what `preparing` throws.
 */
export async function runInWorker(
  preparing: BacktestSettings | Promise<BacktestSettings>,
  { store, onEvent, log, signal }: WorkerHost,
): Promise<BacktestResult> {
  const worker = spawn(new URL("../../workers/backtest.ts", import.meta.url), "none");
  const { port1, port2 } = new MessageChannel();
  const done = Promise.withResolvers<BacktestResult>();
  const post = (message: ToBacktestWorker, transfer: Transferable[] = []) =>
    port1.postMessage(message, transfer);
  worker.onerror = (event) => {
    event.preventDefault();
    done.reject(new Error(`The backtest's worker stopped: ${event.message}`));
  };
  port1.onmessage = ({ data }: MessageEvent<FromBacktestWorker>) => {
    switch (data.type) {
      case "startRun":
        return void store.startRun(data.run).then(
          (runId) => post({ type: "runStarted", id: data.id, runId }),
          (error) =>
            post({ type: "refused", id: data.id, message: String(error?.message ?? error) }),
        );
      case "write":
        return store.write(data.records);
      case "event":
        return onEvent(data.event);
      case "log":
        return log(data.level, data.category, data.message, data.properties);
      case "failed":
        return done.reject(errorOf(data, "backtest"));
      case "done":
        return done.resolve(data.result);
      default:
        data satisfies never;
    }
  };
  const interrupted = () => done.reject(new OperationError("The backtest was interrupted"));
  signal.addEventListener("abort", interrupted, { once: true });
  let watchdog: Watchdog | null = null;
  try {
    // It may be interrupted before it has begun.
    const settings = await Promise.race([preparing, done.promise.then(() => preparing)]);
    const control = new SharedArrayBuffer((2 + settings.strategies.length) * 4);
    watchdog = new Watchdog(
      [{ index: 0, control: new Int32Array(control) }],
      {
        onHung: (_consumer, strategy) =>
          log("error", ["liu", "backtest"], "Stopping a strategy that does not return", {
            strategy: settings.strategies[strategy].name,
          }),
        onDeaf: (_consumer, strategy) =>
          done.reject(
            new OperationError(
              `The backtest was given up: strategy "${
                settings.strategies[strategy!].name
              }" does not ` +
                "return, and cannot be stopped. A regular expression that tries for ever is like that",
            ),
          ),
      },
    );
    const start: ToBacktestWorker = { type: "start", port: port2, control, settings };
    worker.postMessage(start, [port2, ...buffersOf(settings.data)]);
    return await done.promise;
  } finally {
    watchdog?.stop();
    signal.removeEventListener("abort", interrupted);
    port1.close();
    worker.terminate();
  }
}

function buffersOf(data: MarketData): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const { secondBars, minuteBars, dailyBars, trades, quotes } of data.values()) {
    for (const columns of [secondBars, minuteBars, dailyBars, trades, quotes]) {
      for (const column of Object.values(columns as BarColumns)) {
        // Shared memory is not handed over, nor what all symbols have in the place of nothing.
        if (column.length > 0 && column.buffer instanceof ArrayBuffer) buffers.add(column.buffer);
      }
    }
  }
  return [...buffers];
}
