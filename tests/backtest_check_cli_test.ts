/** `liu backtest --check` as its user sees it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { seededRandom } from "../src/engine/worker.ts";
import { Liu } from "./program.ts";

const PLAN = `
[scanners.symbols]
symbols = ["AAPL"]

[strategies.mine]
filename = "mine.ts"
`;

/** Buys below an average that is as long as what it gets; module state must not outlive a run. */
const COUNTING = `
import { buy, sell, Strategy, type Tick } from "liu";

let calls = 0;

export default class Mine extends Strategy {
  run({ bars, position, time }: Tick<this>) {
    calls++;
    if (position) return sell({ qty: position.qty });
    const isLate = time.minutesSinceOpen > 30;
    if (!isLate && bars.length % 7 === 0 && calls < 1e6) {
      return buy({ qty: 10 });
    }
  }
}
`;

const SETTLED = `
import { buy, limit, sell, Strategy, type SymbolSetup, type Tick } from "liu";

export default class Mine extends Strategy {
  override setup(symbol: SymbolSetup) {
    return { average: symbol.sma(12) };
  }
  run({ position, time, today, state: { average } }: Tick<this>) {
    const isLate = time.minutesSinceOpen > 30;
    if (position) return isLate || today.last < average.value ? sell({ qty: position.qty }) : undefined;
    if (!isLate && today.last > average.value) return limit(buy({ qty: 10 }), today.last * 1.01);
  }
}
`;

const DATES = ["2022-01-03", "2022-01-04", "2022-01-05", "2022-01-06", "2022-01-07"];

/** Forty minutes of each day: a walk. */
function bars(): string {
  const random = seededRandom(5);
  let price = 100;
  const rows = DATES.flatMap((date) =>
    Array.from({ length: 40 }, (_, i) => {
      const open = price;
      price += random() - 0.5;
      const minute = 14 * 60 + 30 + i;
      const time = `${Math.floor(minute / 60)}:${String(minute % 60).padStart(2, "0")}`;
      const [high, low] = [Math.max(open, price), Math.min(open, price)];
      return `AAPL,${date}T${time}:00Z,${open},${high},${low},${price},1000`;
    })
  );
  return ["symbol,timestamp,open,high,low,close,volume", ...rows, ""].join("\n");
}

async function inFolder(strategy: string, run: (liu: Liu) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-check-" });
  try {
    await Deno.writeTextFile(join(folder, "tradeplan.toml"), PLAN);
    await Deno.writeTextFile(join(folder, "mine.ts"), strategy);
    await Deno.writeTextFile(join(folder, "bars.csv"), bars());
    await run(new Liu(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const ARGS = ["backtest", "2022-01-05", "--to", "2022-01-07", "--bars", "bars.csv"];
const CHECK = [...ARGS, "--check", "--cuts", "4", "--seed", "9"];

Deno.test("a strategy that counts its bars ends a check with 1, its line and what changed", () =>
  inFolder(COUNTING, async (liu) => {
    const { code, out, err } = await liu.run(CHECK);
    assert.equal(code, 1, err);
    assert.match(out, /^Check \(--seed 9\)$/m);
    assert.match(out, /^Look-ahead: none\. Decisions are the same at 4 cuts$/m);
    assert.match(out, /^! mine mine\.ts:12:14 depends on all 80 bars of history/m);
    assert.match(out, /^ {4}2022-01-05 09:\d\d:00 AAPL, whole: (nothing|buy qty 10)$/m);
    assert.match(out, /^! mine mine\.ts:12:14 changes after [12] of 2 starts$/m);
    assert.match(out, /^ {4}2022-01-0[67] 09:\d\d:00 AAPL, begun on 2022-01-0[67]: /m);
    assert.match(out, /^Found: 2\./m);
  }));

Deno.test("one whose average is settled ends it with 0, and learns what it needs", () =>
  inFolder(SETTLED, async (liu) => {
    const { code, out, err } = await liu.run([...CHECK, "--json"]);
    assert.equal(code, 0, err + out);
    const { batch_id: batchId, trades, check } = JSON.parse(out);
    assert.ok(trades.length > 0);
    assert.equal(check.findings, 0);
    assert.equal(check.look_ahead.cuts.length, 4);
    const [minutes] = check.warm_up;
    assert.deepEqual([minutes.bars, minutes.available], ["minute", 80]);
    const entry = minutes.lines.find(({ place }: { place: string }) => place === "mine.ts:11:55");
    assert.ok(entry.settled && entry.needs > 0 && entry.needs <= 12, JSON.stringify(entry));
    assert.deepEqual(check.later_starts.dates, ["2022-01-06", "2022-01-07"]);
    // The check has stored nothing: there is the backtest alone.
    const batches = JSON.parse((await liu.run(["backtest", "list", "--json"])).out);
    assert.deepEqual(batches.map((batch: { batchId: string }) => batch.batchId), [batchId]);
    const again = JSON.parse((await liu.run([...CHECK, "--json"])).out);
    assert.deepEqual(again.check, check);
  }));

Deno.test("how to check without a check is refused", () =>
  inFolder(SETTLED, async (liu) => {
    for (const option of ["--cuts", "--seed"]) {
      const { code, err } = await liu.run([...ARGS, option, "3"]);
      assert.equal(code, 2);
      assert.match(err, new RegExp(`Cannot use ${option} without --check`));
    }
    const { code, err } = await liu.run([...ARGS, "--check", "--cuts", "0"]);
    assert.equal(code, 2);
    assert.match(err, /whole number, 1 or more/);
  }));
