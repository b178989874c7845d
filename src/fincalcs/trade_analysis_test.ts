import assert from "node:assert/strict";
import fc from "fast-check";
import type { Operation, TradeRow } from "../contracts/store.ts";
import { Decimal, decimal } from "../util/decimal.ts";
import {
  analyzeTrades,
  gainLossRow,
  type SymbolResult,
  tradeAnalysisRows,
} from "./trade_analysis.ts";

interface Given {
  fee?: string;
  stop?: string;
  symbol?: string;
  run?: number;
  timeUs?: number;
}

function row(operation: Operation, qty: string, price: string, given: Given = {}): TradeRow {
  return {
    algoRunId: given.run ?? 1,
    symbol: given.symbol ?? "AAPL",
    operation,
    qty,
    price,
    fee: given.fee ?? "0",
    indicators: null,
    tradeUs: given.timeUs ?? 0,
    decidedUs: null,
    stopPrice: given.stop ?? null,
    targetPrice: null,
    brokerOrderId: "order",
    clientOrderId: "order",
    cumulativeQty: qty,
  };
}

/** Executions a second apart, of one run and symbol. */
function analyzed(...rows: TradeRow[]): SymbolResult {
  const results = analyzeTrades(rows.map((r, i) => ({ ...r, tradeUs: i * 1e6 })));
  assert.equal(results.length, 1);
  return results[0];
}

Deno.test("a long with partial fills and a scale-out is one trade from flat to flat", () => {
  const result = analyzed(
    row("buy", "40", "10.00", { stop: "9.50", fee: "0.40" }),
    row("buy", "60", "10.10", { stop: "9.50", fee: "0.60" }),
    row("sell", "50", "11.00", { fee: "0.50" }),
    row("sell", "50", "10.56", { fee: "0.55" }),
  );
  // Cost 400 + 606, proceeds 550 + 528, fees 2.05.
  assert.deepEqual(result.trips, [{
    side: "long",
    startUs: 0,
    endUs: 3e6,
    qty: "100",
    entryPrice: "10.06",
    exitPrice: "10.78",
    openingNotional: "1006",
    fees: "2.05",
    gainValue: "69.95",
    gainPercentage: "6.9533",
    rUnits: "1.29", // 0.72 ÷ 0.56
    executions: 4,
  }]);
  assert.equal(result.open, null);
  assert.equal(result.gainValue, "69.95");
  assert.equal(result.gainPercentage, "6.9533");
  assert.equal(result.fees, "2.05");
});

Deno.test("a short gains when it is bought back lower, its r units turned", () => {
  const { trips: [trip] } = analyzed(
    row("sell_short", "100", "20", { stop: "20.50", fee: "1" }),
    row("buy_short", "100", "19", { fee: "1" }),
  );
  assert.equal(trip.side, "short");
  assert.equal(trip.gainValue, "98");
  assert.equal(trip.gainPercentage, "4.9");
  assert.equal(trip.rUnits, "2");

  const { trips: [loss] } = analyzed(
    row("sell_short", "100", "20", { stop: "20.50" }),
    row("buy_short", "100", "20.60"),
  );
  assert.equal(loss.gainValue, "-60");
  assert.equal(loss.rUnits, "-1.2");
});

Deno.test("r units are null without a stop or at the entry, and weigh several stops", () => {
  const rUnits = (...rows: TradeRow[]) => analyzed(...rows).trips[0].rUnits;
  assert.equal(rUnits(row("buy", "1", "10"), row("sell", "1", "11", { stop: "9" })), null);
  assert.equal(rUnits(row("buy", "1", "10", { stop: "10" }), row("sell", "1", "11")), null);
  // Filled beyond its stop: what would be lost is not known, and a gain is no loss.
  assert.equal(rUnits(row("buy", "1", "10", { stop: "10.5" }), row("sell", "1", "11")), null);
  assert.equal(rUnits(row("sell_short", "1", "10", { stop: "9.5" }), row("buy", "1", "9")), null);
  // Entry 10.5, stop (9 × 10 + 10 × 30) ÷ 40 = 9.75; 1.5 ÷ 0.75.
  const entries = [row("buy", "10", "9", { stop: "9" }), row("buy", "30", "11", { stop: "10" })];
  assert.equal(rUnits(...entries, row("sell", "40", "12")), "2");
  assert.equal(rUnits(row("buy", "1", "10", { stop: "9" }), row("sell", "1", "9.999")), "0");
});

Deno.test("a stop that was moved while the trade went on leaves its r units as planned", () => {
  const { trips: [trip] } = analyzed(
    row("buy", "100", "50", { stop: "48" }),
    row("sell", "50", "53", { stop: "50" }), // half off, stop to the entry
    row("sell", "50", "51", { stop: "51" }), // trailed
  );
  assert.equal(trip.exitPrice, "52");
  assert.equal(trip.rUnits, "1");
  assert.equal(trip.gainPercentage, "4");
});

Deno.test("a trade that began before is whole, but its gain is told where it was made", () => {
  const before = [
    row("buy", "100", "10", { fee: "1", stop: "9", timeUs: 1 }),
    row("sell", "40", "12", { fee: "0.4", timeUs: 2 }), // 80 − 0.4 − 0.4
  ];
  const [monday] = analyzeTrades(before);
  assert.equal(monday.gainValue, "79.2");
  assert.equal(monday.gainPercentage, "19.8");
  assert.equal(monday.gainFees, "0.8");
  const trades = [row("sell", "60", "11", { fee: "0.6", timeUs: 3 })];
  const [tuesday] = analyzeTrades(trades, { before });
  assert.equal(tuesday.gainValue, "58.8"); // 60 − 0.6 − 0.6
  assert.equal(tuesday.gainPercentage, "9.8"); // of 600
  assert.equal(tuesday.fees, "0.6");
  assert.equal(tuesday.gainFees, "1.2");
  assert.equal(tuesday.open, null);
  const [trip] = tuesday.trips;
  assert.equal(trip.gainValue, "138");
  assert.equal(trip.gainPercentage, "13.8");
  assert.equal(trip.rUnits, "1.4");
  assert.deepEqual([trip.startUs, trip.endUs, trip.executions], [1, 3, 3]);
  // What is not touched has earned nothing.
  const [idle] = analyzeTrades([], { before });
  assert.equal(idle.gainValue, "0");
  assert.equal(idle.open!.qty, "60");
});

Deno.test("a position turned over in one fill is two trades that share its fee", () => {
  const result = analyzed(
    row("buy", "100", "10", { fee: "1" }),
    row("sell_short", "250", "11", { fee: "5", stop: "12" }),
    row("buy_short", "150", "10.50", { fee: "1.5" }),
  );
  const [long, short] = result.trips;
  assert.equal(long.endUs, short.startUs);
  assert.equal(long.fees, "3");
  assert.equal(long.gainValue, "97");
  assert.equal(short.side, "short");
  assert.equal(short.qty, "150");
  assert.equal(short.fees, "4.5");
  assert.equal(short.gainValue, "70.5");
  assert.equal(short.rUnits, "0.5");
  assert.equal(result.gainValue, "167.5");
  assert.equal(result.gainPercentage, "6.3208"); // of 1000 + 1650
});

Deno.test("an open position is no trade, but what it has realised counts as gain", () => {
  const result = analyzed(
    row("buy", "100", "10", { fee: "1" }),
    row("sell", "25", "12", { fee: "0.5" }),
    row("buy", "25", "14"),
  );
  assert.deepEqual(result.trips, []);
  assert.deepEqual(result.open, {
    side: "long",
    startUs: 0,
    qty: "100",
    averagePrice: "11",
    cost: "1100",
    fees: "0.75",
    realisedValue: "49.25", // 25 × 2 − 0.5 − a quarter of 1
  });
  assert.equal(result.gainValue, "49.25");
  assert.equal(result.gainPercentage, "19.7"); // of the 250 that were closed
  assert.deepEqual(tradeAnalysisRows(result, 7), []);
});

Deno.test("a position that was only opened has gained nothing yet", () => {
  const result = analyzed(row("sell_short", "0.5", "40000", { fee: "10" }));
  assert.equal(result.gainValue, "0");
  assert.equal(result.gainPercentage, "0");
  assert.equal(result.open!.side, "short");
  assert.equal(result.open!.fees, "10");
  assert.equal(result.fees, "10");
});

Deno.test("quantities in fractions stay exact", () => {
  const result = analyzed(
    row("buy", "0.1", "47000.1"),
    row("buy", "0.2", "47000.2"),
    row("sell", "0.3", "47000.3"),
  );
  assert.equal(result.open, null);
  assert.equal(result.trips[0].gainValue, "0.04");
  assert.equal(result.trips[0].entryPrice, "47000.166666666667");
});

Deno.test("runs and symbols are apart and ordered, executions are taken by time", () => {
  const results = analyzeTrades([
    row("sell", "1", "12", { run: 2, symbol: "MSFT", timeUs: 9 }),
    row("buy", "1", "10", { run: 2, symbol: "MSFT", timeUs: 3 }),
    row("buy", "1", "10", { run: 2, symbol: "AAPL", timeUs: 5 }),
    row("sell", "1", "10", { run: 1, symbol: "MSFT", timeUs: 4 }),
  ]);
  assert.deepEqual(
    results.map((r) => [r.algoRunId, r.symbol, r.gainValue, r.open?.side ?? null]),
    [[1, "MSFT", "0", "short"], [2, "AAPL", "0", "long"], [2, "MSFT", "2", null]],
  );
  assert.deepEqual(analyzeTrades([]), []);
});

Deno.test("a run that carries another's position on is one story, under the first run", () => {
  const trades = [
    row("buy", "10", "10", { run: 3, timeUs: 1 }),
    row("sell", "4", "11", { run: 5, timeUs: 2 }),
    row("sell", "6", "12", { run: 8, timeUs: 3 }),
  ];
  const [result, ...others] = analyzeTrades(trades, { continues: new Map([[8, 5], [5, 3]]) });
  assert.deepEqual(others, []);
  assert.equal(result.algoRunId, 3);
  assert.equal(result.trips[0].gainValue, "16");
  // A circle in the references is no chain.
  assert.equal(analyzeTrades(trades, { continues: new Map([[3, 3]]) }).length, 3);
});

Deno.test("trades that begin at one microsecond keep their start times apart", () => {
  const rows = [
    row("buy", "1", "10"),
    row("sell", "1", "11"),
    row("buy", "1", "10"),
    row("sell", "1", "11"),
  ];
  const [result] = analyzeTrades(rows);
  assert.deepEqual(result.trips.map((trip) => [trip.startUs, trip.endUs]), [[0, 0], [1, 1]]);
});

Deno.test("the rows for the database carry the result", () => {
  const result = analyzed(row("buy", "1", "10", { stop: "9" }), row("sell", "1", "12"));
  assert.deepEqual(gainLossRow(result, 77), {
    symbol: "AAPL",
    algoRunId: 1,
    gainPercentage: "20",
    gainValue: "2",
    timeUs: 77,
  });
  assert.deepEqual(tradeAnalysisRows(result, 77), [{
    symbol: "AAPL",
    algoRunId: 1,
    startUs: 0,
    endUs: 1e6,
    gainPercentage: "20",
    gainValue: "2",
    rUnits: "2",
    timeUs: 77,
  }]);
});

const decimalText = (max: number, decimals: number) =>
  fc.integer({ min: 1, max }).map((n) => decimal(n).div(10 ** decimals).toFixed());
const execution = fc.record({
  isBuy: fc.boolean(),
  qty: fc.oneof(decimalText(50, 0), decimalText(1e9, 8)),
  price: decimalText(1_000_000, 4),
  fee: fc.oneof(fc.constant("0"), decimalText(500, 3)),
});
const executions = fc.array(execution, { maxLength: 40 }).map((all) =>
  all.map(({ isBuy, qty, price, fee }, i) =>
    row(isBuy ? "buy" : "sell", qty, price, { fee, timeUs: i * 1e6 })
  )
);

function cashChange(rows: TradeRow[]): Decimal {
  return rows.reduce((cash, { operation, qty, price, fee }) => {
    const notional = decimal(qty).times(price);
    return (operation === "buy" ? cash.minus(notional) : cash.plus(notional)).minus(fee);
  }, decimal(0));
}

Deno.test("gains of the trades and the open position are the change of the cash, exactly", () => {
  fc.assert(fc.property(executions, (rows) => {
    const [result] = analyzeTrades(rows);
    if (result === undefined) return assert.equal(rows.length, 0);
    let told = result.trips.reduce((sum, trip) => sum.plus(trip.gainValue), decimal(0));
    const { open } = result;
    if (open !== null) {
      told = told.plus(open.realisedValue).minus(open.fees);
      told = open.side === "long" ? told.minus(open.cost) : told.plus(open.cost);
    }
    assert.equal(told.toFixed(), cashChange(rows).toFixed());
    const gain = decimal(result.gainValue);
    const openGain = open === null ? decimal(0) : decimal(open.realisedValue);
    const tripGain = result.trips.reduce((sum, trip) => sum.plus(trip.gainValue), decimal(0));
    assert.ok(gain.eq(tripGain.plus(openGain)));
  }));
});

Deno.test("what is open is what was bought less what was sold, and every fee is told once", () => {
  fc.assert(fc.property(executions, (rows) => {
    const [result] = analyzeTrades(rows);
    if (result === undefined) return;
    const held = rows.reduce(
      (sum, { operation, qty }) => operation === "buy" ? sum.plus(qty) : sum.minus(qty),
      decimal(0),
    );
    assert.equal(held.eq(0), result.open === null);
    if (result.open !== null) {
      assert.equal(result.open.side, held.gt(0) ? "long" : "short");
      assert.ok(held.abs().eq(result.open.qty));
    }
    const fees = rows.reduce((sum, { fee }) => sum.plus(fee), decimal(0));
    assert.ok(fees.eq(result.fees));
  }));
});

Deno.test("longs and shorts mirror one another", () => {
  fc.assert(fc.property(executions, (rows) => {
    const free = rows.map((r) => ({ ...r, fee: "0" }));
    const mirrored = free.map((r): TradeRow => ({
      ...r,
      operation: r.operation === "buy" ? "sell_short" : "buy_short",
    }));
    const gains = (all: TradeRow[]) =>
      analyzeTrades(all).map((result) => decimal(result.gainValue));
    const straight = gains(free);
    assert.deepEqual(
      gains(mirrored).map((gain) => gain.toFixed()),
      straight.map((gain) => gain.times(-1).toFixed()),
    );
  }));
});
