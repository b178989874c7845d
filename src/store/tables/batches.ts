import type { BatchSummary } from "../../contracts/store.ts";
import type { Sql } from "../database.ts";

/**
 * In the order in which they were made, the newest first: a simulated session's own times may lie anywhere.
 * Batches are not a table: they are what runs have in common. A batch has ended when all have.
 */
export async function selectBatches(sql: Sql, limit: number): Promise<BatchSummary[]> {
  return [
    ...await sql<BatchSummary[]>`
    select batch_id as "batchId", min(algo_env) as "environment",
           (extract(epoch from min(start_time)) * 1000000)::float8 as "startUs",
           case when count(*) = count(end_time)
             then (extract(epoch from max(end_time)) * 1000000)::float8
           end as "endUs",
           count(*)::integer as runs,
           (select count(*)::integer
              from new_trades
              join algo_run run using (algo_run_id)
             where run.batch_id = algo_run.batch_id) as trades
      from algo_run
     where not exists (select from optimizer_run trial where trial.batch_id = algo_run.batch_id)
        or exists (select
                     from new_trades
                     join algo_run run using (algo_run_id)
                    where run.batch_id = algo_run.batch_id)
     group by batch_id
     order by max(algo_run_id) desc
     limit ${limit}`,
  ];
}
