import assert from "node:assert/strict";
import { calledNames } from "./query_check.ts";

Deno.test("the functions that a query calls are seen, wherever brackets open", () => {
  const cases: [sql: string, names: string[]][] = [
    ["select 1", []],
    ["select lower(name), count (*) from t", ["lower", "count"]],
    ['select pg_catalog . "pg_sleep" /* so */ (1)', ["pg_sleep"]],
    ["select LO_Import('x')", ["lo_import"]],
    ["select -- pg_sleep(1)\r set_config('a', 'b', false)", ["set_config"]],
    ["select /* /* */ pg_sleep(1) */ 2", []],
    ["select 'it''s pg_sleep(1)' as t", []],
    ["select $a$ pg_sleep(1) $b$ $a$, now()", ["now"]],
    ["select '\\', pg_sleep(1), '\\'", ["pg_sleep"]],
    ['select "a""b"(1)', ['a"b']],
    ["with t(a) as (values (1)) select a from t where a in (1, 2)", ["t", "as", "values", "in"]],
  ];
  for (const [sql, names] of cases) assert.deepEqual(calledNames(sql), names, sql);
});

Deno.test("a query that is no single expression is refused before it is sent", () => {
  const cases: [sql: string, why: RegExp][] = [
    ["", /must begin with select/],
    ["delete from new_trades", /must begin with select/],
    ["set transaction read write", /must begin with select/],
    ["copy t to program 'rm'", /must begin with select/],
    ["select 1; drop table t", /more than one statement/],
    ["select 1) as a; --", /closes a bracket/],
    ["select 1) q, (select 2", /closes a bracket/],
    ["select (1", /bracket is not closed/],
    ["select 'a", /quote is not closed/],
    ['select "a', /quote is not closed/],
    ["select $$a", /dollar quote is not closed/],
    ["select /* /* */", /comment is not closed/],
    ["select E'a'\n'\\'', pg_sleep(10), '", /without E''/],
    ['select U&"\\0070g_sleep"(1)', /without E''/],
    ["select 1\0", /zero character/],
    ["select rolpassword from pg_catalog.pg_authid", /may not read pg_authid/],
    ['select * from "pg_shadow"', /may not read pg_shadow/],
  ];
  for (const [sql, why] of cases) assert.throws(() => calledNames(sql), { message: why }, sql);
});
