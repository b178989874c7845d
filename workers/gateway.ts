/**
 * The gateway's worker: ports, disk and timers ↔ src/engine/gateway. The only isolate that has the
 * broker's keys.
 */
import type { BrokerAccount } from "../src/contracts/broker.ts";
import { brokers } from "../src/brokers/registry.ts";
import { killText, readKill } from "../src/control/kill_latch.ts";
import type { Clock } from "../src/contracts/clock.ts";
import { checkMachineClock, measureSkew } from "../src/engine/gateway/clock_watch.ts";
import { Gateway } from "../src/engine/gateway/gateway.ts";
import { OneTrader } from "../src/engine/gateway/one_trader.ts";
import type { GatewayOptions } from "../src/engine/gateway/options.ts";
import { restoreRows } from "../src/engine/gateway/recovery/restore_rows.ts";
import {
  archiveSegments,
  openSegment,
  type SessionHead,
} from "../src/engine/gateway/recovery/segments.ts";
import { MarketClock, workerWallMs } from "../src/engine/market_clock.ts";
import { sessionWindows } from "../src/engine/session_windows.ts";
import { failedMessage } from "../src/engine/worker.ts";
import { riskLimits } from "../src/model/limit.ts";
import type {
  ConsumerToGateway,
  GatewayStart,
  GatewayToMain,
  LogMessage,
  MainToGateway,
} from "../src/protocol.ts";
import { StoreClient } from "../src/store/store_port.ts";
import { ConfigError } from "../src/util/errors.ts";
import { systemMonotonic, wait } from "../src/wire/monotonic.ts";

const scope = globalThis as unknown as DedicatedWorkerGlobalScope;
let gateway: Gateway | undefined;
/** Ports of the consumers, by their numbers. */
const consumers: MessagePort[] = [];

function toMain(message: GatewayToMain): void {
  scope.postMessage(message, message.type === "returned" ? [message.buffer] : []);
}

function log(
  level: LogMessage["level"],
  message: string,
  properties: Record<string, unknown> = {},
): void {
  toMain({ type: "log", level, category: ["liu", "gateway"], message, properties });
}

scope.onmessage = async ({ data }: MessageEvent<MainToGateway>) => {
  try {
    if (data.type === "start") return await start(data);
    if (data.type === "consumer") connect(data.consumer, data.port);
    gateway?.fromMain(data);
  } catch (error) {
    toMain(failedMessage(error));
  }
};

async function start(message: GatewayStart): Promise<void> {
  const signal = new AbortController().signal;
  // The market's time is known when the broker has told it; until then the machine's serves.
  let clock: Clock = { nowUs: () => workerWallMs() * 1000 };
  const load = brokers[message.broker];
  if (load === undefined) {
    const known = Object.keys(brokers).join(", ");
    throw new ConfigError(`Cannot trade with broker "${message.broker}": there is ${known}`);
  }
  const broker = (await load()).createBroker(message.brokerOptions, {
    clock: { nowUs: () => clock.nowUs() },
    monotonic: systemMonotonic,
    random: Math.random,
    log: {
      debug: (text, properties) => log("debug", text, properties),
      info: (text, properties) => log("info", text, properties),
      warn: (text, properties) => log("warning", text, properties),
    },
  });
  checkMoney(message.realMoney, broker.isRealMoney);
  const { timeUs, rate, isReal } = await broker.clock(signal);
  if (isReal) {
    const read = async () => (await broker.clock(signal)).timeUs;
    checkMachineClock(
      await measureSkew(read, () => Date.now() * 1000),
      message.clockSkewMsMax,
      log,
    );
  }
  const account = await broker.account(signal);
  clock = new MarketClock({ baseUs: timeUs, wallBaseMs: workerWallMs(), rate }, workerWallMs);
  consumers.push(...message.consumers);
  const store = new StoreClient(message.store, (error) => toMain(failedMessage(error)));
  const { plan, journalDir } = message;
  const { accountId } = account;
  const host = broker.hosts[0] ?? "";
  const one = await OneTrader.take({ folder: journalDir, accountId, host, store });
  const head = sessionHead(message, account, host, timeUs);
  const segment = await openSegment(journalDir, head, plan.isNewBatch);
  for (const text of segment.told) log("warning", text);
  const options: GatewayOptions = {
    broker,
    journal: segment.journal,
    recovery: { ...segment, unknownPositions: plan.unknownPositions },
    store,
    clock,
    wait: (ms, aborted) => wait(systemMonotonic, ms, aborted).catch(() => {}),
    risk: riskLimits(message.risk, Number(account.equity)),
    ...(rate === 0 ? {} : { reconcile: message.reconcile }),
    batchId: segment.batchId,
    clockSkewMsMax: message.clockSkewMsMax,
    stepping: rate === 0,
    consumers: message.consumers.length,
    toConsumer: (consumer, report) => consumers[consumer].postMessage(report),
    toMain: (told) => {
      if (told.type === "stopped") one.release();
      toMain(told);
    },
    log,
  };
  restoreRows(options, segment.left);
  gateway = new Gateway(options);
  // From here on main's messages are heard: what was fired before is on disk.
  const kill = readKill(message.killFolder);
  if (kill !== null) {
    gateway.fromMain({ type: "restrict", cause: "kill", state: "halted", reason: killText(kill) });
  }
  if (rate === 0) clock = gateway;
  await gateway.start();
  void one.watch({
    wait: options.wait,
    signal,
    onOther: (reason) =>
      gateway!.fromMain({ type: "restrict", cause: "other_trader", state: "halted", reason }),
  });
  archiveWhenStored(store, () => archiveSegments(journalDir, head, segment.batchId));
  for (const consumer of consumers.keys()) listen(consumer);
}

/** From here on nothing comes from whoever had the place before. */
function connect(consumer: number, port: MessagePort): void {
  consumers[consumer].close();
  consumers[consumer] = port;
  listen(consumer);
}

function listen(consumer: number): void {
  consumers[consumer].onmessage = ({ data }: MessageEvent<ConsumerToGateway>) => {
    try {
      gateway!.fromConsumer(consumer, data);
    } catch (error) {
      toMain(failedMessage(error));
    }
  };
}

function sessionHead(
  { batchId, plan }: GatewayStart,
  { accountId, cash }: Pick<BrokerAccount, "accountId" | "cash">,
  host: string,
  timeUs: number,
): SessionHead {
  const windows = sessionWindows(
    { assets: plan.assetClasses, cryptoEndMinutes: plan.cryptoEndMinutes },
    timeUs,
  );
  const endsUs = Math.max(...windows.map(({ closeUs }) => closeUs));
  return {
    batchId,
    accountId,
    host,
    planDigest: plan.digest,
    dates: Object.fromEntries(windows.map(({ assetClass, date }) => [assetClass, date])),
    endsUs: Number.isFinite(endsUs) ? endsUs : null,
    timeUs,
    cash: String(cash),
  };
}

/** What is in the database needs no segment of its own any more. Where it is not, the next start does it. */
function archiveWhenStored(store: StoreClient, archive: () => Promise<void>): void {
  store.flush().then(archive).catch((error) => {
    log("warning", "Journals of sessions before are not archived yet: {error}", {
      error: String(error),
    });
  });
}

function checkMoney(wanted: boolean, is: boolean): void {
  if (wanted === is) return;
  throw new ConfigError(
    wanted
      ? 'Cannot trade in environment PROD: the account is a paper account. Set environment = "PAPER"'
      : "Cannot trade in environment PAPER: the account is for real money. " +
        'Set environment = "PROD", or use the keys and the address of the paper account',
  );
}
