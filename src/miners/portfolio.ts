import type { StoredTarget } from "../model/target_portfolio.ts";
import {
  addDays,
  cryptoSession,
  exchangeDate,
  type Json,
  type MineContext,
  Miner,
  param,
  type ParamValues,
  previousSession,
  sessionOf,
} from "../mod.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import {
  inverseVolatilityWeights,
  lastVolatility,
  returnMomentum,
  slopeMomentum,
} from "./portfolio_ranking.ts";

const SYMBOLS_AT_ONCE = 200;
const LOOKBACK = { return: 252, slope: 90 } as const;
/** Sessions whose traded money is looked at. */
const VOLUME_DAYS = 20;
/** A volatility below it is that of a price that stands still: a cash-like fund, a takeover. */
const VOLATILITY_MIN = 1e-4;

interface Candidate {
  symbol: string;
  score: number;
  volatility: number;
}

/**
 * A target portfolio: the stocks with the most momentum, weighted by the inverse of their volatility
 * (portfolio_ranking.ts has formulas and sources), into the table portfolio, for the strategy
 * target_portfolio or one's own.
 *
 * ```toml
 * [miners.portfolio]
 * portfolio = "momentum"
 * size = 50_000
 * stocks = 20
 * ```
 */
export default class Portfolio extends Miner {
  static override params = {
    portfolio: param.text("momentum", { doc: "the portfolio's name; strategies refer to it" }),
    size: param.money(0, { doc: "to be invested; 0: as it is stored" }),
    stocks: param.int(20, { min: 1, max: 500 }),
    symbols: param.list([], { doc: "none: all that can be traded" }),
    ranking: param.choice("return", ["return", "slope"]),
    lookback: param.int(0, { min: 0, max: 2_520, doc: "sessions; 0: return 252, slope 90" }),
    skip: param.int(21, { min: 0, max: 250, doc: "last sessions that the return leaves out" }),
    minScore: param.number(0, { doc: "what has less momentum is not bought" }),
    volatilityDays: param.int(20, { min: 5, max: 252 }),
    maxWeight: param.percent(10, { min: 0.1, max: 100 }),
    minSharePrice: param.money(5),
    maxSharePrice: param.money(1e9),
    minDollarVolume: param.money(5_000_000, { doc: "mean of a day, over 20 sessions" }),
    expireDays: param.int(7, { min: 1, max: 3_650, doc: "calendar days after the run's date" }),
  };
  declare readonly params: ParamValues<typeof Portfolio.params>;

  async run(context: MineContext) {
    const { db, date, log } = context;
    const { portfolio, stocks, maxWeight, expireDays } = this.params;
    if (portfolio === "") this.#refuse('"portfolio" must be its name');
    const { size, parameters } = await this.#stored(context);
    const candidates = await this.#candidates(context);
    const best = candidates.toSorted((a, b) => b.score - a.score || (a.symbol < b.symbol ? -1 : 1))
      .slice(0, stocks);
    if (best.length === 0) {
      log.warning(
        `no symbol meets the conditions on ${date}: the target is to hold nothing`,
      );
    } else if (best.length < stocks) {
      log.warning(`only ${best.length} symbols meet the conditions, ${stocks} were asked for`);
    }
    const weights = inverseVolatilityWeights(
      best.map(({ volatility }) => volatility),
      maxWeight / 100,
    );
    const target: StoredTarget = {
      as_of: date,
      stocks: best.map(({ symbol }, i) => ({ symbol, weight: round(weights[i]!) })),
    };
    await db.write("portfolio", [{
      portfolio_id: portfolio,
      size,
      stock_count: best.length,
      parameters: { ...parameters, target: target as unknown as Json },
      expire_tstamp: timeText(cryptoSession(addDays(date, expireDays)).closeUs),
      tstamp: timeText(sessionOf(date)!.closeUs),
    }]);
    return {
      portfolio,
      size,
      as_of: date,
      considered: candidates.length,
      stocks: best.map(({ symbol, score, volatility }, i) => ({
        symbol,
        weight: round(weights[i]!),
        score: round(score),
        volatility: round(volatility),
      })),
    };
  }

  /** Whatever else is kept with the portfolio stays. */
  async #stored({ db }: MineContext): Promise<{ size: string; parameters: Record<string, Json> }> {
    const { portfolio, size } = this.params;
    const [row] = await db.query(
      "select size, parameters from portfolio where portfolio_id = $1",
      [portfolio],
    );
    if (row === undefined && size === 0) {
      this.#refuse(`"size" is missing: portfolio "${portfolio}" is not there yet`);
    }
    const had = row?.parameters;
    const isTable = typeof had === "object" && had !== null && !Array.isArray(had);
    return {
      size: size > 0 ? String(size) : String(row!.size),
      parameters: isTable ? had : {},
    };
  }

  async #candidates({ history, date, progress }: MineContext): Promise<Candidate[]> {
    const { ranking, skip, volatilityDays } = this.params;
    const lookback = this.params.lookback || LOOKBACK[ranking];
    if (ranking === "return" && skip >= lookback) this.#refuse('"skip" must be below "lookback"');
    const named = this.params.symbols;
    const all = named.length > 0 ? [...new Set(named)] : await history.symbols();
    if (all.length === 0) throw new OperationError("There are no symbols: the provider has none");
    const count = Math.max(lookback, volatilityDays, VOLUME_DAYS) + 1;
    const dates = lastSessions(date, count);
    const place = new Map(dates.map((day, i) => [day, i]));
    const fromUs = cryptoSession(dates[0]!).openUs;
    const found: Candidate[] = [];
    for (let at = 0; at < all.length; at += SYMBOLS_AT_ONCE) {
      progress(at, all.length);
      const some = all.slice(at, at + SYMBOLS_AT_ONCE);
      const bars = await history.bars(some, "day", fromUs, cryptoSession(date).closeUs);
      for (const [symbol, { timeUs, close, volume }] of bars) {
        const closes = new Float64Array(count).fill(NaN);
        let traded = 0;
        for (const [i, us] of timeUs.entries()) {
          const day = place.get(exchangeDate(us));
          if (day === undefined) continue;
          closes[day] = close[i]!;
          if (day >= count - VOLUME_DAYS) traded += close[i]! * volume[i]! / VOLUME_DAYS;
        }
        const candidate = this.#candidate(symbol, closes, traded, lookback);
        if (candidate !== null) found.push(candidate);
      }
    }
    progress(all.length, all.length);
    return found;
  }

  /** null: it does not meet the conditions, or has no bar of the day (halted, delisted, renamed). */
  #candidate(
    symbol: string,
    closes: Float64Array,
    traded: number,
    lookback: number,
  ): Candidate | null {
    const p = this.params;
    const price = closes.at(-1)!;
    if (!(price >= p.minSharePrice && price <= p.maxSharePrice)) return null;
    if (!(traded >= p.minDollarVolume)) return null;
    const score = p.ranking === "return"
      ? returnMomentum(closes, lookback, p.skip)
      : slopeMomentum(closes, lookback);
    const volatility = lastVolatility(closes, p.volatilityDays);
    return score > p.minScore && volatility >= VOLATILITY_MIN
      ? { symbol, score, volatility }
      : null;
  }

  #refuse(why: string): never {
    throw new ConfigError(`Cannot use [miners.${this.name}]: ${why}`);
  }
}

/** Eight digits: enough for money, and the same from run to run. */
function round(value: number): number {
  return Number(value.toFixed(8));
}

function timeText(us: number): string {
  return new Date(us / 1000).toISOString();
}

/** Dates of the last `count` sessions up to `date`, oldest first. */
function lastSessions(date: string, count: number): string[] {
  const dates: string[] = [];
  for (let us = cryptoSession(date).closeUs; dates.length < count;) {
    const session = previousSession(us);
    dates.unshift(session.date);
    us = session.openUs;
  }
  return dates;
}
