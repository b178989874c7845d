import type { TradeRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { columnText, storable } from "./rows.ts";

/** An execution that is there already, by order and cumulative quantity, is left as it is. */
export function insertTrades(sql: Sql, rows: TradeRow[]): Fragment {
  const column = (name: Exclude<keyof TradeRow, "indicators">) =>
    columnText(rows.map((row) => row[name] ?? null));
  const indicators = rows.map(({ indicators }) =>
    indicators === null ? null : JSON.stringify(indicators, storable)
  );
  return sql`
    insert into new_trades
      (algo_run_id, symbol, operation, qty, price, trade_fee, indicators, tstamp, client_time,
       decision_price, stop_price, target_price, broker_order_id, client_order_id, cumulative_qty)
    select run, symbol, operation, qty, price, fee, indicators,
           timestamptz 'epoch' + trade_us * interval '1 microsecond',
           timestamptz 'epoch' + decided_us * interval '1 microsecond',
           decision, stop, target, broker_id, client_id, cumulative
      from unnest(
        ${column("algoRunId")}::text::integer[], ${column("symbol")}::text::text[],
        ${column("operation")}::text::trade_operation[], ${column("qty")}::text::numeric[],
        ${column("price")}::text::numeric[], ${column("fee")}::text::numeric[],
        ${columnText(indicators)}::text::jsonb[], ${column("tradeUs")}::text::float8[],
        ${column("decidedUs")}::text::float8[], ${column("decisionPrice")}::text::numeric[],
        ${column("stopPrice")}::text::numeric[], ${column("targetPrice")}::text::numeric[],
        ${column("brokerOrderId")}::text::text[], ${column("clientOrderId")}::text::text[],
        ${column("cumulativeQty")}::text::numeric[]
      ) as r (
        run, symbol, operation, qty, price, fee, indicators, trade_us, decided_us, decision, stop,
        target, broker_id, client_id, cumulative
      )
    on conflict do nothing`;
}

/** Without those that LiuAlgoTrader marked as expired, which it left out of every analysis, too. */
export async function selectTrades(sql: Sql, batchId: string): Promise<TradeRow[]> {
  return [
    ...await sql<TradeRow[]>`
    select t.algo_run_id as "algoRunId", symbol, operation, qty, price, trade_fee as fee,
           indicators,
           (extract(epoch from tstamp) * 1000000)::float8 as "tradeUs",
           (extract(epoch from client_time) * 1000000)::float8 as "decidedUs",
           decision_price as "decisionPrice", stop_price as "stopPrice", target_price as "targetPrice",
           broker_order_id as "brokerOrderId", client_order_id as "clientOrderId",
           cumulative_qty as "cumulativeQty"
      from new_trades t
      join algo_run using (algo_run_id)
     where batch_id = ${batchId} and expire_tstamp is null
     order by tstamp, trade_id`,
  ];
}
