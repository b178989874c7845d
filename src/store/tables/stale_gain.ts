import type { StoreRecord } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { rowsJson } from "./rows.ts";

type StaleGain = Extract<StoreRecord, { table: "stale_gain" }>["row"];

/** Rows that a new reckoning does not give any more. */
export function deleteStaleGains(sql: Sql, rows: StaleGain[]): Fragment[] {
  const parameter = rowsJson(rows);
  const stale = sql`jsonb_to_recordset(${parameter}::text::jsonb)
    as r ("algoRunId" integer, symbol text, "startUs" float8)`;
  return [
    sql`
    delete from gain_loss g
     using ${stale}
     where r."startUs" is null and g.algo_run_id = r."algoRunId" and g.symbol = r.symbol`,
    sql`
    delete from trade_analysis a
     using ${stale}
     where a.algo_run_id = r."algoRunId" and a.symbol = r.symbol
       and a.start_tstamp = timestamptz 'epoch' + r."startUs" * interval '1 microsecond'`,
  ];
}
