/** Main's end of a miner: starts its worker, answers what it asks for, and ends it in time. */
import type { TickerReference } from "../../contracts/provider.ts";
import type { Json } from "../../contracts/store.ts";
import type { AssetClass } from "../../model/asset.ts";
import type { BarColumns } from "../../model/bars.ts";
import type {
  MainToMiner,
  MinerAsk,
  MinerStart,
  MinerToMain,
  PluginSource,
  WrittenRows,
} from "../../protocol.ts";
import { OperationError, StrategyError } from "../../util/errors.ts";
import type { LogSink } from "../../util/log.ts";
import { controlBlock, flagAt, Stop } from "../control.ts";
import { errorOf } from "../worker_link.ts";
import { userPermissions, WorkerSpawner } from "../worker_spawner.ts";

/** What a miner may ask of main. */
export interface MinerHost {
  bars(ask: Extract<MinerAsk, { what: "bars" }>): Promise<Map<string, BarColumns>>;
  symbols(assetClass: AssetClass): Promise<string[]>;
  reference(symbols: string[] | null): Promise<Map<string, TickerReference>>;
  batches(days: number): Promise<{ batchId: string; environment: string }[]>;
  analyze(batchId: string): Promise<{ gains: number; trades: number }>;
}

export interface RunMinerOptions {
  source: PluginSource;
  /** Hosts that its code may reach. */
  netHosts: string[];
  date: string;
  nowUs: number;
  /** To the store, with this miner's scope. */
  storePort: MessagePort;
  host: MinerHost;
  /** After so long it is stopped. */
  minutesMax: number;
  onProgress(done: number, total: number): void;
  log: LogSink;
  signal: AbortSignal;
}

export interface MinerEnd {
  /** null: it did what it had to. */
  error: Error | null;
  result: Record<string, Json>;
  /** Rows that the database has, also where it failed. */
  written: WrittenRows;
}

/** A miner that was told to stop has this long to say what it has written. */
const STOP_MS_MAX = 2_000;

/** Runs a miner to its end. Rejects with ConfigError where it cannot begin. */
export async function runMiner(options: RunMinerOptions): Promise<MinerEnd> {
  const { source, netHosts, minutesMax, signal, storePort, log } = options;
  const ended = Promise.withResolvers<MinerEnd>();
  const spawner = new WorkerSpawner({ log, onFailure: ended.reject });
  const control = controlBlock(1);
  const { port1, port2 } = new MessageChannel();
  let written: WrittenRows = {};
  port1.onmessage = ({ data }: MessageEvent<MinerToMain>) =>
    spawner.received("miner", data, (message) => {
      if ("written" in message) written = message.written;
      received(message, options, port1, ended);
    });
  let why: string | null = null;
  const stop = (reason: string) => {
    why ??= reason;
    Atomics.store(new Int32Array(control), flagAt(0), Stop.tooLong);
    late ??= setTimeout(
      () => ended.resolve({ error: new OperationError(why!), result: {}, written }),
      STOP_MS_MAX,
    );
  };
  let late: ReturnType<typeof setTimeout> | null = null;
  const onAbort = () => stop("it was interrupted");
  signal.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(
    () => stop(`it took longer than ${minutesMax} minutes (max_minutes in its section)`),
    minutesMax * 60_000,
  );
  try {
    signal.throwIfAborted();
    const worker = spawner.spawn("miner.ts", userPermissions(netHosts));
    const start: MinerStart = {
      type: "start",
      main: port2,
      store: storePort,
      miner: source,
      date: options.date,
      nowUs: options.nowUs,
      control,
      hasNet: netHosts.length > 0,
    };
    worker.postMessage(start, [port2, storePort]);
    const end = await ended.promise;
    return why === null ? end : { ...end, error: new OperationError(why) };
  } finally {
    clearTimeout(timer);
    if (late !== null) clearTimeout(late);
    signal.removeEventListener("abort", onAbort);
    port1.close();
    spawner.close();
  }
}

function received(
  message: Exclude<MinerToMain, { type: "log" | "failed" }>,
  { host, onProgress }: RunMinerOptions,
  port: MessagePort,
  ended: PromiseWithResolvers<MinerEnd>,
): void {
  const post = (answer: MainToMiner) => port.postMessage(answer);
  switch (message.type) {
    case "ask": {
      const { id } = message;
      answer(message.ask, host).then(
        (value) => post({ type: "answer", id, value }),
        (error) =>
          post({
            type: "refusal",
            id,
            errorName: error instanceof Error ? error.name : "Error",
            message: error instanceof Error ? error.message : String(error),
          }),
      );
      return;
    }
    case "progress":
      return onProgress(message.done, message.total);
    case "done":
      return ended.resolve({ error: null, result: message.result, written: message.written });
    case "minerFailed": {
      const { isOwn, errorName, stack, written } = message;
      const error = isOwn
        ? new StrategyError(stack)
        : errorOf({ type: "failed", errorName, message: message.message, stack }, "miner");
      return ended.resolve({ error, result: {}, written });
    }
    default:
      message satisfies never;
  }
}

async function answer(ask: MinerAsk, host: MinerHost): Promise<unknown> {
  switch (ask.what) {
    case "bars":
      return await host.bars(ask);
    case "symbols":
      return await host.symbols(ask.assetClass);
    case "reference":
      return await host.reference(ask.symbols);
    case "batches":
      return await host.batches(ask.days);
    case "analyze":
      return await host.analyze(ask.batchId);
    default:
      throw new OperationError(`There is no "${String(ask satisfies never)}" for a miner`);
  }
}
