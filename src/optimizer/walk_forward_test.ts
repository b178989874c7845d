import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { readWalkForward, walkWindows } from "./walk_forward.ts";

const windows = (from: string, to: string, text: string, assets: ("us_equity" | "crypto")[] = [
  "us_equity",
]) =>
  walkWindows({ from, to }, readWalkForward(text), assets)
    .map(({ train, test }) => `${train.from}…${train.to} ${test.from}…${test.to}`);

Deno.test("windows go on by the test's length, the last ends with the range", () => {
  assert.deepEqual(windows("2021-01-01", "2021-11-10", "train=6mo,test=2mo"), [
    "2021-01-01…2021-06-30 2021-07-01…2021-08-31",
    "2021-03-01…2021-08-31 2021-09-01…2021-10-31",
    "2021-05-01…2021-10-31 2021-11-01…2021-11-10",
  ]);
});

Deno.test("anchored training begins at the first date and gets longer", () => {
  assert.deepEqual(windows("2021-01-01", "2021-03-31", "train=1mo,test=1mo,anchored"), [
    "2021-01-01…2021-01-31 2021-02-01…2021-02-28",
    "2021-01-01…2021-02-28 2021-03-01…2021-03-31",
  ]);
});

Deno.test("days, weeks and years; a window in which nothing can be traded is left out", () => {
  assert.deepEqual(windows("2022-01-03", "2022-01-10", "train=5d,test=1d"), [
    // The 8th and the 9th are a weekend.
    "2022-01-05…2022-01-09 2022-01-10…2022-01-10",
  ]);
  assert.equal(windows("2022-01-03", "2022-01-10", "train=5d,test=1d", ["crypto"]).length, 3);
  assert.deepEqual(windows("2020-02-29", "2022-02-27", "train=1y,test=52w"), [
    "2020-02-29…2021-02-27 2021-02-28…2022-02-26",
  ]);
});

Deno.test("tests follow one another without a gap and without overlap, whatever the day", () => {
  for (const day of ["28", "29", "30", "31"]) {
    const plan = readWalkForward("train=1mo,test=1mo");
    const all = walkWindows({ from: `2021-01-${day}`, to: "2022-06-15" }, plan, ["crypto"]);
    all.forEach(({ train, test }, i) => {
      assert.ok(train.to < test.from);
      assert.ok(test.from <= test.to);
      if (i === 0) return;
      const gap = Date.parse(test.from) - Date.parse(all[i - 1].test.to);
      assert.equal(gap, 24 * 3600e3, `${all[i - 1].test.to} ${test.from}`);
    });
  }
});

Deno.test("what is no walk-forward is said", () => {
  const wrong = (text: string, says: RegExp) =>
    assert.throws(
      () => windows("2021-01-01", "2021-03-31", text),
      (error) => error instanceof ConfigError && says.test(error.message),
    );
  wrong("train=6m,test=1mo", /"train=6m" is not understood/);
  wrong("train=1mo", /give both/);
  wrong("train=6mo,test=1mo", /the first training alone would last to 2021-06-30/);
});
