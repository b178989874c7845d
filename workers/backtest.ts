/** The isolate of one backtest: user code runs here, beside the engine, and may touch nothing. */
import { recordBacktest } from "../src/backtest/record_backtest.ts";
import { runBacktest } from "../src/backtest/run_backtest.ts";
import type { FromBacktestWorker, ToBacktestWorker } from "../src/backtest/worker_messages.ts";
import type { RunStart, StoreRecord } from "../src/contracts/store.ts";
import { strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, seededRandom } from "../src/engine/worker.ts";
import type { PluginSource } from "../src/protocol.ts";
import { describeThrown } from "../src/sandbox/load_user_module.ts";
import { lockdown } from "../src/sandbox/lockdown.ts";
import { scanners } from "../src/scanners/registry.ts";
import { strategies } from "../src/strategies/registry.ts";
import { OperationError } from "../src/util/errors.ts";

/** Records are sent together. */
const RECORDS_A_MESSAGE = 250;

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<ToBacktestWorker>) => {
  if (data.type !== "start") return;
  scope.onmessage = null;
  const toMain = (message: FromBacktestWorker) => data.port.postMessage(message);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(
  { port, settings, control }: Extract<ToBacktestWorker, { type: "start" }>,
  toMain: (message: FromBacktestWorker) => void,
): Promise<void> {
  // Liu's own plug-ins come with the worker's modules: they are loaded before the doors close.
  const registries = { strategies, scanners };
  await Promise.all(
    Object.values(registries).flatMap((registry) => Object.values(registry).map((load) => load())),
  );
  const sources: PluginSource[] = [
    ...settings.strategies,
    ...settings.scanners.map(({ source }) => source),
  ];
  const bundles = sources.flatMap(({ from }) => from.kind === "user" ? [from.bundle] : []);
  const console = strategyLog("console", toMain as never);
  const store = new PortStore(port, toMain);
  const run = settings.isRecorded ? recordBacktest : runBacktest;
  const result = await run({
    ...settings,
    control,
    registries,
    store,
    // The trades are in the result.
    onEvent: (event) => {
      if (event.type === "strategyFailed") toMain({ type: "event", event });
    },
    log: (level, category, message, properties) => {
      if (level === "trace" || level === "fatal") return;
      toMain({ type: "log", level, category: [...category], message, properties });
    },
    describeThrown: (error) => describeThrown(error, bundles),
    beforeUserCode: (nowUs) =>
      void lockdown({
        nowUs,
        random: seededRandom(0),
        log: (level, text) => console[level](text),
        rejected: (reason) => console.error(describeThrown(reason, bundles).message),
        shared: userReachable(),
      }),
  });
  store.send();
  toMain({ type: "done", result });
}

/** The store, which main speaks to. */
class PortStore {
  readonly #toMain: (message: FromBacktestWorker) => void;
  readonly #waiting = new Map<number, PromiseWithResolvers<number>>();
  #records: StoreRecord[] = [];
  #nextId = 0;

  constructor(port: MessagePort, toMain: (message: FromBacktestWorker) => void) {
    this.#toMain = toMain;
    port.onmessage = ({ data }: MessageEvent<ToBacktestWorker>) => {
      if (data.type === "start") return;
      const waiting = this.#waiting.get(data.id);
      if (data.type === "runStarted") waiting?.resolve(data.runId);
      else waiting?.reject(new OperationError(data.message));
    };
  }

  startRun(run: RunStart): Promise<number> {
    const id = this.#nextId++;
    const answer = Promise.withResolvers<number>();
    this.#waiting.set(id, answer);
    this.#toMain({ type: "startRun", id, run });
    return answer.promise;
  }

  write(records: StoreRecord[]): void {
    this.#records.push(...records);
    if (this.#records.length >= RECORDS_A_MESSAGE) this.send();
  }

  send(): void {
    if (this.#records.length > 0) this.#toMain({ type: "write", records: this.#records });
    this.#records = [];
  }
}
