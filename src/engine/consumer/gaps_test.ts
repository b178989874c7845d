/** What a consumer makes of lost and of corrected rows. */
import assert from "node:assert/strict";
import { buy } from "../../contracts/decision.ts";
import { Strategy, type SymbolSetup, type Tick } from "../../contracts/strategy.ts";
import { history, position, Rig } from "./test_rig.ts";

const bar = (minute: number, price = 10) => ({
  bar: [minute, price, price, price, price, 100] as [
    number,
    number,
    number,
    number,
    number,
    number,
  ],
});

function refill(rig: Rig, fillsGap: boolean, ...minutes: number[]): void {
  const rows = minutes.map((minute) => [minute, 20, 21, 19, 20, 500]);
  const message = { type: "refill", symbol: "AAPL", history: history(...rows) } as const;
  rig.consumer.onMain({ ...message, fillsGap });
}

class Buyer extends Strategy {
  run() {
    return buy({ qty: 1 });
  }
}

Deno.test("fault 23: while the stream is away nothing is bought and nothing asked for", () => {
  const rig = new Rig({ strategies: [Buyer] });
  rig.send([{ gap: -1, goesOn: true }, bar(0)]);
  assert.deepEqual(rig.intents, []);
  assert.deepEqual(rig.sent("outOfSync"), []);
  // An answer that was on its way does not make whole what is still being lost.
  refill(rig, true, 0);
  rig.send([bar(1)]);
  assert.deepEqual(rig.intents, []);
  rig.send([{ gap: -1 }, bar(2)]);
  assert.deepEqual(rig.sent("outOfSync").map(({ symbols }) => symbols), [["AAPL"]]);
  assert.deepEqual(rig.intents, []);
  refill(rig, true, 0, 1, 2);
  rig.send([bar(3)]);
  assert.equal(rig.intents.length, 1);
});

Deno.test("fault 23: quotes of before an interruption are not shown after it", () => {
  const seen: number[][] = [];
  class Seeing extends Strategy {
    run({ quote, second, voi }: Tick<this>) {
      seen.push([quote.bidPrice, quote.askSize, second.close, voi.last().length]);
    }
  }
  const rig = new Rig({ strategies: [Seeing], events: ["minute", "second"] });
  rig.report({ position: position(1) });
  rig.send([{ quote: [1, 9, 10, 11, 20] }, { quote: [2, 9, 11, 11, 20] }, { trade: [3, 10, 1] }]);
  rig.send([{ gap: -1 }, { quote: [70, 8, 10, 12, 20] }, bar(1)]);
  assert.deepEqual(seen, [[8, 20, NaN, 1]], "no second of lost trades, no imbalance over the gap");
});

Deno.test("fault 30: an updated bar moves the day's high down again, and the last price", () => {
  const seen: number[][] = [];
  class Seeing extends Strategy {
    run({ today, bars }: Tick<this>) {
      seen.push([today.high, today.last, today.volume, bars.close.at(-1)]);
    }
  }
  const rig = new Rig({ strategies: [Seeing] });
  rig.send([bar(0)]);
  rig.send([{ bar: [1, 10, 99, 10, 99, 50] }]);
  // A trade at 99 was an error.
  rig.send([{ update: [1, 10, 11, 10, 11, 49] }]);
  rig.send([bar(2, 11)]);
  assert.deepEqual(seen.slice(1), [[99, 99, 150, 99], [11, 11, 249, 11]]);
});

Deno.test("fault 30: trades that are taken back are asked for anew, and entries go on", () => {
  const closes: number[][] = [];
  class Seeing extends Strategy {
    override setup(symbol: SymbolSetup) {
      return { sma: symbol.sma(1) };
    }
    override onGap() {
      assert.fail("nothing was lost");
    }
    run({ bars }: Tick<this>) {
      closes.push([...bars.close.last(9)]);
      return buy({ qty: 1 });
    }
  }
  const rig = new Rig({ strategies: [Seeing], events: ["minute"] });
  rig.send([bar(0), { takenBack: [30, 10, 5] }]);
  assert.deepEqual(rig.sent("corrected"), [{ type: "corrected", symbol: "AAPL" }]);
  rig.report({ intentSeq: 0 });
  refill(rig, false, 0);
  rig.send([bar(1)]);
  assert.deepEqual(closes, [[10], [20, 10]]);
  assert.equal(rig.intents.length, 2);
  rig.consumer.onMain({ type: "stop" });
  assert.equal(rig.sent("counts")[0].corrections, 1);
});

Deno.test("fault 30: a correction while rows are lost does not end the waiting for these", () => {
  const rig = new Rig({ strategies: [Buyer] });
  rig.send([{ gap: -1 }]);
  refill(rig, false, 0);
  rig.send([bar(1)]);
  assert.deepEqual(rig.intents, []);
});

Deno.test("rows that are lost while a symbol's history is on its way are asked for later", () => {
  const rig = new Rig({ strategies: [Buyer], symbols: [] });
  rig.consumer.onMain({ type: "symbols", first: 0, names: ["AAPL"] });
  const early = (goesOn: boolean) => {
    const other = new Rig({ strategies: [Buyer] });
    const batch = other.batch([{ gap: -1, goesOn }]);
    rig.give(batch);
  };
  early(true);
  early(false);
  assert.deepEqual(rig.sent("outOfSync"), []);
  rig.follow("AAPL", [1]);
  assert.equal(rig.sent("outOfSync").length, 1);
  rig.send([bar(0)]);
  assert.deepEqual(rig.intents, []);
  refill(rig, true, 0);
  rig.send([bar(1)]);
  assert.equal(rig.intents.length, 1);
});
