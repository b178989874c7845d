/** Liu's own miners by the name that miner.toml uses: one file and one line each. */
export const miners = {
  daily_ohlc: () => import("./daily_ohlc.ts"),
  gainloss: () => import("./gainloss.ts"),
  portfolio: () => import("./portfolio.ts"),
  stock_cluster: () => import("./stock_cluster.ts"),
};

/** What each of them does, and the tables that it writes where its section names no others. */
export const ABOUT: Readonly<Record<keyof typeof miners, { does: string; tables: string[] }>> = {
  daily_ohlc: {
    does: "daily bars with indicators, of the days that are missing",
    tables: ["stock_ohlc"],
  },
  gainloss: {
    does: "gains and round trips of the last days' batches, worked out anew",
    tables: ["gain_loss", "trade_analysis"],
  },
  portfolio: {
    does: "a target portfolio: momentum, weighted by volatility",
    tables: ["portfolio"],
  },
  stock_cluster: {
    does: "names, exchanges, sectors and similar symbols",
    tables: ["ticker_data"],
  },
};
