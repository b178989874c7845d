import type {
  BatchFilter,
  FinishedRunRow,
  RunRow,
  RunStart,
  RunSummary,
  StoreRecord,
} from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { andFilter } from "./batches.ts";
import { rowsJson, storable } from "./rows.ts";

export type RunEnd = Extract<StoreRecord, { table: "algo_run_end" }>["row"];

/** A run's number is taken first, so that its row can be written again where that is in doubt. */
export async function nextRunId(sql: Sql): Promise<number> {
  const [{ id }] = await sql<{ id: number }[]>`
    select nextval(pg_get_serial_sequence('algo_run', 'algo_run_id'))::integer as id`;
  return id;
}

export async function insertRun(sql: Sql, id: number, run: RunStart): Promise<void> {
  await sql`
    insert into algo_run
      (algo_run_id, algo_name, algo_env, build_number, parameters, start_time, batch_id,
       ref_algo_run)
    values (
      ${id}, ${run.algoName}, ${run.environment}, ${run.buildNumber},
      ${JSON.stringify(run.parameters, storable)}::text::jsonb,
      timestamptz 'epoch' + ${run.startUs}::float8 * interval '1 microsecond',
      ${run.batchId}, ${run.refAlgoRun}
    )
    on conflict (algo_run_id) do nothing`;
}

/** Runs of batches in which a strategy has one run; one that is there already is left as it is. */
export function insertFinishedRuns(sql: Sql, rows: FinishedRunRow[]): Fragment {
  return sql`
    insert into algo_run
      (algo_name, algo_env, build_number, parameters, start_time, batch_id, ref_algo_run,
       end_time, end_reason)
    select "algoName", environment, "buildNumber", parameters,
           timestamptz 'epoch' + "startUs" * interval '1 microsecond', "batchId", "refAlgoRun",
           timestamptz 'epoch' + "endUs" * interval '1 microsecond', "endReason"
      from rows from (
        jsonb_to_recordset(${rowsJson(rows)}::text::jsonb) as (
          "algoName" text, environment text, "buildNumber" text, parameters jsonb,
          "startUs" float8, "batchId" text, "refAlgoRun" integer, "endUs" float8, "endReason" text
        )
      ) with ordinality r
     where not exists (
       select from algo_run known
        where known.batch_id = "batchId" and known.algo_name = "algoName"
     )
     order by ordinality`;
}

/** The first end of a run stands. */
export function endRuns(sql: Sql, rows: RunEnd[]): Fragment {
  return sql`
    update algo_run
       set end_time = timestamptz 'epoch' + r."endUs" * interval '1 microsecond',
           end_reason = r."endReason"
      from (
        select distinct on ("algoRunId") *
          from rows from (
            jsonb_to_recordset(${rowsJson(rows)}::text::jsonb)
              as ("algoRunId" integer, "endUs" float8, "endReason" text)
          ) with ordinality
         order by "algoRunId", ordinality
      ) r
     where algo_run_id = r."algoRunId" and end_time is null`;
}

export function selectRuns(sql: Sql, batchId: string): Promise<RunRow[]> {
  return selectWhere(sql, sql`batch_id = ${batchId} order by algo_run_id`);
}

/** The newest first; of batches that began at one time of a simulated exchange, that made last. */
export function selectLiveRuns(sql: Sql, fromUs: number, toUs: number): Promise<RunRow[]> {
  return selectWhere(
    sql,
    sql`algo_env <> 'BACKTEST'
        and start_time between timestamptz 'epoch' + ${fromUs}::float8 * interval '1 microsecond'
                           and timestamptz 'epoch' + ${toUs}::float8 * interval '1 microsecond'
      order by start_time desc, min(algo_run_id) over (partition by batch_id) desc, algo_run_id`,
  );
}

/** Newest first, with the number of their executions. */
export function selectRunSummaries(
  sql: Sql,
  limit: number,
  { batchId, ...filter }: BatchFilter & { batchId?: string },
): Promise<RunSummary[]> {
  const trades = sql`
    (select count(*)::integer from new_trades t
      where t.algo_run_id = algo_run.algo_run_id and expire_tstamp is null) as trades,`;
  const condition = batchId === undefined ? sql`true` : sql`batch_id = ${batchId}`;
  return selectWhere<RunSummary>(
    sql,
    sql`${condition} ${andFilter(sql, filter)} order by algo_run_id desc limit ${limit}`,
    trades,
  );
}

async function selectWhere<Row extends RunRow>(
  sql: Sql,
  condition: Fragment,
  more = sql``,
): Promise<Row[]> {
  return [
    ...await sql<Row[]>`
    select ${more} algo_run_id as "algoRunId", algo_name as "algoName", algo_env as "environment",
           build_number as "buildNumber", batch_id as "batchId", parameters,
           (extract(epoch from start_time) * 1000000)::float8 as "startUs",
           (extract(epoch from end_time) * 1000000)::float8 as "endUs",
           end_reason as "endReason", ref_algo_run as "refAlgoRun"
      from algo_run
     where ${condition}`,
  ];
}
