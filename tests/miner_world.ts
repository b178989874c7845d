/** A miner on a market of its own making and a real database, without its worker. */
import type { MineContext, Miner } from "../src/contracts/miner.ts";
import type { TickerReference } from "../src/contracts/provider.ts";
import type { Json } from "../src/contracts/store.ts";
import { resolveParams } from "../src/contracts/params.ts";
import { type BarColumns, emptyBars } from "../src/model/bars.ts";
import { cryptoSession, exchangeDate, sessionsBetween } from "../src/model/calendar.ts";
import { MineAccess } from "../src/store/mine/access.ts";
import { MineClient, serveMine } from "../src/store/mine/port.ts";
import type { TestDatabase } from "../src/store/test_databases.ts";

type MinerClass = {
  new (context: { name: string; params: Readonly<Record<string, unknown>> }): Miner;
  params: Record<string, never>;
};

export class MinerWorld {
  /** Closes by symbol and date; the other prices are made of them. */
  readonly closes = new Map<string, Map<string, number>>();
  readonly references = new Map<string, TickerReference>();
  readonly warnings: string[] = [];
  /** Symbols that were asked for, by call. */
  readonly asked: string[][] = [];
  /** Throws at this call of `bars`. */
  failAt = Infinity;
  written: Record<string, number> = {};
  readonly #db: Pick<TestDatabase, "dsn" | "dataDir" | "log">;
  readonly #tables: string[];

  constructor(db: Pick<TestDatabase, "dsn" | "dataDir" | "log">, tables: string[]) {
    this.#db = db;
    this.#tables = tables;
  }

  /** A bar a session of the dates, with the closes that `close` gives. */
  add(symbol: string, from: string, to: string, close: (i: number, date: string) => number): void {
    const closes = this.closes.get(symbol) ?? new Map<string, number>();
    for (const [i, { date }] of sessionsBetween(from, to).entries()) {
      closes.set(date, close(i, date));
    }
    this.closes.set(symbol, closes);
  }

  async run(type: unknown, given: Record<string, Json>, date: string): Promise<Json> {
    const miner = type as MinerClass;
    const { values, problems } = resolveParams(miner.params, given);
    if (problems.length > 0) throw new Error(JSON.stringify(problems));
    const access = new MineAccess(this.#db, { tables: this.#tables, isDryRun: false });
    const { port1, port2 } = new MessageChannel();
    serveMine(access, port1);
    const client = new MineClient(port2);
    try {
      const context = this.#context(date, client);
      return await new miner({ name: "test", params: values }).run(context) ?? null;
    } finally {
      this.written = client.written;
      port1.close();
      port2.close();
      await access.close();
    }
  }

  #context(date: string, client: MineClient): MineContext {
    const log = {
      debug: () => {},
      info: () => {},
      warning: (message: string) => void this.warnings.push(message),
      error: (message: string) => void this.warnings.push(message),
    };
    const endUs = cryptoSession(date).closeUs;
    return {
      date,
      history: {
        bars: (symbols, _scale, fromUs, toUs) => {
          this.asked.push([...symbols]);
          if (this.asked.length === this.failAt) {
            return Promise.reject(new Error("the account's rate limit is used up"));
          }
          return Promise.resolve(
            new Map(symbols.map((symbol) => [
              symbol,
              this.#bars(symbol, fromUs, Math.min(toUs, endUs)),
            ])),
          );
        },
        symbols: () => Promise.resolve([...this.closes.keys()].sort()),
      },
      db: {
        query: (sql, parameters = []) => client.query(sql, parameters),
        write: (table, rows) => client.write(table, rows),
      },
      batches: {
        recent: () => Promise.resolve([]),
        analyze: () => Promise.reject(new Error("there are no batches")),
      },
      reference: () => Promise.resolve(this.references),
      progress: () => {},
      log,
    };
  }

  #bars(symbol: string, fromUs: number, toUs: number): BarColumns {
    const [from, to] = [exchangeDate(fromUs), exchangeDate(toUs - 1)];
    const days = [...this.closes.get(symbol) ?? []]
      .filter(([date]) => date >= from && date <= to).sort(([a], [b]) => a < b ? -1 : 1);
    const bars = emptyBars(days.length);
    for (const [i, [date, close]] of days.entries()) {
      bars.timeUs[i] = cryptoSession(date).openUs;
      bars.open[i] = close;
      bars.high[i] = close + 1;
      bars.low[i] = close / 2;
      bars.close[i] = close;
      bars.volume[i] = 1000 + Number(date.slice(8));
      bars.vwap[i] = close;
    }
    return bars;
  }
}
