import type { Broker, BrokerSession } from "../../contracts/broker.ts";
import { addDays, exchangeDate } from "../../model/calendar.ts";
import type { GatewayOptions } from "./options.ts";

/** Over the longest closure that was ever planned. */
const DAYS = 10;

/** The next sessions by the broker's calendar; none where it has no calendar, or does not answer. */
export async function brokerSessions(
  broker: Broker,
  nowUs: number,
  log: GatewayOptions["log"],
  signal: AbortSignal,
): Promise<BrokerSession[]> {
  if (broker.calendar === undefined) return [];
  const today = exchangeDate(nowUs);
  try {
    return await broker.calendar(today, addDays(today, DAYS), signal);
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    log("warning", "The broker's calendar cannot be read, our own is taken: {reason}", { reason });
    return [];
  }
}
