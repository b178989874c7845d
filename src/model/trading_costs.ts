/**
 * What a backtest, or a simulated exchange, can be told of fills and their costs: plain data that a
 * plan says and the exchange core works by.
 */

/** The names that a plan, or --fill, knows. */
export const FILL_MODELS = [
  "close",
  "next_open",
  "intrabar",
  "quote",
  "trade",
  "finest",
] as const;
export type FillModelName = typeof FILL_MODELS[number];

/**
 * An order pays for all that fills of it. Commission: rounded half up, of equities to cents, of
 * crypto to 1e-8. SEC and TAF: each rounded up to cents.
 */
export interface FeeSchedule {
  /** Of the notional, hundredths of a percent. */
  equityBps: number;
  cryptoBps: number;
  /** Equities, both sides, currency per share. */
  perShare: number;
  /** Equities: the least that an order pays per share, account currency. */
  perShareMin: number;
  /** Equities, sells: currency per million of notional (SEC section 31). */
  secPerMillion: number;
  /** Equities, sells: currency per share, and its most per order (FINRA TAF). */
  tafPerShare: number;
  /** null: no most. */
  tafMax: number | null;
  /** Of the notional of purchases and of sales, hundredths of a percent: equities and crypto. */
  buyBps: number;
  sellBps: number;
}

export const NO_FEES: FeeSchedule = {
  equityBps: 0,
  cryptoBps: 0,
  perShare: 0,
  perShareMin: 0,
  secPerMillion: 0,
  tafPerShare: 0,
  tafMax: null,
  buyBps: 0,
  sellBps: 0,
};

/** All ≥ 0; they add up. */
export interface SlippageSettings {
  /** Account currency per share or coin. */
  perShare: number;
  /** Ticks of the symbol. */
  ticks: number;
  /**
   * Of the distance from bid to ask; not where quotes fill the orders, which have crossed it
   * already.
   */
  spreadShare: number;
  /** The spread, hundredths of a percent of the price, where no quote is known; null: an error. */
  spreadBps: number | null;
  /** Y of the square-root law; 0: no impact. */
  impact: number;
  /** A day's volatility, a share, and volume, where the days before do not tell; null: an error. */
  dailyVolatility: number | null;
  dailyVolume: number | null;
}

export const NO_SLIPPAGE: SlippageSettings = {
  perShare: 0,
  ticks: 0,
  spreadShare: 0,
  spreadBps: null,
  impact: 0,
  dailyVolatility: null,
  dailyVolume: null,
};

/** What a usual day of a symbol is like, as known before the present one. */
export interface Liquidity {
  /** Shares or coins. */
  volume: number;
  /** Deviation of a day's return, a share. */
  volatility: number;
}

export interface NightRates {
  /** Per cent a year of a short position's value. */
  borrow: number;
  /** Of these symbols, which are harder to borrow. */
  borrowBySymbol: Readonly<Record<string, number>>;
  /** Shares are borrowed in lots of so many; 1: as many as are short. */
  borrowLot: number;
  /** Per cent a year of the money that the account owes. */
  margin: number;
}

export const NO_NIGHT_RATES: NightRates = {
  borrow: 0,
  borrowBySymbol: {},
  borrowLot: 1,
  margin: 0,
};
