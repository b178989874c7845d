/** A consumer's worker: ports ↔ src/engine/consumer. User code runs here, and finds nothing but the language and "liu". */
import { Consumer } from "../src/engine/consumer/consumer.ts";
import { loadStrategies, strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { MarketClock, workerWallMs } from "../src/engine/market_clock.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, seededRandom } from "../src/engine/worker.ts";
import type {
  ConsumerStart,
  ConsumerToGateway,
  ConsumerToMain,
  GatewayToConsumer,
  MainToConsumer,
} from "../src/protocol.ts";
import { describeThrown } from "../src/sandbox/load_user_module.ts";
import { lockdown, NETWORK_GLOBALS } from "../src/sandbox/lockdown.ts";
import { strategies as registry } from "../src/strategies/registry.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;

scope.onmessage = async ({ data }: MessageEvent<ConsumerStart>) => {
  // All else goes through ports that user code cannot reach.
  scope.onmessage = null;
  const { main } = data;
  const toMain = (message: ConsumerToMain, transfer: ArrayBuffer[] = []) =>
    main.postMessage(message, transfer);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(
  data: ConsumerStart,
  toMain: (message: ConsumerToMain, transfer?: ArrayBuffer[]) => void,
): Promise<void> {
  const clock = new MarketClock(data.clock, workerWallMs);
  const console = strategyLog("console", toMain);
  // Liu's own strategies come with the worker's modules: they are loaded before the doors close.
  await Promise.all(Object.values(registry).map((load) => load()));
  const bundles = data.strategies.flatMap(({ from }) => from.kind === "user" ? [from.bundle] : []);
  lockdown({
    nowUs: () => clock.nowUs(),
    random: seededRandom(data.index),
    log: (level, text) => console[level](text),
    rejected: (reason) => console.error(describeThrown(reason, bundles).message),
    granted: data.hasNet ? NETWORK_GLOBALS : [],
    shared: userReachable(),
  });
  const gateway: MessagePort = data.gateway;
  const toGateway = (message: ConsumerToGateway) => gateway.postMessage(message);
  // deno-lint-ignore prefer-const -- the keystores are made before the consumer that they report to
  let consumer: Consumer | undefined;
  const early: Parameters<Consumer["onKeystoreSet"]>[] = [];
  const { runs, traits } = await loadStrategies({
    sources: data.strategies,
    registry,
    control: data.control,
    toMain,
    onKeystoreSet: (...value) =>
      consumer ? consumer.onKeystoreSet(...value) : void early.push(value),
  });
  consumer = new Consumer({
    index: data.index,
    clock,
    stepping: data.stepping,
    events: data.events,
    portfolioValue: data.portfolioValue,
    strategies: runs,
    sequence: new Float64Array(data.sequence),
    control: new Int32Array(data.control),
    toGateway,
    toMain,
    describeThrown: (error) => describeThrown(error, bundles),
  });
  for (const value of early) consumer.onKeystoreSet(...value);
  gateway.onmessage = ({ data: message }: MessageEvent<GatewayToConsumer>) =>
    consumer.onGateway(message);
  toMain({ type: "ready", strategies: traits });
  data.main.onmessage = ({ data: message }: MessageEvent<MainToConsumer>) => {
    if (message.type !== "start") consumer.onMain(message);
  };
}
