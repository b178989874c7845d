/** The scanners' worker: ports ↔ src/engine/scanners. User code runs here. */
import { strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { showIdle, showLoading, startBeat, stopFlagOf } from "../src/engine/control.ts";
import { MarketClock, workerWallMs } from "../src/engine/market_clock.ts";
import { ScannerRunner } from "../src/engine/scanners/scanner_runner.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, LogBudget, seededRandom } from "../src/engine/worker.ts";
import type { MainToScanners, ScannersStart, ScannersToMain } from "../src/protocol.ts";
import { describeThrown } from "../src/sandbox/load_user_module.ts";
import { lockdown, NETWORK_GLOBALS } from "../src/sandbox/lockdown.ts";
import { scanners as registry } from "../src/scanners/registry.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<ScannersStart>) => {
  // All else goes through a port that user code cannot reach.
  scope.onmessage = null;
  const { main } = data;
  const toMain = (message: ScannersToMain) => main.postMessage(message);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(
  data: ScannersStart,
  toMain: (message: ScannersToMain) => void,
): Promise<void> {
  const clock = new MarketClock(data.clock, workerWallMs);
  const logs = new LogBudget(toMain);
  const console = strategyLog("console", logs.toMain);
  // Liu's own scanners come with the worker's modules: they are loaded before the doors close.
  await Promise.all(Object.values(registry).map((load) => load()));
  const bundles = data.scanners.flatMap(({ from }) => from.kind === "user" ? [from.bundle] : []);
  lockdown({
    nowUs: () => clock.nowUs(),
    random: seededRandom(0),
    log: (level, text) => console[level](text),
    rejected: (reason) => console.error(describeThrown(reason, bundles).message),
    granted: data.hasNet ? NETWORK_GLOBALS : [],
    shared: userReachable(),
  });
  const control = new Int32Array(data.control);
  startBeat(control, () => logs.refill());
  const runner = new ScannerRunner({
    toMain,
    describeThrown: (error) => describeThrown(error, bundles),
  });
  const log = (name: string) => strategyLog(name, logs.toMain);
  const flag = (index: number) => stopFlagOf(data.control, index);
  await runner.load(data.scanners, registry, log, flag, (index) => {
    if (index === null) showIdle(control);
    else showLoading(control, index);
  });
  data.main.onmessage = ({ data: message }: MessageEvent<MainToScanners>) => {
    if (message.type === "start") return;
    // A stepping session's time is the scan's.
    if (message.type === "scan") clock.advanceTo(message.timeUs);
    runner.onMain(message);
  };
}
