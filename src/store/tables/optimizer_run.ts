import type { OptimizerRunRow, OptimizerSessionRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { lastByKey, rowsJson } from "./rows.ts";

/** A session that is there is given the newer result; one that has a result keeps it. */
export function putOptimizerSessions(sql: Sql, rows: OptimizerSessionRow[]): Fragment {
  const hasResult = ({ result }: OptimizerSessionRow) => Number(result !== null);
  const finishedLast = rows.toSorted((a, b) => hasResult(a) - hasResult(b));
  const newest = lastByKey(finishedLast, ({ sessionId }) => sessionId);
  return sql`
    insert into optimizer_session (optimizer_session_id, fingerprint, settings, result)
    select "sessionId", fingerprint, settings, nullif(result, 'null'::jsonb)
      from jsonb_to_recordset(${rowsJson(newest)}::text::jsonb) as r (
        "sessionId" text, fingerprint text, settings jsonb, result jsonb
      )
    on conflict (optimizer_session_id) do update
       set result = coalesce(excluded.result, optimizer_session.result),
           settings = excluded.settings, modify_tstamp = now()`;
}

/** A trial that is there already is left as it is. */
export function insertOptimizerRuns(sql: Sql, rows: OptimizerRunRow[]): Fragment {
  return sql`
    insert into optimizer_run
      (optimizer_session_id, fold, trial, kind, batch_id, parameters, value, problem, figures)
    select "sessionId", fold, trial, kind, "batchId", parameters, value, problem, figures
      from jsonb_to_recordset(${rowsJson(rows)}::text::jsonb) as r (
        "sessionId" text, fold integer, trial integer, kind text, "batchId" text,
        parameters jsonb, value numeric, problem text, figures jsonb
      )
    on conflict do nothing`;
}

export async function selectOptimizerSessions(
  sql: Sql,
  limit: number,
): Promise<OptimizerSessionRow[]> {
  return [
    ...await sql<OptimizerSessionRow[]>`
    select optimizer_session_id as "sessionId", fingerprint, settings, result
      from optimizer_session
     order by create_tstamp desc, optimizer_session_id
     limit ${limit}`,
  ];
}

/** Rows of programs that did not number their trials are left out. */
export async function selectOptimizerRuns(
  sql: Sql,
  sessionId: string,
): Promise<OptimizerRunRow[]> {
  return [
    ...await sql<OptimizerRunRow[]>`
    select optimizer_session_id as "sessionId", fold, trial, kind, batch_id as "batchId",
           parameters, value::float8 as value, problem, figures
      from optimizer_run
     where optimizer_session_id = ${sessionId} and trial is not null
     order by fold, kind desc, trial`,
  ];
}
