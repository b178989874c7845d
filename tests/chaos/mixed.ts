/** Whole sessions of the demo's day with all kinds of faults at once. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decimal } from "../../src/util/decimal.ts";
import type { FaultInput } from "../../src/config/fault_kinds.ts";
import { Random } from "../../src/simulator/random.ts";
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

const DATE = "2022-01-03";

/** How long everything goes wrong, exchange time. */
export interface MixedDay {
  close: string;
  /**
   * Market seconds in a second: where time goes by steps, the trader does not look again by itself.
   */
  speed: number;
  /** Of the crypto session, and of the exchange, UTC. */
  endTime: string;
  endUtc: string;
  /** After this nothing goes wrong any more: what went wrong is repaired until the close. */
  calmFrom: string;
  /** Each fault is injected once for certain, after more and more orders, and else by chance. */
  isCertain: boolean;
  /** When the sockets are lost for certain: trading twice, stocks, crypto. */
  socketsAt: readonly [string, string, string, string];
  /**
   * The broker liquidates the account within a quarter of an hour from then on. Late: Liu enters
   * nothing any more after it, so that nothing else could go wrong.
   */
  liquidatedFrom: string;
  /** Lines of the demo's plan, by what they begin with: strategies that trade more often. */
  plan: Readonly<Record<string, string>>;
}

export const WHOLE_DAY: MixedDay = {
  close: "16:00",
  speed: 300,
  endTime: "16:15",
  endUtc: "21:20",
  calmFrom: "15:40",
  isCertain: false,
  socketsAt: ["10:30", "12:30", "11:00", "14:00"],
  liquidatedFrom: "15:10",
  plan: {},
};
/** A day with an early close, for tests: all kinds of faults in half a minute. */
export const SHORT_DAY: MixedDay = {
  close: "11:00",
  speed: 200,
  endTime: "11:10",
  endUtc: "16:12",
  calmFrom: "10:40",
  isCertain: true,
  socketsAt: ["09:58", "10:14", "10:04", "10:09"],
  liquidatedFrom: "10:22",
  plan: {
    "fast = 10": "fast = 2",
    "slow = 30": "slow = 5",
    "min_distance = 0.5": "min_distance = 0.1",
    "given_back = 60": "given_back = 20",
    "hold_minutes = 60": "hold_minutes = 6",
    "rest_minutes = 10": "rest_minutes = 1",
    "start = 30": "start = 15",
  },
};
/** So many orders come on any day. */
const ORDERS = 10;
/** Market minutes, as often as can be. */
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
];

/** What goes wrong on such a day, in the numbers of this seed. */
function faultsOfDay(day: MixedDay, seed: number): FaultInput[] {
  const { close, calmFrom, isCertain, socketsAt: [cut, closed, stocks, crypto] } = day;
  const random = new Random(seed, MIXED.length);
  const [hour, minute] = day.liquidatedFrom.split(":").map(Number);
  const at = `${hour}:${String(minute + random.int(0, 15)).padStart(2, "0")}`;
  const faults: FaultInput[] = [
    ...MIXED,
    ...(isCertain ? MIXED : []).map(({ probability: _, name, ...fault }, i) => ({
      ...fault,
      name: `one ${name ?? `${fault.kind} ${i}`}`,
      after: { orders: 1 + i % ORDERS },
    })),
    { kind: "socket_cut", sockets: ["trading"], at: cut, name: "trading socket cut" },
    { kind: "socket_closed", sockets: ["trading"], at: closed, name: "trading socket closed" },
    { kind: "socket_cut", sockets: ["stocks"], at: stocks, name: "stocks socket cut" },
    { kind: "socket_error", sockets: ["crypto"], at: crypto, name: "crypto socket 407" },
    { kind: "forced_liquidation", at, name: "forced liquidation" },
  ];
  return [
    ...faults.map((fault) => ({ ...fault, until: calmFrom })),
    ...(close === WHOLE_DAY.close ? [] : [{ kind: "early_close", date: DATE, close } as const]),
  ];
}

export async function playMixed(
  world: SessionWorld,
  seed: number,
  day = WHOLE_DAY,
): Promise<MixedResult> {
  const text = await Deno.readTextFile(new URL("../../tradeplan.toml", import.meta.url));
  let plan = text.replace(/^end_time = .*$/m, `end_time = "${day.endTime}"`) + RECONCILE;
  for (const [line, other] of Object.entries(day.plan)) {
    assert.ok(plan.includes(`\n${line} `) || plan.includes(`\n${line}\n`), line);
    plan = plan.replace(`\n${line}`, `\n${other}`);
  }
  const played = await world.play({
    plan,
    sources: [
      { kind: "bars", file: FILE, symbol: "BTC/USD", volumeIn: "quote" },
      { kind: "generate", symbols: 30, seed: 1 },
    ],
    start: `${DATE}T14:25:00Z`,
    end: `${DATE}T${day.endUtc}:00Z`,
    speed: day.speed,
    faults: faultsOfDay(day, seed),
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
