import type { BatchFigures, BatchFiguresRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { lastByKey, rowsJson } from "./rows.ts";

/** The newest stands: a batch that was carried on has figures of all of it. */
export function putBatchFigures(sql: Sql, rows: BatchFiguresRow[]): Fragment {
  const oldestFirst = rows.toSorted((a, b) => a.timeUs - b.timeUs);
  const newest = lastByKey(oldestFirst, ({ batchId }) => batchId);
  return sql`
    insert into batch_figures (batch_id, figures, tstamp)
    select "batchId", figures, timestamptz 'epoch' + "timeUs" * interval '1 microsecond'
      from jsonb_to_recordset(${rowsJson(newest)}::text::jsonb) as r (
        "batchId" text, figures jsonb, "timeUs" float8
      )
    on conflict (batch_id) do update
       set figures = excluded.figures, tstamp = excluded.tstamp
     where excluded.tstamp >= batch_figures.tstamp`;
}

export async function selectBatchFigures(sql: Sql, batchId: string): Promise<BatchFigures | null> {
  const [row] = await sql<{ figures: BatchFigures }[]>`
    select figures from batch_figures where batch_id = ${batchId}`;
  return row?.figures ?? null;
}

export async function selectPortfolioBatches(
  sql: Sql,
  portfolioId: string,
): Promise<{ size: string; batchIds: string[] } | null> {
  const [row] = await sql<{ size: string; batchIds: string[] }[]>`
    select size, coalesce(array_agg(batch_id order by assoc_id)
                            filter (where batch_id is not null), '{}') as "batchIds"
      from portfolio
      left join portfolio_batch_ids using (portfolio_id)
     where portfolio_id = ${portfolioId}
     group by portfolio_id, size`;
  return row ?? null;
}
