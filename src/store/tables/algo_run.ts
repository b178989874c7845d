import type { RunRow, RunStart, StoreRecord } from "../../contracts/store.ts";
import type { Sql, Transaction } from "../database.ts";
import { type Reader, rowsJson, storable } from "./rows.ts";

export type RunEnd = Extract<StoreRecord, { table: "algo_run_end" }>["row"];

export async function insertRun(sql: Sql, run: RunStart): Promise<number> {
  const [{ id }] = await sql<{ id: number }[]>`
    insert into algo_run
      (algo_name, algo_env, build_number, parameters, start_time, batch_id, ref_algo_run)
    values (
      ${run.algoName}, ${run.environment}, ${run.buildNumber},
      ${JSON.stringify(run.parameters, storable)}::text::jsonb,
      timestamptz 'epoch' + ${run.startUs}::float8 * interval '1 microsecond',
      ${run.batchId}, ${run.refAlgoRun}
    )
    returning algo_run_id as id`;
  return id;
}

/** The first end of a run stands. */
export async function endRuns(tx: Transaction, rows: RunEnd[]): Promise<void> {
  await tx`
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

export async function selectRuns(sql: Reader, batchId: string): Promise<RunRow[]> {
  return [
    ...await sql<RunRow[]>`
    select algo_run_id as "algoRunId", algo_name as "algoName", algo_env as "environment",
           build_number as "buildNumber", batch_id as "batchId", parameters,
           (extract(epoch from start_time) * 1000000)::float8 as "startUs",
           (extract(epoch from end_time) * 1000000)::float8 as "endUs",
           end_reason as "endReason", ref_algo_run as "refAlgoRun"
      from algo_run
     where batch_id = ${batchId}
     order by algo_run_id`,
  ];
}
