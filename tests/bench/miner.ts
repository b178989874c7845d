/**
 * daily_ohlc of 8,000 symbols × 250 days: what the database takes of it, on the server at
 * LIU_TEST_DSN. The market is made up here, so nothing is waited for but the database; what is there
 * afterwards is looked at.
 *
 *   deno task bench miner=8000,250
 */
import DailyOhlc from "../../src/miners/daily_ohlc.ts";
import { type MineContext } from "../../src/mod.ts";
import { type BarColumns, emptyBars } from "../../src/model/bars.ts";
import { cryptoSession, sessionsBetween } from "../../src/model/calendar.ts";
import { Database } from "../../src/store/database.ts";
import { MineAccess } from "../../src/store/mine/access.ts";
import { MineClient, serveMine } from "../../src/store/mine/port.ts";
import { migrate } from "../../src/store/store.ts";

const SECONDS_MAX = 60;
const DATE = "2022-01-21";
const [symbols = 8000, days = 250] = Deno.args.map(Number);

const dsn = Deno.env.get("LIU_TEST_DSN");
if (dsn === undefined) {
  console.log("  not measured: it wants a server, LIU_TEST_DSN (.ci/postgres.sh start)");
  Deno.exit(0);
}

const log = { info() {}, warn: console.warn, error: console.error };
const dataDir = await Deno.makeTempDir({ prefix: "liu-bench-" });
const name = `liu_bench_${crypto.randomUUID().replaceAll("-", "")}`;
const admin = new Database({ dsn, dataDir, log });
await admin.run((sql) => sql.unsafe(`create database ${name}`));
const url = new URL(dsn);
url.pathname = `/${name}`;
let isMet = true;
try {
  await migrate({ dsn: url.href, dataDir, log });
  const first = await run("written", url.href);
  const again = await run("again, nothing is missing", url.href);
  const wanted = symbols * days;
  isMet = first.rows === wanted && again.rows === 0 && first.seconds <= SECONDS_MAX &&
    await isRight(url.href);
  const perMillion = (first.seconds / wanted * 2e6).toFixed(1);
  console.log(`  ${perMillion} s for two million rows (at most ${SECONDS_MAX})`);
} finally {
  await admin.run((sql) => sql.unsafe(`drop database ${name} with (force)`));
  await admin.close();
  await Deno.remove(dataDir, { recursive: true });
}
if (!isMet) Deno.exitCode = 1;

/** One run, as its worker makes it; seconds of the database's part. */
async function run(what: string, dsn: string): Promise<{ rows: number; seconds: number }> {
  const access = new MineAccess({ dsn, dataDir, log }, { tables: ["stock_ohlc"], isDryRun: false });
  const { port1, port2 } = new MessageChannel();
  serveMine(access, port1);
  const client = new MineClient(port2);
  let databaseMs = 0;
  const timed = async <T>(query: Promise<T>): Promise<T> => {
    const startMs = performance.now();
    try {
      return await query;
    } finally {
      databaseMs += performance.now() - startMs;
    }
  };
  const names = Array.from({ length: symbols }, (_, i) => `S${String(i).padStart(5, "0")}`);
  const context = {
    date: DATE,
    history: {
      bars: (of: string[], _scale: string, fromUs: number, toUs: number) =>
        Promise.resolve(new Map(of.map((symbol) => [symbol, barsOf(symbol, fromUs, toUs)]))),
      symbols: () => Promise.resolve(names),
    },
    db: {
      query: (sql: string, parameters: []) => timed(client.query(sql, parameters)),
      write: (table: string, rows: []) => timed(client.write(table, rows)),
    },
    progress: () => {},
    log: { debug() {}, info() {}, warning: console.warn, error: console.error },
  } as unknown as MineContext;
  const params = {
    days,
    symbols: [],
    minSharePrice: 0,
    maxSharePrice: 1e9,
    indicators: ["sma(20)", "rsi(14)"],
  };
  const startMs = performance.now();
  await new DailyOhlc({ name: "daily_ohlc", params }).run(context);
  const rows = client.written.stock_ohlc ?? 0;
  const seconds = databaseMs / 1000;
  const all = ((performance.now() - startMs) / 1000).toFixed(1);
  console.log(`  ${what}: ${rows} rows, ${seconds.toFixed(1)} s in the database, ${all} s in all`);
  port1.close();
  port2.close();
  await access.close();
  return { rows, seconds };
}

/** A close that can be worked out anew. */
function closeOf(symbol: string, date: string): number {
  const day = Date.parse(date) / 86_400_000;
  return Math.round((100 + (Number(symbol.slice(1)) * 7919 + day * 104_729) % 9973 / 100) * 100) /
    100;
}

function barsOf(symbol: string, fromUs: number, toUs: number): BarColumns {
  const from = new Date(fromUs / 1000).toISOString().slice(0, 10);
  const to = new Date((toUs - 1) / 1000 - 12 * 3600e3).toISOString().slice(0, 10);
  const sessions = sessionsBetween(from, to);
  const bars = emptyBars(sessions.length);
  for (const [i, { date }] of sessions.entries()) {
    const close = closeOf(symbol, date);
    bars.timeUs[i] = cryptoSession(date).openUs;
    bars.open[i] = bars.close[i] = bars.vwap[i] = close;
    bars.high[i] = close + 1;
    bars.low[i] = close - 1;
    bars.volume[i] = 1_000_000 + i;
  }
  return bars;
}

/** The sum of all closes, and each row of some symbols. */
async function isRight(dsn: string): Promise<boolean> {
  const database = new Database({ dsn, dataDir, log });
  try {
    const dates = sessionsBetween("2000-01-03", DATE).slice(-days).map(({ date }) => date);
    let cents = 0;
    for (let i = 0; i < symbols; i++) {
      for (const date of dates) {
        cents += Math.round(closeOf(`S${String(i).padStart(5, "0")}`, date) * 100);
      }
    }
    const [{ sum, whole }] = await database.run((sql) =>
      sql<{ sum: string; whole: string }[]>`
        select sum(close) as sum, count(*) filter (where indicators ?& array['sma(20)', 'rsi(14)'])
          as whole from stock_ohlc`
    );
    const sample = `S${String(Math.floor(symbols / 2)).padStart(5, "0")}`;
    const rows = await database.run((sql) =>
      sql<{ day: string; close: number }[]>`
        select symbol_date::text as day, close::float8 as close from stock_ohlc
         where symbol = ${sample} order by symbol_date`
    );
    const isSame = Math.round(Number(sum) * 100) === cents && Number(whole) === symbols * days &&
      rows.length === days &&
      rows.every(({ day, close }, i) => day === dates[i] && close === closeOf(sample, day));
    console.log(isSame ? "  all rows are as they were made" : "  WRONG: other rows than were made");
    return isSame;
  } finally {
    await database.close();
  }
}
