import { brokers } from "../brokers/registry.ts";
import type { Settings } from "../config/environment.ts";
import { decimal } from "../util/decimal.ts";
import { OperationError } from "../util/errors.ts";
import { logger } from "../util/log.ts";
import { systemMonotonic } from "../wire/monotonic.ts";
import { alpacaSettings } from "./provider.ts";

/** Begins the client order ids of Liu's own. */
const OWN = "liu-";

/**
 * Cancels Liu's orders at the broker that would open or add to a position of the account; those that
 * would shrink one stay, as they may be what protects it. For when no trader runs that knows better.
 */
export async function cancelEntriesAtBroker(
  settings: Settings,
  signal: AbortSignal,
): Promise<{ cancelled: number; kept: number }> {
  const log = logger("kill");
  const load = brokers[settings.broker];
  if (load === undefined) throw new OperationError(`there is no broker "${settings.broker}" here`);
  const broker = (await load()).createBroker(alpacaSettings(settings), {
    clock: { nowUs: () => Date.now() * 1000 },
    monotonic: systemMonotonic,
    random: Math.random,
    log: {
      debug: (text, properties) => log.debug(text, properties),
      info: (text, properties) => log.info(text, properties),
      warn: (text, properties) => log.warn(text, properties),
    },
  });
  const held = new Map<string, number>();
  for (const { symbol, qty } of await broker.positions(signal)) held.set(symbol, decimal(qty).s);
  const own = (await broker.openOrders(signal))
    .filter(({ clientOrderId }) => clientOrderId.startsWith(OWN));
  const problems: string[] = [];
  let cancelled = 0, kept = 0;
  for (const { brokerOrderId, symbol, side } of own) {
    const sign = held.get(symbol) ?? 0;
    if (sign !== 0 && (side === "sell") === (sign > 0)) {
      kept++;
      continue;
    }
    const answer = await broker.cancel(brokerOrderId, signal);
    if (answer.result === "requested" || answer.result === "not_found") cancelled++;
    else problems.push(`${symbol}: ${"message" in answer ? answer.message : answer.result}`);
  }
  if (problems.length > 0) throw new OperationError(problems.join("; "));
  return { cancelled, kept };
}
