/**
 * All of a take-over as one message of many statements, which the server carries out as one
 * transaction: whatever fails, and whatever is cut, nothing has happened.
 * Invariant: the old rows are read, never written; each row of Liu's tables is compared with what
 * it was to be, and the old sums with the new, before the transaction ends.
 */
import type { Migration } from "../migrations.ts";
import { MIGRATIONS_TABLE, migrationStatement } from "../migrate.ts";
import { OLD_SCHEMA, OLD_TABLES, type OldTables } from "./old_tables.ts";
import { blockers, otherCopies, planNumbersScript } from "./other_tables.ts";
import { literal, type TableCopy, type TakeOverOptions } from "./table_copy.ts";
import { runsScript, tradingCopies } from "./trading_tables.ts";

/** SQLSTATEs of its own refusals: the message says the rest. */
export const REFUSED = "LIU01";
/** The end of a rehearsal: its detail is the report. */
export const REHEARSED = "LIU02";

const LOCK_SECONDS_MAX = 3;
/** A tenth of a second apart. */
const USERS_LOOKS = 10;

/** The last statement gives one row, `report`; in a rehearsal it is the error's detail. */
export async function takeOverScript(
  old: OldTables,
  migrations: readonly Migration[],
  options: TakeOverOptions & { isRehearsal: boolean },
): Promise<string> {
  const zone = options.zone ?? old.serverZone;
  const copies = [...tradingCopies(old, zone), ...otherCopies(old, zone)];
  const tables = [...new Set(copies.map(({ table }) => table))];
  return [
    begin(old),
    move(old),
    MIGRATIONS_TABLE,
    ...await Promise.all(migrations.map(migrationStatement)),
    FUNCTIONS,
    runsScript(old, zone, options),
    planNumbersScript(old),
    ...blockers(old).map(({ from, when, text }) => `
      do $$ declare n bigint; begin
        select count(*) into n from ${from} where ${when};
        if n > 0 then ${refuse(`format('%s ' || ${literal(text)}, n)`)} end if;
      end $$;`),
    // A transaction of there has moved its balance already.
    ...tables.map((table) => `alter table ${table} disable trigger user;`),
    ...copies.map(copyScript),
    ...tables.map((table) => `alter table ${table} enable trigger user;`),
    verifyScript(copies),
    end(options.isRehearsal),
  ].join("\n");
}

/** The old program, or anybody else, must not write meanwhile. */
function begin(old: OldTables): string {
  const tables = OLD_TABLES.filter((table) => old.has(table))
    .map((table) => `${quoted(old.schema)}.${table}`);
  return `
    set local search_path to ${quoted(old.schema)};
    set local timezone to 'UTC';
    set local datestyle to 'ISO';
    set local lock_timeout to '${LOCK_SECONDS_MAX}s';
    set local statement_timeout to 0;
    set local idle_in_transaction_session_timeout to 0;
    do $$ declare who text; begin
      -- A connection that was just closed may be seen for a moment.
      for i in 1..${USERS_LOOKS} loop
        perform pg_stat_clear_snapshot();
        select string_agg(format('%s%s (process %s)', coalesce(nullif(application_name, ''),
                          usename::text, 'unknown'), ' from ' || client_addr::text, pid), ', ')
          into who
          from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()
           and usesysid is not null
           and coalesce(backend_type, 'client backend') = 'client backend';
        exit when who is null;
        perform pg_sleep(0.1);
      end loop;
      if who is not null then
        ${refuse("format('it is in use by %s. Stop what uses it, and try again', who)")}
      end if;
    end $$;
    lock table ${tables.join(", ")} in access exclusive mode;`;
}

/** Tables take their indexes, triggers and sequences with them. */
function move(old: OldTables): string {
  const schema = quoted(old.schema);
  const tables = OLD_TABLES.filter((table) => old.has(table));
  const named = (query: string, statement: string) => `
    do $$ declare name text; begin
      for name in ${query} loop execute format(${literal(statement)}, name); end loop;
    end $$;`;
  const inSchema = `= ${literal(old.schema)}::regnamespace`;
  return `
    create schema ${OLD_SCHEMA};
    ${tables.map((t) => `alter table ${schema}.${t} set schema ${OLD_SCHEMA};`).join("\n")}
    ${
    named(
      `select typname from pg_type where typnamespace ${inSchema}
         and typname in ('trade_operation', 'trade_env', 'asset_type') and typtype = 'e'`,
      `alter type ${schema}.%I set schema ${OLD_SCHEMA}`,
    )
  }
    ${
    named(
      `select proname from pg_proc where pronamespace ${inSchema} and pronargs = 0
         and proname in ('update_balance', 'update_modify_tstamp_action')`,
      `alter function ${schema}.%I() set schema ${OLD_SCHEMA}`,
    )
  }
    alter sequence if exists ${schema}.transaction_id_seq set schema ${OLD_SCHEMA};
    comment on schema ${OLD_SCHEMA} is
      'LiuAlgoTrader''s tables as they were when liu took them over. Liu does not read them.';`;
}

/** What cannot be read as what it should be is no error. */
const FUNCTIONS = `
  create or replace function pg_temp.liu_time(t text) returns timestamptz
    language plpgsql immutable as $$
  begin
    if t !~ '^\\d{4}-\\d\\d-\\d\\d[ T]\\d' then return null; end if;
    -- The original made times of the exchange with its offset of 1883: the clock's time was meant.
    if t ~ '-04:56(:02)?$' then
      return regexp_replace(t, '-04:56(:02)?$', '')::timestamp at time zone 'America/New_York';
    end if;
    return t::timestamptz;
  exception when data_exception then return null;
  end $$;
  create or replace function pg_temp.liu_json(t text) returns jsonb language plpgsql immutable as $$
  begin
    return t::jsonb;
  exception when data_exception then return to_jsonb(t);
  end $$;
  create temp table liu_report on commit drop as
    select 0 as ord, ''::text as "table", ''::text as kind, ''::text as why, 0::bigint as rows
     where false;`;

/** A stage holds the rows as they are to be, with why one is left out, and the old sums. */
function copyScript(copy: TableCopy, index: number): string {
  const { table, from, columns, leftOut, unique, sums, changes = [], serial } = copy;
  const stage = stageOf(index);
  const names = Object.keys(columns);
  const list = names.join(", ");
  const why = leftOut.length === 0
    ? "null::text"
    : `case ${leftOut.map((l) => `when ${l.when} then ${literal(l.why)}`).join(" ")} end`;
  const again = unique === undefined
    ? "null::text"
    : `case when row_number() over (partition by liu_why is null, ${unique.by.join(", ")}
         order by ${unique.order}) > 1 then ${literal(unique.why)} end`;
  const told = changes.map(({ when }, i) => `(${when}) as liu_change_${i}`);
  const summed = sums.map(({ old }, i) => `(${old}) as liu_sum_${i}`);
  const values = names.map((name) => `${columns[name]} as ${name}`);
  const oldName = from.startsWith("liu_environment e left") ? table : from.match(/\.(\w+) o/)![1];
  const report = (kind: string, reason: string, rest: string) => `
    insert into liu_report select ${index}, ${literal(oldName)}, '${kind}', ${reason}, ${rest};`;
  return `
    create temp table ${stage} on commit drop as
      select s.*, coalesce(liu_why, ${again}) as liu_left_out
        from (select ${[...values, ...told, ...summed, `${why} as liu_why`].join(",\n")}
                from ${from}) s;
    insert into ${table} (${list}) select ${list} from ${stage} where liu_left_out is null;
    ${serial === undefined ? "" : sequenceScript(table, serial)}
    ${report("found", "''", `count(*) from ${stage}`)}
    ${report("taken", "''", `count(*) from ${stage} where liu_left_out is null`)}
    ${
    report(
      "left_out",
      "liu_left_out",
      `count(*) from ${stage} where liu_left_out is not null group by liu_left_out`,
    )
  }
    ${
    changes.map(({ why }, i) =>
      report(
        "changed",
        literal(why),
        `count(*) from ${stage} where liu_left_out is null and liu_change_${i} having count(*) > 0`,
      )
    ).join("")
  }`;
}

/**
 * Each row as it is stored against what was to be stored, both ways, and sums of the old columns
 * against the new ones.
 */
function verifyScript(copies: readonly TableCopy[]): string {
  const stages = copies.map((copy, index) => ({ ...copy, stage: stageOf(index) }));
  const byTable = Map.groupBy(stages, ({ table }) => table);
  return [...byTable].map(([table, parts]) => {
    const names = Object.keys(parts[0].columns);
    const shared = names.filter((name) => parts.every(({ columns }) => name in columns)).join(", ");
    const kept = parts.map(({ stage }) =>
      `select ${shared} from ${stage} where liu_left_out is null`
    ).join(" union all ");
    // Sums are compared where a table has one source: each part has its own.
    const sums = parts.length > 1 ? [] : parts[0].sums;
    return `
    do $$ declare n bigint; a numeric; b numeric; begin
      select count(*) into n from ((${kept}) except all select ${shared} from ${table}) d;
      if n > 0 then ${refuse(`format('%s rows of ${table} would not be what they were', n)`)}
      end if;
      select count(*) into n from (select ${shared} from ${table} except all (${kept})) d;
      if n > 0 then ${refuse(`format('%s rows of ${table} would be too many', n)`)} end if;
      ${
      sums.map((sum, i) => `
      select coalesce(sum(liu_sum_${i}), 0) into a
        from ${parts[0].stage} where liu_left_out is null;
      select coalesce(sum(${sum.new}), 0) into b from ${table};
      if a <> b then
        ${refuse(`format('the sum of ${table} was %s, and would be %s', a, b)`)}
      end if;`).join("")
    }
    end $$;`;
  }).join("\n");
}

function sequenceScript(table: string, column: string): string {
  return `select setval(pg_get_serial_sequence('${table}', '${column}'),
    coalesce((select max(${column}) from ${table}), 0) + 1, false);`;
}

function end(isRehearsal: boolean): string {
  const report = `(select coalesce(jsonb_agg(to_jsonb(r) order by ord, kind, why), '[]'::jsonb)
    from liu_report r)`;
  if (!isRehearsal) return `select ${report}::text as report;`;
  return `do $$ begin
    raise exception 'rehearsed' using errcode = '${REHEARSED}', detail = ${report}::text;
  end $$;`;
}

function refuse(message: string): string {
  return `raise exception using errcode = '${REFUSED}', message = ${message};`;
}

function stageOf(index: number): string {
  return `liu_stage_${index}`;
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
