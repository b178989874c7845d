import type { TrendingRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { rowsJson } from "./rows.ts";

export function insertTrending(sql: Sql, rows: TrendingRow[]): Fragment {
  return sql`
    insert into trending_tickers (batch_id, symbol, scanner_name, create_tstamp)
    select "batchId", symbol, "scannerName",
           timestamptz 'epoch' + "createUs" * interval '1 microsecond'
      from jsonb_to_recordset(${rowsJson(rows)}::text::jsonb) as r (
        "batchId" text, symbol text, "scannerName" text, "createUs" float8
      )
    on conflict do nothing`;
}

export async function selectTrending(sql: Sql, batchId: string): Promise<TrendingRow[]> {
  return [
    ...await sql<TrendingRow[]>`
    select batch_id as "batchId", symbol, scanner_name as "scannerName",
           (extract(epoch from create_tstamp) * 1000000)::float8 as "createUs"
      from trending_tickers
     where batch_id = ${batchId}
     order by create_tstamp, trending_id`,
  ];
}
