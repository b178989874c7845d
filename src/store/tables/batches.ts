import type { BatchFilter, BatchReferences, BatchSummary } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";

/** The conditions on runs, to be put after another one. */
export function andFilter(sql: Sql, filter: BatchFilter): Fragment {
  const { environment = null, strategy = null, fromUs = null, toUs = null } = filter;
  const time = (us: number) => sql`timestamptz 'epoch' + ${us}::float8 * interval '1 microsecond'`;
  return sql`
    ${environment === null ? sql`` : sql`and algo_env = ${environment}`}
    ${strategy === null ? sql`` : sql`and algo_name = ${strategy}`}
    ${fromUs === null ? sql`` : sql`and start_time >= ${time(fromUs)}`}
    ${toUs === null ? sql`` : sql`and start_time < ${time(toUs)}`}`;
}

/**
 * In the order in which they were made, the newest first: a simulated session's own times may lie anywhere.
 * Batches are not a table: they are what runs have in common. A batch has ended when all have; it is
 * told whole where one of its runs is as wanted.
 */
export async function selectBatches(
  sql: Sql,
  limit: number,
  filter: BatchFilter,
): Promise<BatchSummary[]> {
  return [
    ...await sql<BatchSummary[]>`
    with newest as (
      select batch_id, max(algo_run_id) as last
        from algo_run
       where (not exists (select from optimizer_run trial where trial.batch_id = algo_run.batch_id)
          or exists (select
                       from new_trades
                       join algo_run run using (algo_run_id)
                      where run.batch_id = algo_run.batch_id))
         ${andFilter(sql, filter)}
       group by batch_id
       order by last desc
       limit ${limit}
    )
    select batch_id as "batchId", min(algo_env) as "environment",
           (extract(epoch from min(start_time)) * 1000000)::float8 as "startUs",
           case when count(*) = count(end_time)
             then (extract(epoch from max(end_time)) * 1000000)::float8
           end as "endUs",
           count(*)::integer as runs,
           (select count(*)::integer
              from new_trades
              join algo_run run using (algo_run_id)
             where run.batch_id = newest.batch_id and expire_tstamp is null) as trades,
           array_to_json(array_agg(distinct algo_name)) as strategies,
           array_to_json(array_remove(array_agg(distinct end_reason), null)) as "endReasons",
           max(build_number) as "buildNumber"
      from newest
      join algo_run using (batch_id)
     group by batch_id, last
     order by last desc`,
  ];
}

export async function selectReferences(sql: Sql, batchId: string): Promise<BatchReferences> {
  const [row] = await sql<BatchReferences[]>`
    select array_to_json(array(
             select portfolio_id from portfolio_batch_ids where batch_id = ${batchId} order by 1
           )) as portfolios,
           array_to_json(array(
             select distinct later.batch_id
               from algo_run
               join algo_run later on later.ref_algo_run = algo_run.algo_run_id
              where algo_run.batch_id = ${batchId} and later.batch_id <> ${batchId}
                and later.algo_env <> 'BACKTEST'
              order by 1
           )) as "carriedOnBy",
           array_to_json(array(
             select distinct optimizer_session_id from optimizer_run where batch_id = ${batchId}
              order by 1
           )) as "optimizerSessions"`;
  return row;
}

/** One statement, which is one transaction: what refers to what is looked at when it ends. */
export async function deleteBatch(sql: Sql, batchId: string): Promise<Record<string, number>> {
  const ofRuns = (table: string) =>
    sql`${sql(table)} as (delete from ${sql(table)} t using runs
                           where t.algo_run_id = runs.algo_run_id returning 1)`;
  const ofBatch = (table: string) =>
    sql`${sql(table)} as (delete from ${sql(table)} where batch_id = ${batchId} returning 1)`;
  const parts = [...TABLES_OF_RUNS.map(ofRuns), ...TABLES_OF_BATCHES.map(ofBatch)];
  const counts = [...TABLES_OF_RUNS, ...TABLES_OF_BATCHES].map((table) =>
    sql`${table}::text, (select count(*) from ${sql(table)})`
  );
  const list = (fragments: Fragment[]) => fragments.reduce((all, one) => sql`${all}, ${one}`);
  const [{ removed }] = await sql<{ removed: Record<string, number> }[]>`
    with runs as (select algo_run_id from algo_run where batch_id = ${batchId}),
         unreferred as (
           update algo_run later set ref_algo_run = null from runs
            where later.ref_algo_run = runs.algo_run_id and later.batch_id <> ${batchId}
         ),
         ${list(parts)}
    select json_build_object(${list(counts)}) as removed`;
  return removed;
}

/** Of a search, optimizer_run stays: it is the session's result, and says what was tried. */
const TABLES_OF_RUNS = ["new_trades", "order_denial", "gain_loss", "trade_analysis"];
const TABLES_OF_BATCHES = [
  "trending_tickers",
  "portfolio_batch_ids",
  "trade_plan_execution_audit",
  "batch_figures",
  "algo_run",
];
