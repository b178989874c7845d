import assert from "node:assert/strict";
import { analyzeBatch } from "../analysis/batch_analysis.ts";
import { buy, cover, sell, short } from "../contracts/decision.ts";
import type { StoreRecord, TradeRow } from "../contracts/store.ts";
import { Strategy, type Tick } from "../contracts/strategy.ts";
import { minuteBars, run, type TestRun } from "../backtest/fixture.ts";
import { decimal, plain } from "../util/decimal.ts";
import { tradeGains } from "./trade_gains.ts";

const DATES = ["2022-01-03", "2022-01-04", "2022-01-05"];
const ROWS = Object.fromEntries(
  ["AAPL", "DOWN", "BTC/USD"].map((symbol, n) => [
    symbol,
    DATES.flatMap((date, day) =>
      minuteBars(
        `${date} 09:30`,
        Array.from({ length: 12 }, (_, i) => 100 + ((i * 7 + day * 5 + n * 3) % 11) / 3 + 7 * day)
          .map((price) => Number(price.toFixed(2))),
      )
    ),
  ]),
);

/** In and out in parts; of each symbol something is open at the end. */
class InParts extends Strategy {
  static override type = "swing" as const;

  run({ symbol, position, time }: Tick<this>) {
    const minute = Math.round(time.us / 60e6) % 5;
    const isShort = symbol === "DOWN";
    const qty = symbol === "AAPL" ? 40 : 7;
    if (!position && minute === 1) return isShort ? short({ qty }) : buy({ qty });
    if (!position || minute !== 3) return;
    const part = Math.min(qty === 40 ? 3 : 4, Math.abs(position.qty));
    return isShort ? cover({ qty: part }) : sell({ qty: part });
  }
}

function gainsOf({ result, records }: TestRun): string[] {
  const trades = records.flatMap((record: StoreRecord): TradeRow[] =>
    record.table === "new_trades" ? [record.row] : []
  );
  assert.equal(trades.length, result.trades.length);
  const runs = result.runs.map(({ runId, strategy }) => ({
    algoRunId: runId,
    algoName: strategy,
    environment: "BACKTEST" as const,
    refAlgoRun: null,
  }));
  return tradeGains(analyzeBatch(runs, trades).results, result);
}

const sum = (gains: readonly string[]) =>
  plain(gains.reduce((total, one) => total.plus(one), decimal(0)));

Deno.test("trades' gains sum up to the account's, what is open and all costs in them", async () => {
  const ran = await run(
    InParts,
    ROWS,
    {
      to: "2022-01-05",
      nightRates: { borrow: 7, margin: 9 },
      cash: "3500",
      fees: { equityBps: 10, cryptoBps: 25 },
    } as Parameters<typeof run>[2],
  );
  const { result } = ran;

  assert.ok(result.openPositions.length > 0 && result.trades.length > 12);
  assert.notEqual(result.costs.borrow, "0");
  const gains = gainsOf(ran);
  assert.equal(sum(gains), plain(decimal(result.finalEquity).minus(result.initialCash)));
});

Deno.test("a trade that is never closed is a trade, at the last price", async () => {
  class BuyAndHold extends Strategy {
    static override type = "swing" as const;
    run({ position }: Tick<this>) {
      if (!position) return buy({ qty: 10 });
    }
  }
  const rows = { AAPL: minuteBars("2022-01-03 09:30", [100, 100, 110, 130]) };
  assert.deepEqual(gainsOf(await run(BuyAndHold, rows)), ["300"]);
});
