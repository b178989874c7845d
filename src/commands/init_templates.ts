/** The files that `liu init` writes, by their path in the new folder. */
export const TEMPLATES: Readonly<Record<string, string>> = {
  "tradeplan.toml": `# What is traded, and how. Checked when a session starts.
environment = "PAPER"
portfolio_value = 50_000
events = ["minute"]
# Day trades are closed this long before the market's close.
market_liquidation_end_time_minutes = 15

[risk]
max_daily_loss = "2%"
max_notional_per_symbol = "10%"
price_collar = "10%"

[scanners.my_scanner]
filename = "scanners/my_scanner.ts"
recurrence = 5                      # minutes
target_strategy_name = "my_strategy"
max_symbols = 20

[strategies.my_strategy]
filename = "strategies/my_strategy.ts"
fast = 5
slow = 20
risk = 50
max_share = 9
[[strategies.my_strategy.schedule]]
start = 15                          # minutes after the open
duration = 330
`,

  "strategies/my_strategy.ts":
    `import { buy, param, type ParamValues, reject, sell, Strategy } from "liu";
import type { SymbolSetup, Tick } from "liu";
import { stopBelow } from "./stop_below.ts";

/** Buys when the fast average is above the slow one, sells when it is below. */
export default class MyStrategy extends Strategy {
  /** Checked against tradeplan.toml, where fast is fast and minGap would be min_gap. */
  static override params = {
    fast: param.int(5, { min: 2, max: 60 }),
    slow: param.int(20, { min: 5, max: 200 }),
    risk: param.money(50, { doc: "lost at most per trade, in account currency" }),
    maxShare: param.percent(9, { min: 0, max: 100, doc: "of the portfolio in a symbol" }),
  };
  declare readonly params: ParamValues<typeof MyStrategy.params>;

  /** Once per symbol: indicators and state that belong to it. */
  override setup(symbol: SymbolSetup) {
    return {
      fast: symbol.sma(this.params.fast),
      slow: symbol.sma(this.params.slow),
      atr: symbol.atr(14),
    };
  }

  /** Each event of a followed symbol. Nothing returned: nothing done. */
  run({ bars, position, state, time, size }: Tick<this>) {
    const price = bars.close.at(-1);
    if (price < 1) return reject("penny stock");
    if (!position && state.fast.value > state.slow.value && this.isBuyTime(time)) {
      const stopPrice = stopBelow(price, state.atr.value);
      const { risk, maxShare } = this.params;
      return buy({
        qty: Math.min(size.byRisk(risk, stopPrice), size.byShareOfPortfolio(maxShare / 100)),
        stopPrice,
        indicators: { atr: state.atr.value },
      });
    }
    if (position && state.fast.value < state.slow.value && this.isSellTime(time)) {
      return sell({ qty: position.qty, indicators: { why: "cross" } });
    }
  }
}
`,

  "strategies/stop_below.ts":
    `/** A stop two average ranges below the price, and never more than 5 % below it. */
export function stopBelow(price: number, averageRange: number): number {
  return Math.max(price - 2 * averageRange, price * 0.95);
}
`,

  "scanners/my_scanner.ts":
    `import { param, type ParamValues, type ScanContext, Scanner } from "liu";

/** Picks the symbols with the most money traded today. */
export default class MyScanner extends Scanner {
  static override params = {
    minSharePrice: param.money(2),
    maxSymbols: param.int(20, { min: 1, max: 440 }),
  };
  declare readonly params: ParamValues<typeof MyScanner.params>;

  async run({ market }: ScanContext) {
    const rows = await market.snapshots();
    return rows
      .filter((row) => row.last >= this.params.minSharePrice)
      .top(this.params.maxSymbols, "dollarVolume");
  }
}
`,

  "miner.toml": `# Jobs for the hours when the market is closed: liu miner NAME, as from cron.
# liu miner --list shows them all, and when they last ran.

# Daily bars with indicators into the table stock_ohlc: the days that are missing.
[miners.daily_ohlc]
days = 250
min_share_price = 5
max_share_price = 1000
indicators = ["sma(20)", "rsi(14)"]

# Names, exchanges and similar symbols into ticker_data.
[miners.stock_cluster]
days = 120

# Gains of the last days' batches, also of those that were cut short.
[miners.gainloss]
days = 7

# What a strategy with target_portfolio = "momentum" trades towards.
[miners.portfolio]
portfolio = "momentum"
size = 25_000
stocks = 20

[miners.my_miner]
filename = "miners/my_miner.ts"
tables = ["keystore"]               # it may read all, and write these only
days = 20
`,

  "miners/my_miner.ts": `import { type MineContext, Miner, param, type ParamValues } from "liu";

/** Keeps the most volatile symbols of stock_ohlc where my_strategy can read them: its keystore. */
export default class MyMiner extends Miner {
  static override params = {
    days: param.int(20, { min: 2, doc: "calendar days looked back on" }),
    symbols: param.int(10, { min: 1 }),
  };
  declare readonly params: ParamValues<typeof MyMiner.params>;

  async run({ db, date }: MineContext) {
    const { days, symbols } = this.params;
    const rows = await db.query(
      "select symbol from stock_ohlc where symbol_date > $1::date - $2::int and close > 0 " +
        "group by symbol order by avg((high - low) / close) desc, symbol limit $3",
      [date, days, symbols],
    );
    const value = rows.map(({ symbol }) => symbol).join(" ");
    await db.write("keystore", [
      { algo_name: "my_strategy", context: "", key: "volatile", value },
    ]);
    return { volatile: value };
  }
}
`,

  ".env.example": `# Read from the environment by every liu command:  set -a; . ./.env; set +a
APCA_API_KEY_ID=
APCA_API_SECRET_KEY=
# Alpaca's paper account is the default; a simulated exchange prints its own address.
APCA_API_BASE_URL=https://paper-api.alpaca.markets
# iex is free, sip needs a subscription.
ALPACA_DATA_FEED=iex
# A Postgres server. Without it Liu keeps a database of its own in LIU_DATA (~/.liu).
DSN=
LIU_DATA=
# trace, debug, info, warning, error
LIU_LOG=info
`,
};
