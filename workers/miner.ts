/** A miner's worker: ports ↔ src/engine/miners. User code runs here. */
import { strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { startBeat, stopFlagOf } from "../src/engine/control.ts";
import { MinerRunner } from "../src/engine/miners/miner_runner.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, LogBudget, seededRandom } from "../src/engine/worker.ts";
import { miners as registry } from "../src/miners/registry.ts";
import type { MainToMiner, MinerStart, MinerToMain } from "../src/protocol.ts";
import { describeThrown } from "../src/sandbox/load_user_module.ts";
import { lockdown, NETWORK_GLOBALS } from "../src/sandbox/lockdown.ts";
import { MineClient } from "../src/store/mine/port.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<MinerStart>) => {
  // All else goes through ports that user code cannot reach.
  scope.onmessage = null;
  const { main } = data;
  const toMain = (message: MinerToMain) => main.postMessage(message);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(data: MinerStart, toMain: (message: MinerToMain) => void): Promise<void> {
  const { miner, nowUs } = data;
  const logs = new LogBudget(toMain);
  const console = strategyLog("console", logs.toMain);
  // Liu's own miners come with the worker's modules: they are loaded before the doors close.
  await Promise.all(Object.values(registry).map((load) => load()));
  const bundles = miner.from.kind === "user" ? [miner.from.bundle] : [];
  const runner = new MinerRunner({
    start: data,
    registry,
    db: new MineClient(data.store),
    log: strategyLog(miner.name, logs.toMain),
    stopFlag: stopFlagOf(data.control, 0),
    toMain,
    describeThrown: (error) => describeThrown(error, bundles),
  });
  data.main.onmessage = ({ data: message }: MessageEvent<MainToMiner>) => runner.onMain(message);
  lockdown({
    nowUs: () => nowUs,
    random: seededRandom(0),
    log: (level, text) => console[level](text),
    rejected: (reason) => console.error(describeThrown(reason, bundles).message),
    granted: data.hasNet ? NETWORK_GLOBALS : [],
    shared: userReachable(),
  });
  startBeat(new Int32Array(data.control), () => logs.refill());
  await runner.run();
}
