import type { StoreRecord } from "../contracts/store.ts";
import type { Fragment, Sql } from "./database.ts";
import { BadRecord } from "./database_error.ts";
import { endRuns, insertFinishedRuns } from "./tables/algo_run.ts";
import { putBatchFigures } from "./tables/batch_figures.ts";
import { putGainLoss } from "./tables/gain_loss.ts";
import { putValues } from "./tables/keystore.ts";
import { insertTrades } from "./tables/new_trades.ts";
import { insertOptimizerRuns, putOptimizerSessions } from "./tables/optimizer_run.ts";
import { insertDenials } from "./tables/order_denial.ts";
import { deleteStaleGains } from "./tables/stale_gain.ts";
import { putTradeAnalysis } from "./tables/trade_analysis.ts";
import { insertTrending } from "./tables/trending_tickers.ts";

type Table = StoreRecord["table"];
type RowsByTable = { [T in Table]?: Extract<StoreRecord, { table: T }>["row"][] };

/**
 * Stores records of all tables in one statement, which is one transaction. Within a table their
 * order is kept; between tables it can't be seen, as none refers to another.
 */
export async function storeRecords(sql: Sql, records: StoreRecord[]): Promise<void> {
  const rows = byTable(records);
  const parts: Fragment[] = [];
  if (rows.new_trades) parts.push(insertTrades(sql, rows.new_trades));
  if (rows.order_denial) parts.push(insertDenials(sql, rows.order_denial));
  if (rows.trending_tickers) parts.push(insertTrending(sql, rows.trending_tickers));
  if (rows.keystore) parts.push(putValues(sql, rows.keystore));
  if (rows.gain_loss) parts.push(putGainLoss(sql, rows.gain_loss));
  if (rows.trade_analysis) parts.push(putTradeAnalysis(sql, rows.trade_analysis));
  if (rows.stale_gain) parts.push(...deleteStaleGains(sql, rows.stale_gain));
  if (rows.batch_figures) parts.push(putBatchFigures(sql, rows.batch_figures));
  if (rows.finished_run) parts.push(insertFinishedRuns(sql, rows.finished_run));
  if (rows.optimizer_session) parts.push(putOptimizerSessions(sql, rows.optimizer_session));
  if (rows.optimizer_run) parts.push(insertOptimizerRuns(sql, rows.optimizer_run));
  if (rows.algo_run_end) parts.push(endRuns(sql, rows.algo_run_end));
  if (parts.length === 0) return;
  const named = parts.map((part, index) => sql`${sql(`part_${index}`)} as (${part})`);
  await sql`with ${named.reduce((before, part) => sql`${before}, ${part}`)} select`;
}

function byTable(records: StoreRecord[]): RowsByTable {
  const rows: RowsByTable = {};
  for (const record of records) {
    switch (record.table) {
      case "new_trades":
        (rows.new_trades ??= []).push(record.row);
        break;
      case "order_denial":
        (rows.order_denial ??= []).push(record.row);
        break;
      case "trending_tickers":
        (rows.trending_tickers ??= []).push(record.row);
        break;
      case "keystore":
        (rows.keystore ??= []).push(record.row);
        break;
      case "gain_loss":
        (rows.gain_loss ??= []).push(record.row);
        break;
      case "trade_analysis":
        (rows.trade_analysis ??= []).push(record.row);
        break;
      case "stale_gain":
        (rows.stale_gain ??= []).push(record.row);
        break;
      case "batch_figures":
        (rows.batch_figures ??= []).push(record.row);
        break;
      case "finished_run":
        (rows.finished_run ??= []).push(record.row);
        break;
      case "optimizer_session":
        (rows.optimizer_session ??= []).push(record.row);
        break;
      case "optimizer_run":
        (rows.optimizer_run ??= []).push(record.row);
        break;
      case "algo_run_end":
        (rows.algo_run_end ??= []).push(record.row);
        break;
      default:
        // A newer program's spool can hold tables that this one doesn't know.
        throw new BadRecord(`No such table: ${(record satisfies never as StoreRecord).table}`);
    }
  }
  return rows;
}
