import assert from "node:assert/strict";
import {
  buy,
  cancel,
  type Collection,
  type Decision,
  type DenialView,
  type FillView,
  reject,
  sell,
  Strategy,
  type Tick,
} from "../../mod.ts";
import type { OpenOrderFigures } from "../../protocol.ts";
import { history, OPEN_US, position, Rig } from "./test_rig.ts";

const OPEN_ORDER: OpenOrderFigures = { action: "buy", qty: 1, filledQty: 0, sinceUs: OPEN_US };

/** Buys one, whenever it is asked. */
class Buyer extends Strategy {
  run(_tick: Tick<this>): Decision | void {
    return buy({ qty: 1 });
  }
}

function bar(minute: number, close = 10) {
  return { bar: [minute, close, close, close, close, 100] as [number, ...number[]] as never };
}

Deno.test("an intent is all that was decided, with the price that it would meet", () => {
  class Full extends Strategy {
    run() {
      return buy({
        qty: 3,
        limitPrice: 10.5,
        stopPrice: 9,
        timeInForce: "gtc",
        indicators: { why: "test", nested: { n: NaN } },
      });
    }
  }
  const rig = new Rig({ strategies: [Full] });
  rig.send([{ quote: [59, 10.1, 5, 10.3, 5] }, bar(0)]);
  assert.deepEqual(rig.gateway, [{
    type: "intent",
    intent: {
      runId: 1,
      seq: 0,
      symbol: "AAPL",
      action: "buy",
      qty: 3,
      notional: null,
      limitPrice: 10.5,
      triggerPrice: null,
      stopPrice: 9,
      targetPrice: null,
      timeInForce: "gtc",
      extendedHours: false,
      indicators: { why: "test", nested: { n: "NaN" } },
      problem: null,
      referencePrice: 10.3,
      decidedUs: OPEN_US + 60e6,
    },
  }]);
});

Deno.test("what is wrong with an order goes along with it, for the gateway to deny", () => {
  class Wrong extends Strategy {
    run() {
      return buy({ qty: -1, limitPrice: NaN, notional: 5, timeInForce: "soon" as never });
    }
  }
  const rig = new Rig({ strategies: [Wrong] });
  rig.send([bar(0)]);
  assert.equal(
    rig.intents[0].problem,
    "timeInForce must be one of day, gtc, opg, cls, ioc, fok; " +
      "exactly one of qty and notional must be given; " +
      "qty must be a number > 0, got -1; limitPrice must be a price > 0, got NaN",
  );
});

Deno.test("while an order is on its way its strategy is not asked, others are", () => {
  class Other extends Strategy {
    run() {
      return buy({ qty: 2 });
    }
  }
  const rig = new Rig({ strategies: [Buyer, Other] });
  rig.send([bar(0)]);
  rig.send([bar(1)]);
  assert.deepEqual(rig.intents.map(({ runId }) => runId), [1, 2]);
  rig.report({ event: "accepted", intentSeq: 0, openOrder: OPEN_ORDER });
  rig.send([bar(2)]);
  assert.equal(rig.intents.length, 2);
  rig.report({ event: "fill", intentSeq: 0, position: position(1) });
  rig.send([bar(3)]);
  assert.deepEqual(rig.intents.map(({ runId }) => runId), [1, 2, 1]);
});

Deno.test("a report that crossed a newer intent frees nothing", () => {
  const rig = new Rig({ strategies: [Buyer] });
  rig.send([bar(0)]);
  rig.report({ event: "canceled", intentSeq: 0 });
  rig.send([bar(1)]);
  assert.deepEqual(rig.intents.map(({ seq }) => seq), [0, 1]);
  // Sent before the gateway had the second intent.
  rig.report({ event: "order_status", intentSeq: 0 });
  rig.send([bar(2)]);
  assert.equal(rig.intents.length, 2);
  rig.report({ event: "denied", intentSeq: 1 });
  rig.send([bar(3)]);
  assert.equal(rig.intents.length, 3);
});

Deno.test("with whileOpen it is asked, sees the order and can cancel it", () => {
  class Patient extends Strategy {
    static override whileOpen = true;
    run({ openOrder }: Tick<this>) {
      return openOrder ? cancel(`open: ${openOrder.qty}`) : buy({ qty: 7 });
    }
  }
  const rig = new Rig({ strategies: [Patient] });
  rig.send([bar(0)]);
  rig.send([bar(1)]);
  assert.deepEqual(rig.gateway.slice(1), [
    { type: "cancel", runId: 1, symbol: "AAPL", reason: "open: 7" },
  ]);
});

Deno.test("fills and denials reach the strategy, with the position after them", () => {
  const heard: unknown[] = [];
  class Listener extends Strategy {
    run(): void {}
    override onFill(fill: FillView, { position }: Tick<this>) {
      heard.push([fill.qty, fill.price, fill.positionQty, position?.side, position?.qty]);
    }
    override onDenied({ by, code }: DenialView) {
      heard.push([by, code]);
    }
  }
  const rig = new Rig({ strategies: [Listener] });
  const fill = {
    side: "sell",
    qty: 2,
    price: 11,
    fee: 0,
    timeUs: OPEN_US,
    partial: false,
  } as const;
  rig.report({ event: "fill", fill, position: position(-2, 11) });
  rig.report({ event: "denied", denial: { by: "risk", code: "halted", message: "" } });
  rig.report({ event: "fill", fill, position: null, symbol: "NOT_FOLLOWED" });
  assert.deepEqual(heard, [[2, 11, -2, "short", 2], ["risk", "halted"]]);
});

Deno.test("a rejecting strategy leaves the symbol, the next one in the list still runs", () => {
  class Rejecter extends Strategy {
    run() {
      return reject("dull");
    }
  }
  const rig = new Rig({ strategies: [Rejecter, Buyer], symbols: ["AAPL", "MSFT"] });
  rig.send([bar(0)]);
  assert.deepEqual(rig.sent("reject"), [
    { type: "reject", runId: 1, symbol: "AAPL", reason: "dull" },
  ]);
  assert.deepEqual(rig.intents.map(({ runId }) => runId), [2]);
  rig.send([bar(0)], "MSFT");
  assert.equal(rig.sent("reject").length, 2, "its other symbols are still there");
});

Deno.test("a reject has no effect while there is a position", () => {
  class Rejecter extends Strategy {
    run() {
      return reject("dull");
    }
  }
  const rig = new Rig({ strategies: [Rejecter] });
  rig.report({ position: position(1) });
  rig.send([bar(0)]);
  assert.deepEqual(rig.sent("reject"), []);
  assert.match(rig.sent("log")[0].message, /reject\(AAPL\) has no effect/);
});

Deno.test("whatever a strategy does wrong stops it alone, once and for all", () => {
  const wrongs: [string, () => unknown, RegExp][] = [
    ["throws", () => {
      throw new TypeError("oh no");
    }, /oh no/],
    ["returns nonsense", () => ({ kind: "dance" }), /must return a decision or nothing/],
    ["returns a trap", () => ({
      get kind() {
        throw new Error("trap");
      },
    }), /trap/],
    ["returns a late trap", () => ({
      kind: "order",
      action: "buy",
      get qty() {
        throw new Error("late trap");
      },
    }), /late trap/],
  ];
  for (const [name, run, message] of wrongs) {
    class Bad extends Strategy {
      run() {
        return run() as Decision;
      }
    }
    const rig = new Rig({ strategies: [Bad, Buyer] });
    rig.send([bar(0)]);
    rig.send([bar(1)]);
    assert.deepEqual(rig.sent("strategyFailed").map(({ runId }) => runId), [1], name);
    assert.match(rig.sent("strategyFailed")[0].message, message);
    assert.deepEqual(rig.intents.map(({ runId }) => runId), [2], name);
    assert.equal(rig.control[0], 0, "nothing is said to be running");
  }
});

Deno.test("a collection runs once in its minutes, over all its symbols", () => {
  const seen: unknown[] = [];
  class All extends Strategy {
    static override runAllMinutes = 5;
    override shouldRunAll() {
      return true;
    }
    run(): void {}
    override *runAll(collection: Collection<this>): Generator<[string, Decision]> {
      const { symbols, time } = collection;
      seen.push([time.minutesSinceOpen, symbols.join(), collection.get("MSFT")?.today.last]);
      for (const { symbol } of collection) yield [symbol, buy({ qty: 1 })];
      yield ["NOT_FOLLOWED", buy({ qty: 1 })];
    }
  }
  const rig = new Rig({ strategies: [All], symbols: ["AAPL", "MSFT"] });
  for (let minute = 0; minute < 11; minute++) {
    rig.send([bar(minute, 10)]);
    rig.send([bar(minute, 20)], "MSFT");
  }
  assert.deepEqual(seen, [[5, "AAPL,MSFT", 20], [10, "AAPL,MSFT", 20]]);
  assert.deepEqual(rig.intents.map(({ symbol }) => symbol), ["AAPL", "MSFT"]);
});

Deno.test("a keystore's values go out, and come in from other consumers", () => {
  const got: unknown[] = [];
  class Keeper extends Strategy {
    run({ keystore }: Tick<this>) {
      got.push(keystore.get("k"), keystore.get("k", "context"));
      keystore.set("k", `${got.length}`);
    }
  }
  const rig = new Rig({ strategies: [Keeper] });
  rig.send([bar(0)]);
  assert.deepEqual(rig.gateway, [
    { type: "keystore", runId: 1, key: "k", context: "", value: "2" },
  ]);
  const other = { type: "keystore", strategy: "Keeper", key: "k" } as const;
  rig.consumer.onGateway({ ...other, context: "context", value: "x" });
  rig.send([bar(1)]);
  assert.deepEqual(got, [null, null, "2", "x"]);
});

Deno.test("a halted symbol is run for the sake of its position only", () => {
  const rig = new Rig({ strategies: [Buyer] });
  rig.send([{ halted: true }, bar(0)]);
  assert.equal(rig.intents.length, 0);
  rig.report({ position: position(1) });
  rig.send([bar(1)]);
  assert.equal(rig.intents.length, 1);
  const resumed = new Rig({ strategies: [Buyer] });
  resumed.send([{ halted: true }, { halted: false }, bar(0)]);
  assert.equal(resumed.intents.length, 1);
});

Deno.test("older than 5 seconds: the queue is emptied, but for halts; bars are asked for", () => {
  const rig = new Rig({ strategies: [Buyer], symbols: ["AAPL", "MSFT"] });
  const late = rig.batch([bar(0), { halted: true }]);
  const queued = rig.batch([bar(1)]);
  rig.nowUs = OPEN_US + 60e6 + 7.5e6;
  rig.give(late);
  rig.give(queued);
  assert.deepEqual(rig.intents, []);
  assert.deepEqual(rig.sent("log").map(({ message, level }) => `${level}: ${message}`), [
    "warning: consumer A AAPL out of sync w 7.5",
  ]);
  assert.deepEqual(rig.sent("outOfSync"), [{
    type: "outOfSync",
    symbol: "AAPL",
    lagSeconds: 7.5,
    rowsLost: 3,
    symbols: ["AAPL", "MSFT"],
  }]);
  assert.equal(rig.sent("returned").length, 2, "buffers go back all the same");
  for (const symbol of ["AAPL", "MSFT"]) {
    rig.consumer.onMain({
      type: "refill",
      fillsGap: true,
      symbol,
      history: history([0, 9, 9, 9, 9, 1]),
    });
  }
  rig.send([bar(2)]);
  assert.deepEqual(rig.intents, [], "it is halted");
  rig.send([{ halted: false }, bar(3)]);
  assert.equal(rig.intents.length, 1);
});

Deno.test("while bars are missing a position can be closed, but nothing opened; then onGap", () => {
  const gaps: number[] = [];
  class Both extends Strategy {
    override onGap({ bars }: Tick<this>) {
      gaps.push(bars.length);
    }
    run({ position }: Tick<this>) {
      return position!.qty > 1 ? sell({ qty: 1 }) : buy({ qty: 1 });
    }
  }
  const rig = new Rig({ strategies: [Both] });
  rig.report({ position: position(1) });
  rig.send([{ gap: 1 }, bar(0)]);
  assert.deepEqual(rig.intents, []);
  rig.report({ position: position(2) });
  rig.send([bar(1)]);
  assert.deepEqual(rig.intents.map(({ action }) => action), ["sell"]);
  rig.consumer.onMain({
    type: "refill",
    fillsGap: true,
    symbol: "AAPL",
    history: history([0, 9, 9, 9, 9, 1]),
  });
  assert.deepEqual(gaps, [2]);
});

Deno.test("in steps rows wait for the gateway, and what is decided goes out together", () => {
  const cash: number[] = [];
  class Noting extends Strategy {
    run({ portfolio }: Tick<this>) {
      cash.push(portfolio.cash);
      return buy({ qty: 1 });
    }
  }
  const rig = new Rig({ strategies: [Noting], symbols: ["AAPL", "MSFT"], stepping: true });
  rig.send([bar(0)]);
  rig.send([bar(0), { step: 1, seconds: 60 }], "MSFT");
  assert.deepEqual(cash, []);
  rig.beginStep(1, 60, 500);
  assert.deepEqual(cash, [500, 500]);
  const [done] = rig.gateway;
  assert.equal(done.type, "stepDone");
  assert.deepEqual(rig.intents.map(({ symbol, decidedUs }) => [symbol, decidedUs]), [
    ["AAPL", OPEN_US + 60e6],
    ["MSFT", OPEN_US + 60e6],
  ]);
  // The gateway may also be first.
  rig.report({ intentSeq: 0 });
  rig.beginStep(2, 120, 400);
  assert.equal(rig.gateway.length, 1);
  rig.send([bar(1), { step: 2, seconds: 120 }]);
  assert.deepEqual(cash, [500, 500, 400]);
  assert.equal(rig.gateway.length, 2);
});

Deno.test("in steps nothing is too old", () => {
  const rig = new Rig({ strategies: [Buyer], stepping: true });
  const late = rig.batch([bar(0), { step: 1, seconds: 600 }]);
  rig.beginStep(1, 600);
  rig.give(late);
  assert.equal(rig.intents.length, 1);
  assert.deepEqual(rig.sent("outOfSync"), []);
});

Deno.test("at the end strategies close, and the counts are told", () => {
  let closed = 0;
  class Closing extends Strategy {
    run(): void {}
    override close() {
      closed++;
    }
  }
  const rig = new Rig({ strategies: [Closing] });
  rig.send([bar(0)]);
  rig.send([bar(1)]);
  rig.consumer.onMain({ type: "stop" });
  assert.equal(closed, 1);
  const [counts, stopped] = rig.main.slice(-2);
  assert.deepEqual([counts.type === "counts" && counts.rows, stopped.type], [2, "stopped"]);
});
