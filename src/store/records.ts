import type { StoreRecord } from "../contracts/store.ts";
import type { Transaction } from "./database.ts";
import { BadRecord } from "./database_error.ts";
import { endRuns } from "./tables/algo_run.ts";
import { putGainLoss } from "./tables/gain_loss.ts";
import { putValues } from "./tables/keystore.ts";
import { insertTrades } from "./tables/new_trades.ts";
import { insertDenials } from "./tables/order_denial.ts";
import { putTradeAnalysis } from "./tables/trade_analysis.ts";
import { insertTrending } from "./tables/trending_tickers.ts";

type Table = StoreRecord["table"];
type RowsByTable = { [T in Table]?: Extract<StoreRecord, { table: T }>["row"][] };

/**
 * Stores records of all tables. Within a table their order is kept; between tables it can't be seen,
 * as it is one transaction and none refers to another.
 */
export async function storeRecords(tx: Transaction, records: StoreRecord[]): Promise<void> {
  const rows = byTable(records);
  if (rows.new_trades) await insertTrades(tx, rows.new_trades);
  if (rows.order_denial) await insertDenials(tx, rows.order_denial);
  if (rows.trending_tickers) await insertTrending(tx, rows.trending_tickers);
  if (rows.keystore) await putValues(tx, rows.keystore);
  if (rows.gain_loss) await putGainLoss(tx, rows.gain_loss);
  if (rows.trade_analysis) await putTradeAnalysis(tx, rows.trade_analysis);
  if (rows.algo_run_end) await endRuns(tx, rows.algo_run_end);
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
