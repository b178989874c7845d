import type { KeystoreRow } from "../../contracts/store.ts";
import type { Fragment, Sql } from "../database.ts";
import { lastByKey, rowsJson } from "./rows.ts";

/** The newest value stands, so that a late replay doesn't bring an old one back. */
export function putValues(sql: Sql, rows: KeystoreRow[]): Fragment {
  // Of equal times the last written stands: the sort is stable.
  const oldestFirst = rows.toSorted((a, b) => a.timeUs - b.timeUs);
  const newest = lastByKey(
    oldestFirst,
    (row) => JSON.stringify([row.algoName, row.context, row.key]),
  );
  return sql`
    insert into keystore (algo_name, context, key, value, tstamp)
    select "algoName", context, key, value,
           timestamptz 'epoch' + "timeUs" * interval '1 microsecond'
      from jsonb_to_recordset(${rowsJson(newest)}::text::jsonb) as r (
        "algoName" text, context text, key text, value text, "timeUs" float8
      )
    on conflict (algo_name, key, context) do update
       set value = excluded.value, tstamp = excluded.tstamp
     where excluded.tstamp >= keystore.tstamp`;
}

export async function selectValues(sql: Sql, algoName: string): Promise<KeystoreRow[]> {
  return [
    ...await sql<KeystoreRow[]>`
    select algo_name as "algoName", context, key, value,
           (extract(epoch from tstamp) * 1000000)::float8 as "timeUs"
      from keystore
     where algo_name = ${algoName}
     order by context, key`,
  ];
}
