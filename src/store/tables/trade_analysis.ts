import type { TradeAnalysisRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { columnText, lastByKey } from "./rows.ts";

/** The newest reckoning stands. */
export function putTradeAnalysis(sql: Sql, rows: TradeAnalysisRow[]): Fragment {
  const oldestFirst = rows.toSorted((a, b) => a.timeUs - b.timeUs);
  const newest = lastByKey(oldestFirst, (row) => `${row.algoRunId} ${row.startUs} ${row.symbol}`);
  const column = (name: keyof TradeAnalysisRow) => columnText(newest.map((row) => row[name]));
  return sql`
    insert into trade_analysis
      (symbol, algo_run_id, start_tstamp, end_tstamp, gain_percentage, gain_value, r_units, tstamp)
    select symbol, run,
           timestamptz 'epoch' + start_us * interval '1 microsecond',
           timestamptz 'epoch' + end_us * interval '1 microsecond',
           gain_percentage, gain_value, r_units,
           timestamptz 'epoch' + time_us * interval '1 microsecond'
      from unnest(
        ${column("symbol")}::text::text[], ${column("algoRunId")}::text::integer[],
        ${column("startUs")}::text::float8[], ${column("endUs")}::text::float8[],
        ${column("gainPercentage")}::text::numeric[], ${column("gainValue")}::text::numeric[],
        ${column("rUnits")}::text::numeric[], ${column("timeUs")}::text::float8[]
      ) as r (symbol, run, start_us, end_us, gain_percentage, gain_value, r_units, time_us)
    on conflict (symbol, algo_run_id, start_tstamp) do update
       set end_tstamp = excluded.end_tstamp, gain_percentage = excluded.gain_percentage,
           gain_value = excluded.gain_value, r_units = excluded.r_units, tstamp = excluded.tstamp
     where excluded.tstamp >= trade_analysis.tstamp`;
}

export async function selectTradeAnalysis(
  sql: Sql,
  batchId: string,
): Promise<TradeAnalysisRow[]> {
  return [
    ...await sql<TradeAnalysisRow[]>`
    select symbol, a.algo_run_id as "algoRunId",
           (extract(epoch from start_tstamp) * 1000000)::float8 as "startUs",
           (extract(epoch from end_tstamp) * 1000000)::float8 as "endUs",
           gain_percentage as "gainPercentage", gain_value as "gainValue", r_units as "rUnits",
           (extract(epoch from tstamp) * 1000000)::float8 as "timeUs"
      from trade_analysis a
      join algo_run using (algo_run_id)
     where batch_id = ${batchId}
     order by start_tstamp, symbol, a.algo_run_id`,
  ];
}
