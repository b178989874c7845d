/** Backtests by seconds, trades and quotes: what strategies see when, and what fills them. */
import assert from "node:assert/strict";
import { buy } from "../contracts/decision.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { exchangeUs } from "../model/calendar.ts";
import { emptyQuotes } from "../model/ticks.ts";
import {
  barsOf,
  emptySymbol,
  type MarketData,
  mergeMarketData,
  type SymbolData,
} from "../recorded/market_data.ts";
import { run } from "./fixture.ts";

const OPEN_US = exchangeUs("2022-01-03", "09:30");

/** Seconds after 09:30:00, price and size. */
type Print = [seconds: number, price: number, size: number];

const PRINTS: Print[] = [
  [0.1, 100, 10],
  [0.9, 101, 30],
  [2.5, 99, 20],
  [61, 102, 50],
  [61.5, 103, 10],
  [125, 104, 5],
];

function dataOf(parts: Partial<SymbolData>): MarketData {
  return mergeMarketData([{ ...emptySymbol("AAPL"), ...parts }]);
}

function trades(prints: readonly Print[]): SymbolData["trades"] {
  return {
    timeUs: Float64Array.from(prints, ([seconds]) => OPEN_US + Math.round(seconds * 1e6)),
    price: Float64Array.from(prints, ([, price]) => price),
    size: Float64Array.from(prints, ([, , size]) => size),
  };
}

/** Flat second bars at these seconds. */
function seconds(prices: readonly [second: number, price: number][]): SymbolData["secondBars"] {
  return barsOf(
    prices.map(([second, price]) => [
      OPEN_US + second * 1e6,
      price,
      price,
      price,
      price,
      100,
      price,
      1,
    ]),
  );
}

const WITHOUT_ROWS = { AAPL: [] };
const since = (us: number) => (us - OPEN_US) / 1e6;

function watcher(seen: string[]) {
  return class extends Strategy {
    run({ event, time, bars, second, today: { last } }: Tick<this>) {
      const bar = event === "second" ? `${second.open}-${second.close} ${second.volume}` : "";
      const newest = `${bars.open.at(-1)}-${bars.close.at(-1)} ${bars.volume.at(-1)}`;
      seen.push(`${since(time.us)} ${event} ${event === "second" ? bar : `${last} (${newest})`}`);
    }
  };
}

Deno.test("by trades every print is seen, and minutes that are made of them when they are complete", async () => {
  const seen: string[] = [];
  await run(watcher(seen), WITHOUT_ROWS, {
    data: dataOf({ trades: trades(PRINTS) }),
    scale: "trade",
    events: ["trade", "minute"],
  });
  assert.deepEqual(seen, [
    "0.1 trade 100 (100-100 10)",
    "0.9 trade 101 (100-101 40)",
    "2.5 trade 99 (100-99 60)",
    "60 minute 99 (100-99 60)",
    "61 trade 102 (102-102 50)",
    "61.5 trade 103 (102-103 60)",
    "120 minute 103 (102-103 60)",
    "125 trade 104 (104-104 5)",
    "180 minute 104 (104-104 5)",
  ]);
});

Deno.test("by seconds bars are made of trades, and each is seen at its end", async () => {
  const seen: string[] = [];
  await run(watcher(seen), WITHOUT_ROWS, {
    data: dataOf({ trades: trades(PRINTS) }),
    scale: "second",
    events: ["second", "minute"],
  });
  assert.deepEqual(seen, [
    "1 second 100-101 40",
    "3 second 99-99 20",
    "60 minute 99 (100-99 60)",
    "62 second 102-103 60",
    "120 minute 103 (102-103 60)",
    "126 second 104-104 5",
    "180 minute 104 (104-104 5)",
  ]);
});

Deno.test("the last second of a minute is seen before the minute that it completes", async () => {
  const seen: string[] = [];
  await run(watcher(seen), WITHOUT_ROWS, {
    data: dataOf({ secondBars: seconds([[58, 100], [59, 101], [60, 102]]) }),
    scale: "second",
    events: ["second", "minute"],
  });
  assert.deepEqual(seen, [
    "59 second 100-100 100",
    "60 second 101-101 100",
    "60 minute 101 (100-101 200)",
    "61 second 102-102 100",
    "120 minute 102 (102-102 100)",
  ]);
});

/** Buys 10 at the first event that it is called for. */
class BuyAtOnce extends Strategy {
  override setup() {
    return { isDone: false };
  }
  run({ state }: Tick<this>) {
    if (state.isDone) return;
    state.isDone = true;
    return buy({ qty: 10 });
  }
}

const QUOTES = {
  ...emptyQuotes(),
  timeUs: Float64Array.of(OPEN_US + 0.05e6, OPEN_US + 2e6, OPEN_US + 3e6),
  bidPrice: Float64Array.of(99.9, 98.9, 97.9),
  bidSize: Float64Array.of(100, 100, 100),
  askPrice: Float64Array.of(100.1, 99.1, 98.1),
  askSize: Float64Array.of(100, 4, 100),
};

const FILLS: [
  what: string,
  options: NonNullable<Parameters<typeof run>[2]>,
  fills: [seconds: number, qty: string, price: string][],
][] = [
  [
    "a second's strategy fills at the next second's open",
    { data: dataOf({ secondBars: seconds([[0, 100], [1, 101], [5, 105]]) }), scale: "second" },
    [[2, "10", "101"]],
  ],
  [
    "a second's strategy fills at its close",
    {
      data: dataOf({ secondBars: seconds([[0, 100], [1, 101]]) }),
      scale: "second",
      fillModel: "close",
    },
    [[1, "10", "100"]],
  ],
  [
    "an order that takes 3 s meets the second that begins after its arrival",
    {
      data: dataOf({ secondBars: seconds([[0, 100], [1, 101], [3, 103], [5, 105]]) }),
      scale: "second",
      latencyUs: 3e6,
    },
    [[6, "10", "105"]],
  ],
  [
    "a trade's strategy fills by the next trades, at what these show",
    { data: dataOf({ trades: trades(PRINTS) }), scale: "trade", fillModel: "trade" },
    [[0.9, "10", "101"]],
  ],
  [
    "a tenth of 30, of 20 and of 50",
    {
      data: dataOf({ trades: trades(PRINTS) }),
      scale: "trade",
      fillModel: "trade",
      volumeShare: 0.1,
    },
    [[0.9, "3", "101"], [2.5, "2", "99"], [61, "5", "102"]],
  ],
  [
    "a trade's strategy fills at the open of the minute after its own",
    { data: dataOf({ trades: trades(PRINTS) }), scale: "trade" },
    [[120, "10", "102"]],
  ],
  [
    "a trade's strategy fills at the close of the minute that it is in",
    { data: dataOf({ trades: trades(PRINTS) }), scale: "trade", fillModel: "close" },
    [[60, "10", "99"]],
  ],
  [
    "by quotes: 4 that are shown at 99.10, the rest at 98.10",
    {
      data: dataOf({ trades: trades(PRINTS), quotes: QUOTES }),
      scale: "trade",
      fillModel: "quote",
    },
    [[2, "4", "99.1"], [3, "6", "98.1"]],
  ],
  [
    "an order that takes 2.2 s misses the quote of the second before",
    {
      data: dataOf({ trades: trades(PRINTS), quotes: QUOTES }),
      scale: "trade",
      fillModel: "quote",
      latencyUs: 2.2e6,
    },
    [[3, "10", "98.1"]],
  ],
];

for (const [what, options, fills] of FILLS) {
  Deno.test(what, async () => {
    const events = options.scale === "second" ? ["second" as const] : ["trade" as const];
    const { result } = await run(BuyAtOnce, WITHOUT_ROWS, { ...options, events });
    assert.deepEqual(
      result.trades.slice(0, fills.length).map(({ timeUs, qty, price }) => [
        since(timeUs),
        qty,
        price,
      ]),
      fills,
    );
    const bought = result.trades.filter(({ operation }) => operation === "buy");
    assert.equal(bought.length, fills.length);
  });
}

Deno.test("quotes are seen by who asks for them, as they come", async () => {
  const seen: string[] = [];
  class Look extends Strategy {
    run({ event, time, quote }: Tick<this>) {
      seen.push(`${since(time.us)} ${event} ${quote?.bidPrice}/${quote?.askPrice}`);
    }
  }
  await run(Look, WITHOUT_ROWS, {
    data: dataOf({ quotes: QUOTES, trades: trades(PRINTS.slice(0, 1)) }),
    scale: "trade",
    fillModel: "quote",
    events: ["quote"],
  });
  assert.deepEqual(seen, ["0.05 quote 99.9/100.1", "2 quote 98.9/99.1", "3 quote 97.9/98.1"]);
});

const MISSING: [what: string, options: NonNullable<Parameters<typeof run>[2]>, says: RegExp][] = [
  [
    "quotes to fill by",
    { data: dataOf({ trades: trades(PRINTS) }), fillModel: "quote" },
    /Cannot fill orders by quotes \(fill = "quote"\): the data have none of AAPL/,
  ],
  [
    "trades to fill by",
    { data: dataOf({ secondBars: seconds([[0, 1]]) }), fillModel: "trade" },
    /Cannot fill orders by trades .* none of AAPL/,
  ],
  [
    "bars to fill by",
    { data: dataOf({ quotes: QUOTES }), scale: "trade" },
    /Cannot fill orders by bars .* none of AAPL/,
  ],
  [
    "quotes by days",
    { data: dataOf({ quotes: QUOTES }), scale: "day", fillModel: "quote" },
    /by quotes with --scale day: by days there are none/,
  ],
  [
    "seconds, or trades to make them of",
    { data: dataOf({ minuteBars: barsOf([[OPEN_US, 1, 1, 1, 1, 1, 1, 1]]) }), scale: "second" },
    /neither second bars nor trades of AAPL/,
  ],
  [
    "trades or quotes",
    { data: dataOf({ minuteBars: barsOf([[OPEN_US, 1, 1, 1, 1, 1, 1, 1]]) }), scale: "trade" },
    /neither trades nor quotes of AAPL/,
  ],
];

for (const [what, options, says] of MISSING) {
  Deno.test(`what is missing is said: ${what}`, async () => {
    await assert.rejects(() => run(BuyAtOnce, WITHOUT_ROWS, options), {
      name: "ConfigError",
      message: says,
    });
  });
}

Deno.test("a stop that protects a position of a second's strategy is met by the second that reaches it", async () => {
  class Protected extends BuyAtOnce {
    override run({ state }: Tick<this>) {
      if (state.isDone) return;
      state.isDone = true;
      return buy({ qty: 10, stopPrice: 98 });
    }
  }
  const { result } = await run(Protected, WITHOUT_ROWS, {
    data: dataOf({ secondBars: seconds([[0, 100], [1, 100], [2, 99], [3, 97.5], [4, 99]]) }),
    scale: "second",
    events: ["second"],
    fillModel: "intrabar",
  });
  assert.deepEqual(
    result.trades.map(({ timeUs, operation, price }) => [since(timeUs), operation, price]),
    // The bar opens below the stop: it fills at that open.
    [[2, "buy", "100"], [4, "sell", "97.5"]],
  );
});

Deno.test("the account's value is taken at the newest trade", async () => {
  class Holds extends BuyAtOnce {
    static override type = "swing" as const;
  }
  const { result } = await run(Holds, WITHOUT_ROWS, {
    data: dataOf({ trades: trades(PRINTS) }),
    scale: "trade",
    events: ["trade"],
    fillModel: "trade",
  });
  // Bought at 101, the last trade is at 104.
  assert.equal(result.finalEquity, "100030");
  assert.equal(result.equity.equity.at(-1), 100_030);
});
