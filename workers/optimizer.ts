/**
 * The isolate of trials, one after the other: engine, exchange core and user code together, as in
 * workers/backtest.ts. It may touch nothing.
 */
import { strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, seededRandom } from "../src/engine/worker.ts";
import type { FromTrialWorker, ToTrialWorker } from "../src/optimizer/trial_messages.ts";
import { TrialRunner } from "../src/optimizer/trial_runner.ts";
import { describeThrown } from "../src/sandbox/load_user_module.ts";
import { lockdown } from "../src/sandbox/lockdown.ts";
import { scanners } from "../src/scanners/registry.ts";
import { strategies } from "../src/strategies/registry.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<ToTrialWorker>) => {
  if (data.type !== "start") return;
  scope.onmessage = null;
  const toMain = (message: FromTrialWorker) => data.port.postMessage(message);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(
  { port, setup, control }: Extract<ToTrialWorker, { type: "start" }>,
  toMain: (message: FromTrialWorker) => void,
): Promise<void> {
  // Liu's own plug-ins come with the worker's modules: they are loaded before the doors close.
  const registries = { strategies, scanners };
  await Promise.all(
    Object.values(registries).flatMap((registry) => Object.values(registry).map((load) => load())),
  );
  // As in a backtest that has the worker for itself.
  let nowUs = () => 0;
  let random = seededRandom(0);
  const console = strategyLog("console", toMain as never);
  const runner = new TrialRunner({
    setup,
    control,
    registries,
    onTrial: (clock) => {
      nowUs = clock;
      random = seededRandom(0);
    },
    log: (level, category, message, properties) => {
      // What a thousand trials say is for nobody; the one that is of interest is run again.
      if (level !== "error") return;
      toMain({ type: "log", level, category: [...category], message, properties });
    },
  });
  lockdown({
    nowUs: () => nowUs(),
    random: () => random(),
    log: (level, text) => console[level](text),
    rejected: (reason) => console.error(describeThrown(reason, []).message),
    shared: userReachable(),
  });
  const params = await runner.params();
  port.onmessage = async ({ data }: MessageEvent<ToTrialWorker>) => {
    if (data.type !== "trial") return;
    try {
      const outcome = await runner.run(data.trial);
      toMain({ type: "done", id: data.id, outcome });
    } catch (error) {
      toMain(failedMessage(error));
    }
  };
  toMain({ type: "ready", params });
}
