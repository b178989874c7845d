/** Whole sessions of the demo's day with all kinds of faults at once. */
import { fileURLToPath } from "node:url";
import { decimal } from "../../src/util/decimal.ts";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import { faultsOf, type SessionFaults } from "../faults/session_check.ts";
import { type Played, SessionWorld } from "../session_world.ts";

const FILE = fileURLToPath(new URL("../../data/btcusd-1min-2022-01-03.csv.gz", import.meta.url));
const CASH = 100_000;

export interface MixedResult extends SessionFaults {
  seed: number;
  injected: number;
  byFault: Record<string, number>;
  orders: number;
  fills: number;
  /**
   * Cash at the exchange less the cash that the stored executions come to, and those of others that
   * closed nothing of a run's (EXTERNAL: a liquidation that crossed Liu's own exit); "0": to the cent.
   */
  cashDifference: string;
}

/** Market seconds in a second: where time goes by steps, the trader does not look again by itself. */
const SPEED = 300;
/** After this nothing goes wrong any more: what went wrong is repaired until the close. */
const CALM_FROM = "15:40";
/** Liquidations are among the last: after two the trader only reduces for the rest of its day. */
const LIQUIDATIONS_FROM = "14:30";
/** Five market minutes: as often as can be. */
const RECONCILE = `
[reconcile]
in_flight = 1
open_orders = 1
positions = 1
`;

/** Each now and then; of the market's own faults, a few in a day. */
const MIXED: FaultInput[] = [
  { kind: "reply_lost", probability: 0.08 },
  { kind: "request_lost", probability: 0.04 },
  { kind: "http_error", status: 500, accepted: true, probability: 0.04 },
  { kind: "http_error", status: 504, probability: 0.04 },
  { kind: "http_error", status: 429, wait: 0, probability: 0.02, name: "429" },
  { kind: "refusal", reason: "duplicate_client_order_id", accepted: true, probability: 0.04 },
  { kind: "refusal", reason: "insufficient_qty", probability: 0.03 },
  {
    kind: "http_error",
    requests: ["GET /v2/positions", "GET /v2/orders*", "GET /v2/account*", "DELETE /v2/orders/*"],
    probability: 0.05,
    name: "reads and cancels",
  },
  { kind: "order_status", status: "rejected", probability: 0.04 },
  { kind: "order_status", status: "expired", probability: 0.03 },
  { kind: "fills", probability: 0.1 },
  { kind: "fills", pieces: [1, 2, 3, 100_000], per: "step", probability: 0.1, name: "pieces" },
  { kind: "cancel_race", probability: 0.1 },
  { kind: "cancel_rejected", probability: 0.05 },
  { kind: "cancel_stuck", seconds: 120, probability: 0.05 },
  { kind: "update_lost", probability: 0.04 },
  { kind: "update_twice", probability: 0.1 },
  { kind: "update_late", ms: 60_000, jitter: 60_000, probability: 0.05 },
  { kind: "update_swapped", probability: 0.05 },
  { kind: "legs_both_fill", probability: 0.2 },
  { kind: "socket_cut", sockets: ["trading"], probability: 0.0005, name: "trading socket cut" },
  { kind: "socket_closed", sockets: ["trading"], probability: 0.0005 },
  { kind: "socket_cut", sockets: ["stocks"], probability: 0.0005, name: "stocks socket cut" },
  { kind: "socket_error", sockets: ["crypto"], probability: 0.0005 },
  { kind: "forced_liquidation", at: LIQUIDATIONS_FROM, probability: 0.001 },
];

export async function playMixed(world: SessionWorld, seed: number): Promise<MixedResult> {
  const text = await Deno.readTextFile(new URL("../../tradeplan.toml", import.meta.url));
  const plan = text.replace(/^end_time = .*$/m, 'end_time = "16:15"') + RECONCILE;
  const played = await world.play({
    plan,
    sources: [
      { kind: "bars", file: FILE, symbol: "BTC/USD", volumeIn: "quote" },
      { kind: "generate", symbols: 30, seed: 1 },
    ],
    start: "2022-01-03T14:25:00Z",
    end: "2022-01-03T21:20:00Z",
    speed: SPEED,
    faults: MIXED.map((fault) => ({ ...fault, until: CALM_FROM })),
    seed,
  });
  const { injected, orders, fills, othersOrders } = played.truth;
  const external = fills.filter(({ order_id }) => othersOrders.includes(order_id))
    .map(({ symbol }) => symbol);
  return {
    ...faultsOf(played, { external }),
    seed,
    injected: Object.values(injected).reduce((sum, count) => sum + count, 0),
    byFault: injected,
    orders: orders.filter(({ client_order_id }) => client_order_id.startsWith("liu-")).length,
    fills: fills.length,
    cashDifference: cashDifference(played),
  };
}

function cashDifference({ truth, stored }: Played): string {
  const others = new Set(truth.othersOrders);
  const isOthers = (orderId: string) => others.has(orderId.replace(/\/run\d+$/, ""));
  let cash = decimal(CASH);
  for (const { operation, qty, price, fee, brokerOrderId } of stored.trades) {
    if (isOthers(brokerOrderId)) continue;
    const isBuy = operation === "buy" || operation === "buy_short";
    cash = cash.minus(decimal(qty).times(price).times(isBuy ? 1 : -1)).minus(fee);
  }
  for (const { order_id, side, qty, price } of truth.fills) {
    if (!others.has(order_id)) continue;
    cash = cash.minus(decimal(qty).times(price).times(side === "buy" ? 1 : -1));
  }
  return decimal(truth.account.cash).minus(cash).round(2).toFixed();
}
