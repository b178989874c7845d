/**
 * Nanoseconds that an order costs at the simulated broker, from its request to its fill: market
 * orders for whole shares, bought and sold again, in many symbols. What is read of answers and
 * updates is what a gateway reads. Fills, cash and positions are compared with a sum in whole cents
 * before a figure is printed. Times are the processor's, of the best of several runs.
 *
 *   deno run -A tests/bench/exchange.ts [SYMBOLS [MINUTES]]
 */
import assert from "node:assert/strict";
import { cpuUsage } from "node:process";
import { SimulatedBroker } from "../../src/brokers/simulated.ts";
import type { OrderUpdate } from "../../src/contracts/broker.ts";
import { seededRandom } from "../../src/engine/worker.ts";
import { Exchange } from "../../src/matching/exchange.ts";
import { fillModelOf } from "../../src/matching/fill_model.ts";
import type { Asset } from "../../src/model/asset.ts";
import { sessionsBetween } from "../../src/model/calendar.ts";
import type { OrderRequest } from "../../src/model/order.ts";
import { type Decimal, decimal } from "../../src/util/decimal.ts";

const MINUTE_US = 60e6;
const MINUTES_A_DAY = 380;
/** A symbol is ordered once in so many minutes. */
const TURN = 12;
const CASH = 1_000_000;
const ROUNDS = 5;
/** As a gateway has it. */
const TEN = decimal(10);

const assetOf = (symbol: string): Asset => ({
  symbol,
  assetClass: "us_equity",
  name: symbol,
  exchange: "NASDAQ",
  tradable: true,
  shortable: true,
  easyToBorrow: true,
  fractionable: true,
  minOrderQty: "0.000000001",
  qtyIncrement: "0.000000001",
  priceIncrement: null,
});

const requestOf = (clientOrderId: string, symbol: string, side: "buy" | "sell"): OrderRequest => ({
  clientOrderId,
  symbol,
  side,
  qty: TEN,
  notional: null,
  type: "market",
  timeInForce: "day",
  limitPrice: null,
  triggerPrice: null,
  trailPrice: null,
  trailPercent: null,
  extendedHours: false,
  takeProfit: null,
  stopLoss: null,
});

interface Market {
  exchange: Exchange;
  broker: SimulatedBroker;
  /** What has come of fills. */
  seen: { fills: number; cash: Decimal; status: string; wrong: number };
}

async function market(assets: Asset[], startUs: number): Promise<Market> {
  const bySymbol = new Map(assets.map((asset) => [asset.symbol, asset]));
  const exchange = new Exchange({
    startUs,
    assetOf: (symbol) => bySymbol.get(symbol) ?? null,
    onUpdate: (update) => broker.publish(update),
    sourceOf: () => "bars",
    fillModel: fillModelOf("next_open"),
    volumeShare: null,
    forgets: true,
  });
  const broker = new SimulatedBroker(exchange, {
    cash: String(CASH),
    assets,
    beforeOrder: () => {},
    afterRequests: () => {},
  });
  const seen = { fills: 0, cash: decimal(CASH), status: "", wrong: 0 };
  const onUpdate = ({ order, execution }: OrderUpdate) => {
    seen.status = order.status;
    if (order.brokerOrderId.length === 0 || order.legs.length > 0) seen.wrong++;
    if (execution === null) return;
    seen.fills++;
    if (!execution.cumulativeQty.eq(order.filledQty)) seen.wrong++;
    const paid = execution.qty.times(execution.price).plus(execution.fee);
    seen.cash = execution.side === "buy" ? seen.cash.minus(paid) : seen.cash.plus(paid);
  };
  await broker.openUpdates({
    onUpdate,
    onStep: () => {},
    onState: () => {},
    signal: new AbortController().signal,
  });
  return { exchange, broker, seen };
}

/** One run: all symbols are ordered in every minute in which their turn comes. */
async function run(symbols: number, minutes: number, orders: boolean) {
  const random = seededRandom(7);
  const assets = Array.from({ length: symbols }, (_, n) => assetOf(`S${n}`));
  const sessions = sessionsBetween("2019-01-02", "2021-12-30")
    .filter(({ openUs, closeUs }) => closeUs - openUs === 390 * MINUTE_US);
  const { exchange, broker, seen } = await market(assets, sessions[0].openUs);
  const cents = assets.map(() => 10_000);
  const held = assets.map(() => 0);
  const ordered = assets.map(() => 0);
  let cash = CASH * 100;
  // As a gateway has them: each has been a key before.
  const ids = orders
    ? Array.from({ length: symbols * minutes / TURN }, (_, n) => `liu-1-${n}`)
    : [];
  assert.equal(new Set(ids).size, ids.length);
  let n = 0;
  const start = cpuUsage();
  for (let minute = 0; minute < minutes; minute++) {
    const { openUs } = sessions[Math.floor(minute / MINUTES_A_DAY)];
    const startUs = openUs + (minute % MINUTES_A_DAY) * MINUTE_US;
    for (let s = 0; s < symbols; s++) {
      cents[s] = Math.max(100, cents[s] + Math.round((random() - 0.5) * 20));
      const price = cents[s] / 100;
      exchange.onBar(assets[s].symbol, startUs, price, price, price, price, 1000);
      cash -= ordered[s] * cents[s];
      held[s] += ordered[s];
      ordered[s] = 0;
    }
    for (let s = 0; s < symbols; s++) {
      const isTurn = orders && (minute + s) % TURN === 0 && minute % MINUTES_A_DAY < 370;
      if (!isTurn) continue;
      const side = held[s] === 0 ? "buy" : "sell";
      ordered[s] = side === "buy" ? 10 : -held[s];
      const result = broker.submit(requestOf(ids[n++], assets[s].symbol, side));
      if (result.result !== "accepted") seen.wrong++;
    }
  }
  const { user, system } = cpuUsage(start);
  assert.equal(seen.wrong, 0);
  assert.equal(seen.fills, n - ordered.filter((qty) => qty !== 0).length);
  assert.equal(seen.cash.toFixed(), String(cash / 100));
  assert.equal(broker.figures().cash, String(cash / 100));
  const positions = new Map(broker.exchangePositions().map(({ symbol, qty }) => [symbol, qty]));
  held.forEach((qty, s) => assert.equal(positions.get(assets[s].symbol) ?? "0", String(qty)));
  return { us: user + system, orders: n };
}

const symbols = Number(Deno.args[0] ?? 20);
const minutes = Number(Deno.args[1] ?? 60_000);
const bars = symbols * minutes;
let [bareUs, fullUs, count] = [Infinity, Infinity, 0];
for (let round = 0; round < ROUNDS; round++) {
  bareUs = Math.min(bareUs, (await run(symbols, minutes, false)).us);
  const { us, orders } = await run(symbols, minutes, true);
  fullUs = Math.min(fullUs, us);
  count = orders;
  if (round === 0) report("the first run, in which code is compiled", us - bareUs, orders);
}
console.log(`${symbols} symbols, ${bars} bars, ${count} orders`);
report("a bar without orders", bareUs, bars);
report("an order and its fill", fullUs - bareUs, count);

function report(what: string, us: number, count: number): void {
  console.log(`${what.padEnd(42)} ${(us * 1000 / count).toFixed(0).padStart(6)} ns`);
}
