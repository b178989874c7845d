import type { GainLossRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { lastByKey, rowsJson } from "./rows.ts";

/** The newest reckoning stands. */
export function putGainLoss(sql: Sql, rows: GainLossRow[]): Fragment {
  const oldestFirst = rows.toSorted((a, b) => a.timeUs - b.timeUs);
  const newest = lastByKey(oldestFirst, (row) => `${row.algoRunId} ${row.symbol}`);
  return sql`
    insert into gain_loss (symbol, algo_run_id, gain_percentage, gain_value, tstamp)
    select symbol, "algoRunId", "gainPercentage", "gainValue",
           timestamptz 'epoch' + "timeUs" * interval '1 microsecond'
      from jsonb_to_recordset(${rowsJson(newest)}::text::jsonb) as r (
        symbol text, "algoRunId" integer, "gainPercentage" numeric, "gainValue" numeric,
        "timeUs" float8
      )
    on conflict (symbol, algo_run_id) do update
       set gain_percentage = excluded.gain_percentage, gain_value = excluded.gain_value,
           tstamp = excluded.tstamp
     where excluded.tstamp >= gain_loss.tstamp`;
}

export async function selectGainLoss(sql: Sql, batchId: string): Promise<GainLossRow[]> {
  return [
    ...await sql<GainLossRow[]>`
    select symbol, g.algo_run_id as "algoRunId", gain_percentage as "gainPercentage",
           gain_value as "gainValue",
           (extract(epoch from tstamp) * 1000000)::float8 as "timeUs"
      from gain_loss g
      join algo_run using (algo_run_id)
     where batch_id = ${batchId}
     order by symbol, g.algo_run_id`,
  ];
}
