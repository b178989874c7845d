/**
 * How a session ends: strategies close, the gateway leaves orders and positions as they are to be
 * left, runs end, and all is written. Invariant: one that is stopped has ended within ten seconds,
 * whoever does not answer; what was not done by then is told.
 */
import type { OpenPosition } from "../model/open_position.ts";
import type { StopOrders } from "../protocol.ts";
import { within } from "../util/within.ts";
import type { SessionLog, SessionOptions } from "./session_options.ts";
import type { SessionRuns } from "./session_runs.ts";
import type { SessionStreams } from "./session_streams.ts";
import type { SessionWorkers } from "./session_workers.ts";

/** The reason of an end by signal. */
export const INTERRUPTED = "interrupted";

/** How long each part may take, ms of this machine. */
interface EndTimes {
  strategies: number;
  /** Orders and positions; the gateway itself may take GATEWAY_MS more. */
  orders: number;
  streams: number;
  store: number;
}

/** A market's close hurries nobody. */
const AT_CLOSE: EndTimes = {
  strategies: 15_000,
  orders: 10_000,
  streams: 10_000,
  store: 60_000,
};
/** Stopped: in ten seconds all is over, the analysis included. */
const WHEN_STOPPED: EndTimes = {
  strategies: 1_200,
  orders: 3_500,
  streams: 300,
  store: 800,
};
/** The gateway reads the account once more, and closes stream and journal. */
const GATEWAY_MS = 1_300;

export interface SessionEnd {
  /** Positions that are left; null: the gateway did not say. */
  open: OpenPosition[] | null;
  /** What could not be done in time, each as a sentence. */
  notDone: string[];
}

export async function endSession(
  parts: {
    workers: SessionWorkers;
    streams: SessionStreams;
    runs: SessionRuns;
    session: Pick<SessionOptions, "store" | "supervision">;
    nowUs(): number;
    log: SessionLog;
    /** From here on failures are those of what is being ended. */
    onGatewayStopped(): void;
  },
  reason: string,
): Promise<SessionEnd> {
  const { workers, streams, runs, nowUs, log, onGatewayStopped } = parts;
  const { store, supervision } = parts.session;
  const isStopped = reason === INTERRUPTED;
  const orders = isStopped ? supervision.onStop : "cancel";
  const times = isStopped ? WHEN_STOPPED : AT_CLOSE;
  const notDone: string[] = [];
  await workers.stopConsumers(times.strategies);
  const stopped = workers.gatewayInbox.next("stopped");
  workers.postGateway({ type: "stop", orders, withinMs: times.orders });
  const told = await within(stopped, times.orders + GATEWAY_MS, null);
  onGatewayStopped();
  if (told === null) {
    notDone.push(
      "the gateway has not stopped: what it had sent is in the journal, not all of " +
        "which is known to have been done",
    );
  } else notDone.push(...leftUndone(told, orders));
  await within(streams.close(), times.streams, undefined);
  const ends = runs.ends(nowUs(), reason);
  store.write(ends.map((row) => ({ table: "algo_run_end", row })));
  const problem = await within(store.flush().then(() => null, String), times.store, "no answer");
  if (problem !== null) {
    notDone.push(
      `the database has not taken all records (${problem}): they are in the spool, ` +
        "and are stored when liu starts next",
    );
  }
  for (const what of notDone) log("error", "Not done in time: {what}", { what, alert: "not_done" });
  // Who found it has told it.
  for (const { symbol, broker, book } of told?.differences ?? []) {
    notDone.push(`${symbol}: the broker has ${broker}, Liu's books ${book}`);
  }
  return { open: told?.open ?? null, notDone };
}

function leftUndone(
  { orders, open }: { orders: number; open: OpenPosition[] },
  wanted: StopOrders,
): string[] {
  const notDone: string[] = [];
  if (orders > 0 && wanted !== "keep") {
    notDone.push(`${orders} order${orders === 1 ? " is" : "s are"} open at the broker`);
  }
  if (open.length > 0 && wanted === "flatten") {
    notDone.push(`${open.map(({ qty, symbol }) => `${qty} ${symbol}`).join(", ")} not closed`);
  }
  return notDone;
}
