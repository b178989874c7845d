import type { DenialRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { rowsJson } from "./rows.ts";

/** A denial that is there already, the same in every column, is left as it is. */
export function insertDenials(sql: Sql, rows: DenialRow[]): Fragment {
  return sql`
    insert into order_denial
      (algo_run_id, symbol, side, qty, denied_by, code, message, tstamp)
    select "algoRunId", symbol, side, qty, "by", code, message,
           timestamptz 'epoch' + "timeUs" * interval '1 microsecond'
      from jsonb_to_recordset(${rowsJson(rows)}::text::jsonb) as r (
        "algoRunId" integer, symbol text, side text, qty numeric, "by" text, code text,
        message text, "timeUs" float8
      )
    on conflict do nothing`;
}

export async function selectDenials(sql: Sql, batchId: string): Promise<DenialRow[]> {
  return [
    ...await sql<DenialRow[]>`
    select d.algo_run_id as "algoRunId", symbol, side, qty, denied_by as "by", code, message,
           (extract(epoch from tstamp) * 1000000)::float8 as "timeUs"
      from order_denial d
      join algo_run using (algo_run_id)
     where batch_id = ${batchId}
     order by tstamp, order_denial_id`,
  ];
}
