import type { TradeRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { rowsJson } from "./rows.ts";

/** An execution that is there already, by order and cumulative quantity, is left as it is. */
export function insertTrades(sql: Sql, rows: TradeRow[]): Fragment {
  return sql`
    insert into new_trades
      (algo_run_id, symbol, operation, qty, price, trade_fee, indicators, tstamp, client_time,
       stop_price, target_price, broker_order_id, client_order_id, cumulative_qty)
    select "algoRunId", symbol, operation, qty, price, fee, indicators,
           timestamptz 'epoch' + "tradeUs" * interval '1 microsecond',
           timestamptz 'epoch' + "decidedUs" * interval '1 microsecond',
           "stopPrice", "targetPrice", "brokerOrderId", "clientOrderId", "cumulativeQty"
      from jsonb_to_recordset(${rowsJson(rows)}::text::jsonb) as r (
        "algoRunId" integer, symbol text, operation trade_operation, qty numeric, price numeric,
        fee numeric, indicators jsonb, "tradeUs" float8, "decidedUs" float8,
        "stopPrice" numeric, "targetPrice" numeric,
        "brokerOrderId" text, "clientOrderId" text, "cumulativeQty" numeric
      )
    on conflict do nothing`;
}

export async function selectTrades(sql: Sql, batchId: string): Promise<TradeRow[]> {
  return [
    ...await sql<TradeRow[]>`
    select t.algo_run_id as "algoRunId", symbol, operation, qty, price, trade_fee as fee,
           indicators,
           (extract(epoch from tstamp) * 1000000)::float8 as "tradeUs",
           (extract(epoch from client_time) * 1000000)::float8 as "decidedUs",
           stop_price as "stopPrice", target_price as "targetPrice",
           broker_order_id as "brokerOrderId", client_order_id as "clientOrderId",
           cumulative_qty as "cumulativeQty"
      from new_trades t
      join algo_run using (algo_run_id)
     where batch_id = ${batchId}
     order by tstamp, trade_id`,
  ];
}
