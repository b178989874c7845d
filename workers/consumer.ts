/** A consumer's worker: ports ↔ src/engine/consumer. User code runs here, and finds nothing but the language and "liu". */
import { Consumer } from "../src/engine/consumer/consumer.ts";
import { HeapMeter } from "../src/engine/consumer/heap_meter.ts";
import { loadStrategies, strategyLog } from "../src/engine/consumer/load_strategies.ts";
import { startBeat } from "../src/engine/control.ts";
import { MarketClock, workerWallMs } from "../src/engine/market_clock.ts";
import { userReachable } from "../src/engine/user_reachable.ts";
import { failedMessage, LogBudget, seededRandom } from "../src/engine/worker.ts";
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
const { memoryUsage } = Deno;

type ToMain = (message: ConsumerToMain, transfer?: ArrayBuffer[]) => void;

scope.onmessage = async ({ data }: MessageEvent<ConsumerStart>) => {
  // All else goes through ports that user code cannot reach.
  scope.onmessage = null;
  const { main } = data;
  const toMain: ToMain = (message, transfer = []) => main.postMessage(message, transfer);
  try {
    await start(data, toMain);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(data: ConsumerStart, toMain: ToMain): Promise<void> {
  const clock = new MarketClock(data.clock, workerWallMs);
  const logs = new LogBudget(toMain);
  const console = strategyLog("console", logs.toMain);
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
  const meter = heapMeter(data.memoryMb);
  startBeat(new Int32Array(data.control), () => {
    logs.refill();
    tellMemory(data, meter, toMain);
  });
  const gateway = new GatewayEnd();
  const consumer = await makeConsumer(data, { clock, meter, logs, bundles, toMain, gateway });
  const connect = (port: MessagePort) => {
    port.onmessage = ({ data: message }: MessageEvent<GatewayToConsumer>) =>
      consumer.onGateway(message);
    gateway.connect(port);
  };
  if (data.gateway !== null) connect(data.gateway);
  data.main.onmessage = ({ data: message }: MessageEvent<MainToConsumer>) => {
    if (message.type === "start") return;
    consumer.onMain(message);
    if (message.type === "resume") connect(message.gateway);
  };
}

async function makeConsumer(
  data: ConsumerStart,
  { clock, meter, logs, bundles, toMain, gateway }: {
    clock: MarketClock;
    meter: HeapMeter;
    logs: LogBudget;
    bundles: Parameters<typeof describeThrown>[1];
    toMain: ToMain;
    gateway: GatewayEnd;
  },
): Promise<Consumer> {
  // deno-lint-ignore prefer-const -- the keystores are made before the consumer that they report to
  let consumer: Consumer | undefined;
  const early: Parameters<Consumer["onKeystoreSet"]>[] = [];
  const { runs, traits } = await loadStrategies({
    sources: data.strategies,
    registry,
    control: data.control,
    toMain: (message) => message.type === "log" ? logs.toMain(message) : toMain(message),
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
    replaces: data.gateway === null,
    meter,
    checkpoints: true,
    toGateway: (message) => gateway.post(message),
    toMain,
    describeThrown: (error) => describeThrown(error, bundles),
  });
  for (const value of early) consumer.onKeystoreSet(...value);
  toMain({ type: "ready", strategies: traits });
  return consumer;
}

/** The way to the gateway; before there is one, what is to go there waits. */
class GatewayEnd {
  #port: MessagePort | null = null;
  readonly #early: ConsumerToGateway[] = [];

  post(message: ConsumerToGateway): void {
    if (this.#port === null) this.#early.push(message);
    else this.#port.postMessage(message);
  }

  connect(port: MessagePort): void {
    this.#port = port;
    for (const message of this.#early.splice(0)) port.postMessage(message);
  }
}

function heapMeter(memoryMb: number): HeapMeter {
  return new HeapMeter({
    heapBytes: () => {
      const { heapUsed, external } = memoryUsage();
      return heapUsed + external;
    },
    budgetBytes: memoryMb * 1e6,
  });
}

function tellMemory({ strategies }: ConsumerStart, meter: HeapMeter, toMain: ToMain): void {
  const over = meter.look();
  if (over === null) return;
  const strategy = over.strategy === null ? null : strategies[over.strategy].name;
  toMain({ type: "overMemory", strategy, heapMb: Math.round(over.heapBytes / 1e6) });
}
