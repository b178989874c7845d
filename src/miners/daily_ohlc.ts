import {
  addDays,
  type BarColumns,
  cryptoSession,
  exchangeDate,
  type Json,
  type MineContext,
  Miner,
  param,
  type ParamValues,
  previousSession,
} from "../mod.ts";
import { ConfigError, OperationError } from "../util/errors.ts";
import {
  type IndicatorSpec,
  indicatorSpecs,
  indicatorValues,
  warmUpBars,
} from "./daily_ohlc_indicators.ts";

/** Asked for, and written, together. */
const SYMBOLS_AT_ONCE = 200;
/** Calendar days in which a symbol that is traded has a bar. */
const PRICE_DAYS = 14;
const LISTED_MAX = 50;

/**
 * Daily bars, with indicators, into stock_ohlc: of each symbol those of the last `days` sessions that
 * are not there yet, or are there with another price. Where older rows have other prices than the
 * history has now (a split), all rows of the symbol are written anew.
 *
 * ```toml
 * [miners.daily_ohlc]
 * days = 250
 * min_share_price = 5
 * max_share_price = 500
 * indicators = ["sma(20)", "rsi(14)", "macd(12, 26, 9)"]
 * ```
 */
export default class DailyOhlc extends Miner {
  static override params = {
    days: param.int(250, { min: 1, max: 10_000, doc: "sessions up to the run's date" }),
    symbols: param.list([], { doc: "none: all that can be traded" }),
    minSharePrice: param.money(0, { doc: "of the last close, where no symbols are named" }),
    maxSharePrice: param.money(1e9),
    indicators: param.list([], { doc: '"sma(20)", "macd(12, 26, 9)", "ema(10, volume)"' }),
  };
  declare readonly params: ParamValues<typeof DailyOhlc.params>;

  async run(context: MineContext) {
    const { history, progress, log, date } = context;
    const { minSharePrice, maxSharePrice, symbols: named } = this.params;
    if (minSharePrice > maxSharePrice) {
      throw new ConfigError(
        `Cannot use [miners.${this.name}]: min_share_price ${minSharePrice} is above ` +
          `max_share_price ${maxSharePrice}`,
      );
    }
    const specs = indicatorSpecs(this.params.indicators, this.name);
    const all = named.length > 0 ? [...new Set(named)] : await history.symbols();
    if (all.length === 0) throw new OperationError("There are no symbols: the provider has none");
    const job = new Job(context, this.name, this.params.days, specs);
    for (let at = 0; at < all.length; at += SYMBOLS_AT_ONCE) {
      progress(at, all.length);
      const some = all.slice(at, at + SYMBOLS_AT_ONCE);
      await job.mine(named.length > 0 ? some : await this.#priced(context, some));
    }
    progress(all.length, all.length);
    const { mined, ofDate, empty, readjusted } = job;
    if (named.length > 0 && empty.length > 0) {
      const text = `nothing came of ${listed(empty).join(", ")}: renamed, delisted, or no symbol?`;
      if (empty.length === all.length) throw new OperationError(`Cannot mine: ${text}`);
      log.warning(text);
    }
    if (ofDate === 0 && mined > 0) {
      log.warning(`no bar of ${date} has come yet: the next run asks for it again`);
    }
    return {
      symbols: mined,
      of_date: ofDate,
      empty: named.length > 0 ? listed(empty) : empty.length,
      readjusted: listed(readjusted),
    };
  }

  /** Those whose last close is in the limits. */
  async #priced({ history, date }: MineContext, symbols: readonly string[]): Promise<string[]> {
    const { minSharePrice, maxSharePrice } = this.params;
    if (minSharePrice === 0 && maxSharePrice === 1e9) return [...symbols];
    const fromUs = cryptoSession(addDays(date, -PRICE_DAYS)).openUs;
    const bars = await history.bars(symbols, "day", fromUs, cryptoSession(date).closeUs);
    return symbols.filter((symbol) => {
      const last = bars.get(symbol)?.close.at(-1);
      return last !== undefined && last >= minSharePrice && last <= maxSharePrice;
    });
  }
}

/** What is stored of a symbol, by date. */
interface Stored {
  /** The first of all its rows. */
  first: string;
  byDate: Map<string, { close: number; volume: string; isWhole: boolean }>;
}

class Job {
  mined = 0;
  /** Symbols that have a bar of the run's date. */
  ofDate = 0;
  readonly empty: string[] = [];
  readonly readjusted: string[] = [];
  readonly #context: MineContext;
  readonly #section: string;
  readonly #specs: readonly IndicatorSpec[];
  /** Rows are wanted from here on; bars, and what is stored, are looked at from `#warmFrom`. */
  readonly #from: string;
  readonly #warmFrom: string;

  constructor(context: MineContext, section: string, days: number, specs: IndicatorSpec[]) {
    this.#context = context;
    this.#section = section;
    this.#specs = specs;
    this.#from = sessionsBefore(addDays(context.date, 1), days);
    this.#warmFrom = sessionsBefore(this.#from, Math.max(5, warmUpBars(specs)));
  }

  async mine(symbols: readonly string[]): Promise<void> {
    if (symbols.length === 0) return;
    const found = await this.#bars(symbols, this.#warmFrom);
    const stored = await this.#stored(symbols);
    const rows: Record<string, Json>[] = [];
    for (const symbol of symbols) {
      const bars = found.get(symbol);
      const had = stored.get(symbol);
      const last = bars?.timeUs.at(-1);
      if (bars === undefined || last === undefined || exchangeDate(last) < this.#from) {
        this.empty.push(symbol);
        continue;
      }
      this.mined++;
      if (exchangeDate(last) === this.#context.date) this.ofDate++;
      if (had === undefined || !isReadjusted(bars, had)) {
        rows.push(...this.#rows(symbol, bars, this.#from, had));
        continue;
      }
      this.readjusted.push(symbol);
      const from = had.first < this.#from ? had.first : this.#from;
      const whole = from < this.#from
        ? (await this.#bars([symbol], sessionsBefore(from, Math.max(1, warmUpBars(this.#specs)))))
          .get(symbol)!
        : bars;
      rows.push(...this.#rows(symbol, whole, from, undefined));
    }
    await this.#context.db.write("stock_ohlc", rows);
  }

  #bars(symbols: readonly string[], from: string): Promise<ReadonlyMap<string, BarColumns>> {
    const { history, date } = this.#context;
    const fromUs = cryptoSession(from).openUs;
    return history.bars(symbols, "day", fromUs, cryptoSession(date).closeUs);
  }

  /** Rows from `from` on that are not stored as they are. */
  #rows(
    symbol: string,
    bars: BarColumns,
    from: string,
    stored: Stored | undefined,
  ): Record<string, Json>[] {
    const dates = Array.from(bars.timeUs, exchangeDate);
    const wanted = dates.flatMap((date, i) => {
      if (date < from) return [];
      const had = stored?.byDate.get(date);
      const isSame = had !== undefined && had.isWhole && had.close === bars.close[i] &&
        had.volume === volumeText(bars.volume[i]!);
      return isSame ? [] : [i];
    });
    if (wanted.length === 0) return [];
    const values = this.#specs.length === 0
      ? null
      : indicatorValues(this.#specs, bars, this.#section);
    return wanted.map((i) => ({
      symbol,
      symbol_date: dates[i]!,
      open: bars.open[i]!,
      high: bars.high[i]!,
      low: bars.low[i]!,
      close: bars.close[i]!,
      volume: volumeText(bars.volume[i]!),
      ...(values === null ? {} : { indicators: values[i]! }),
    }));
  }

  async #stored(symbols: readonly string[]): Promise<Map<string, Stored>> {
    const keys = this.#specs.map(({ text }) => text);
    const rows = await this.#context.db.query(
      `select symbol, first::text, days, closes, volumes, whole
         from (select symbol, min(symbol_date) as first from stock_ohlc
                where symbol = any($1::text[]) group by symbol) as firsts
         left join (
           select symbol,
                  array_agg(symbol_date::text order by symbol_date) as days,
                  array_agg(close::float8 order by symbol_date) as closes,
                  array_agg(volume::text order by symbol_date) as volumes,
                  array_agg((coalesce(indicators, '{}') ?& $2::text[])::int order by symbol_date)
                    as whole
             from stock_ohlc
            where symbol = any($1::text[]) and symbol_date >= $3::date and symbol_date <= $4::date
            group by symbol) as seen using (symbol)`,
      [[...symbols], keys, this.#warmFrom, this.#context.date],
    );
    return new Map(rows.map((row) => {
      const list = (name: string) => (row[name] ?? []) as (string | number)[];
      const [days, closes, volumes, whole] = ["days", "closes", "volumes", "whole"].map(list);
      const byDate = new Map(days!.map((day, i) => [String(day), {
        close: Number(closes![i]),
        volume: String(volumes![i]),
        isWhole: whole![i] === 1,
      }]));
      return [String(row.symbol), { first: String(row.first), byDate }];
    }));
  }
}

/**
 * Prices of days before the last that is stored are others now; or all that is stored is so old that
 * it cannot be compared.
 */
function isReadjusted({ timeUs, close }: BarColumns, { byDate }: Stored): boolean {
  if (byDate.size === 0) return true;
  const last = [...byDate.keys()].at(-1)!;
  return timeUs.some((us, i) => {
    const date = exchangeDate(us);
    const had = byDate.get(date);
    return had !== undefined && date < last && had.close !== close[i];
  });
}

/** The date of the session that is `count` before `date`. */
function sessionsBefore(date: string, count: number): string {
  let session = previousSession(cryptoSession(date).openUs);
  for (let i = 1; i < count; i++) session = previousSession(session.openUs);
  return session.date;
}

/** Whole shares; of coins, which have fractions, as many as are whole. */
function volumeText(volume: number): string {
  return String(BigInt(Math.round(volume)));
}

function listed(symbols: readonly string[]): string[] {
  const rest = symbols.length - LISTED_MAX;
  return rest > 0 ? [...symbols.slice(0, LISTED_MAX), `and ${rest} more`] : [...symbols];
}
