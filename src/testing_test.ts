import assert from "node:assert/strict";
import {
  buy,
  cancel,
  type Collection,
  cover,
  type Decision,
  type DenialView,
  limit,
  param,
  type ParamValues,
  reject,
  sell,
  short,
  stop,
  Strategy,
  type Tick,
} from "liu";
import { check, type CheckedFill, type CheckOptions } from "liu/testing";

/** Gives the n-th of these decisions at the n-th minute. */
function script(...decisions: (Decision | null)[]) {
  return class Script extends Strategy {
    #minute = 0;
    override setup() {
      return { denied: [] as string[], filled: [] as number[] };
    }
    run({ event }: Tick<this>) {
      if (event === "minute") return decisions[this.#minute++] ?? undefined;
    }
    override onDenied(denial: DenialView, { state }: Tick<this>) {
      state.denied.push(denial.code);
    }
  };
}

function fillsOf(fills: CheckedFill[]): string[] {
  return fills.map(({ time, action, qty, price, by }) =>
    `${time.slice(0, 5)} ${action} ${qty} @ ${price}${by === "order" ? "" : ` (${by})`}`
  );
}

function checkFills(decisions: (Decision | null)[], options: CheckOptions, expected: string[]) {
  assert.deepEqual(fillsOf(check(script(...decisions), options).fills), expected);
}

Deno.test("a market order fills at the open of the bar after its decision", () => {
  checkFills([buy({ qty: 5 })], { bars: [10, [11, 13, 10, 12], 12] }, ["09:31 buy 5 @ 11"]);
});

Deno.test("a limit order waits for its price, and gets a better one that is there", () => {
  const order = limit(buy({ qty: 5 }), 9.5);
  checkFills([order], { bars: [10, [10, 10, 9.6, 10], [10, 10, 9.4, 10]] }, ["09:32 buy 5 @ 9.5"]);
  checkFills([order], { bars: [10, [9, 10, 9, 10]] }, ["09:31 buy 5 @ 9"]);
  checkFills([order], { bars: [10, 10, 10] }, []);
  const exit = limit(short({ qty: 5 }), 10.5);
  checkFills([exit], { bars: [10, [10, 10.6, 10, 10]] }, ["09:31 short 5 @ 10.5"]);
});

Deno.test("an order by stop waits for its trigger, with a limit for that too", () => {
  const bars = [10, [10, 10.4, 10, 10], [10.2, 11, 10.2, 11]] as const;
  checkFills([stop(buy({ qty: 5 }), 10.5)], { bars }, ["09:32 buy 5 @ 10.5"]);
  const gap = [10, [12, 13, 11.5, 12], [12, 12, 10.6, 12]] as const;
  checkFills([stop(buy({ qty: 5 }), 10.5)], { bars: gap }, ["09:31 buy 5 @ 12"]);
  checkFills([stop(buy({ qty: 5 }), 10.5, 10.7)], { bars: gap }, ["09:32 buy 5 @ 10.7"]);
});

Deno.test("stop and target close a position, the stop first where a bar reaches both", () => {
  const order = buy({ qty: 5, stopPrice: 9, targetPrice: 12 });
  checkFills([order], { bars: [10, 10, [10, 11, 8.9, 10]] }, [
    "09:31 buy 5 @ 10",
    "09:32 sell 5 @ 9 (stop)",
  ]);
  checkFills([order], { bars: [10, 10, [10, 12.1, 9.5, 12]] }, [
    "09:31 buy 5 @ 10",
    "09:32 sell 5 @ 12 (target)",
  ]);
  checkFills([order], { bars: [10, 10, [10, 13, 8, 10]] }, [
    "09:31 buy 5 @ 10",
    "09:32 sell 5 @ 9 (stop)",
  ]);
  checkFills([order], { bars: [10, 10, [8, 8, 8, 8]] }, [
    "09:31 buy 5 @ 10",
    "09:32 sell 5 @ 8 (stop)",
  ]);
  checkFills([short({ qty: 5, stopPrice: 11 })], { bars: [10, 10, [10, 12, 10, 12]] }, [
    "09:31 short 5 @ 10",
    "09:32 cover 5 @ 11 (stop)",
  ]);
});

Deno.test("a protection does not act within the bar in which the position was opened", () => {
  const order = buy({ qty: 5, stopPrice: 9 });
  checkFills([order], { bars: [10, [10, 10, 8, 10], 10] }, ["09:31 buy 5 @ 10"]);
});

Deno.test("quotes and trades fill what waits for them", () => {
  const bars = [10, 10];
  checkFills([buy({ qty: 5 })], { bars, quotes: [[75, 9.9, 10.1]] }, ["09:31 buy 5 @ 10.1"]);
  checkFills([short({ qty: 5 })], { bars, quotes: [[75, 9.9, 10.1]] }, ["09:31 short 5 @ 9.9"]);
  checkFills([buy({ qty: 5 })], { bars, trades: [[75, 10.3]] }, ["09:31 buy 5 @ 10.3"]);
});

Deno.test("a position can be there before, and is closed in parts", () => {
  const { fills, gain, positionQty } = check(
    script(sell({ qty: 4 }), null, sell({ qty: 6 })),
    { bars: [10, 11, 12, 13], position: { qty: 10, averagePrice: 10 } },
  );
  assert.deepEqual(fillsOf(fills), ["09:31 sell 4 @ 11", "09:33 sell 6 @ 13"]);
  assert.equal(positionQty(), 0);
  assert.equal(gain, 4 * 1 + 6 * 3);
});

Deno.test("what the gateway would deny is denied, and the strategy is told", () => {
  const cases: [Decision, CheckOptions, string][] = [
    [buy({}), {}, "invalid_order"],
    [buy({ qty: 0 }), {}, "qty_too_small"],
    [sell({ qty: 1 }), {}, "no_position"],
    [cover({ qty: 1 }), {}, "no_position"],
    [sell({ qty: 2 }), { position: { qty: 1, averagePrice: 10 } }, "exceeds_position"],
    [buy({ qty: 1 }), { position: { qty: -1, averagePrice: 10 } }, "opposite_position"],
    [short({ qty: 1 }), { asset: { shortable: false } }, "not_shortable"],
    [buy({ qty: 11_000 }), { cash: 100_000 }, "buying_power"],
  ];
  for (const [decision, options, code] of cases) {
    const { denials, fills } = check(script(decision), { bars: [10, 10], ...options });
    assert.deepEqual(denials.map((denial) => [denial.by, denial.code]), [["risk", code]]);
    assert.deepEqual(fills, []);
  }
});

Deno.test("a test can deny orders as it likes", () => {
  const refusal = { by: "broker", code: "40310000", message: "no" } as const;
  const { denials, orders, fills } = check(script(buy({ qty: 1 }), buy({ qty: 2 })), {
    bars: [10, 10, 10],
    deny: ({ qty }) => qty === 1 ? refusal : null,
  });
  assert.deepEqual(denials, [{ time: "09:31:00", symbol: "TEST", ...refusal }]);
  assert.deepEqual(orders.map(({ qty }) => qty), [1, 2]);
  assert.deepEqual(fills.map(({ qty }) => qty), [2]);
});

Deno.test("while an order is open run is not called; whileOpen can cancel it", () => {
  class Patient extends Strategy {
    static override whileOpen = true;
    run({ openOrder, position }: Tick<this>) {
      if (openOrder) return cancel("changed my mind");
      if (!position) return limit(buy({ qty: 1 }), 5);
    }
  }
  const { cancels, orders } = check(Patient, { bars: [10, 10, 10] });
  assert.deepEqual(cancels, [{ time: "09:32:00", symbol: "TEST", reason: "changed my mind" }]);
  assert.deepEqual(orders.map(({ time }) => time), ["09:31:00", "09:33:00"]);
  const { orders: once } = check(script(limit(buy({ qty: 1 }), 5), buy({ qty: 1 })), {
    bars: [10, 10, 10],
  });
  assert.equal(once.length, 1);
});

Deno.test("a rejected symbol is not followed any more", () => {
  const { rejects, orders } = check(script(reject("dull"), buy({ qty: 1 })), { bars: [10, 10] });
  assert.deepEqual(rejects, [{ time: "09:31:00", symbol: "TEST", reason: "dull" }]);
  assert.deepEqual(orders, []);
});

Deno.test("params are checked and have their defaults; history, day and keystore are there", () => {
  class Curious extends Strategy {
    static override params = { n: param.int(3, { min: 1 }), word: param.text("yes") };
    declare readonly params: ParamValues<typeof Curious.params>;
    run({ bars, today, log, keystore, time }: Tick<this>) {
      keystore.set("seen", String(Number(keystore.get("seen")) + 1));
      log.info(`${this.params.n} ${this.params.word} ${bars.length} ${today.gapPercent}`, {
        minute: time.minutesSinceOpen,
      });
    }
  }
  const { logs, keystore } = check(Curious, {
    bars: [11],
    history: [8, 9, 10],
    previousClose: 10,
    params: { n: 4 },
    keystore: { seen: "6" },
  });
  assert.deepEqual(logs, [
    { level: "info", message: "4 yes 4 10.000000000000009", properties: { minute: 1 } },
  ]);
  assert.deepEqual(keystore, { seen: "7" });
  assert.throws(
    () => check(Curious, { bars: [], params: { n: 0 } }),
    /n must be at least 1, got 0/,
  );
});

Deno.test("what a strategy throws comes out of check", () => {
  class Broken extends Strategy {
    run(): void {
      throw new RangeError("oh no");
    }
  }
  assert.throws(() => check(Broken, { bars: [1] }), /^RangeError: oh no$/);
});

Deno.test("runAll sees all symbols, and its orders are by symbol", () => {
  class BuyTheCheapest extends Strategy {
    static override runAllMinutes = 2;
    override shouldRunAll() {
      return true;
    }
    run(): void {}
    override *runAll(collection: Collection<this>): Generator<[string, Decision]> {
      const [cheapest] = [...collection].sort((a, b) => a.today.last - b.today.last);
      if (!cheapest.position) yield [cheapest.symbol, buy({ qty: 1 })];
    }
  }
  const { fills } = check(BuyTheCheapest, {
    symbols: { A: { bars: [10, 10, 10, 10, 10, 10] }, B: { bars: [11, 11, 9, 9, 9, 9] } },
  });
  assert.deepEqual(fills.map(({ time, symbol }) => `${time} ${symbol}`), [
    "09:32:00 A",
    "09:34:00 B",
  ]);
});

Deno.test("crypto is traded in fractions and is never shortable", () => {
  const Sized = class extends Strategy {
    run({ size, position, shortable }: Tick<this>) {
      assert.equal(shortable, false);
      if (!position) return buy({ qty: size.byNotional(100) });
    }
  };
  const { fills } = check(Sized, {
    symbol: "BTC/USD",
    start: "2022-01-02 03:00",
    bars: [400, 400],
  });
  assert.deepEqual(fills.map(({ time, qty }) => [time, qty]), [["03:01:00", 0.25]]);
});
