/** `liu backtest` as its user sees it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { Liu, writeFiles } from "./program.ts";

const PLAN = `
[scanners.symbols]
symbols = ["AAPL"]

[strategies.mine]
filename = "mine.ts"
`;
const STRATEGY = `
import { buy, sell, Strategy, type Tick } from "liu";

export default class Mine extends Strategy {
  run({ position, time }: Tick<this>) {
    if (!position && time.minutesSinceOpen === 2) return buy({ qty: 10 });
    if (position && time.minutesSinceOpen === 5) return sell({ qty: position.qty });
  }
}
`;

/** Ten minutes from the open on: 100, 101, … */
function bars(): string {
  const rows = Array.from({ length: 10 }, (_, i) => {
    const price = 100 + i;
    return `AAPL,2022-01-03T14:${30 + i}:00Z,${price},${price},${price},${price},1000`;
  });
  return ["symbol,timestamp,open,high,low,close,volume", ...rows, ""].join("\n");
}

async function inFolder(run: (liu: Liu) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "liu-backtest-" });
  try {
    await Deno.writeTextFile(join(folder, "tradeplan.toml"), PLAN);
    await Deno.writeTextFile(join(folder, "mine.ts"), STRATEGY);
    await Deno.writeTextFile(join(folder, "bars.csv"), bars());
    await run(new Liu(folder));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a backtest of a user's file is printed, stored, listed and analysed", () =>
  inFolder(async (liu) => {
    const args = ["backtest", "2022-01-03", "--bars", "bars.csv", "--equity", "equity.csv"];
    const fees = ["--buy-fee-percentage", "0.1", "--sell-fee-percentage", "0.2"];
    const { code, out, err } = await liu.run([...args, ...fees, "--json"]);
    assert.equal(code, 0, err);
    const { batch_id: batchId, trades, ...result } = JSON.parse(out);
    assert.deepEqual(trades, [
      {
        symbol: "AAPL",
        side: "buy",
        operation: "buy",
        qty: 10,
        price: 102,
        time: "2022-01-03T14:33:00Z",
        fee: 1.02,
        strategy: "mine",
      },
      {
        symbol: "AAPL",
        side: "sell",
        operation: "sell",
        qty: 10,
        price: 105,
        time: "2022-01-03T14:36:00Z",
        fee: 2.1,
        strategy: "mine",
      },
    ]);
    // 30 gained, 3.12 of fees.
    assert.equal(result.final_equity, 100_026.88);
    assert.equal(result.cash, 100_026.88);
    assert.equal(result.fees, 3.12);
    assert.deepEqual(result.open_positions, []);
    const curve = await Deno.readTextFile(join(liu.folder, "equity.csv"));
    assert.match(curve, /^time,equity\n2022-01-03T05:00:00Z,100000\n/);
    const list = await liu.run(["backtest", "list", "--json"]);
    const [batch] = JSON.parse(list.out);
    assert.equal(batch.batchId, batchId);
    assert.equal(batch.environment, "BACKTEST");
    const analysis = JSON.parse((await liu.run(["analyze", batchId, "--json"])).out);
    assert.equal(analysis.totals.gainValue, "26.88");
    const table = await liu.run(args);
    assert.match(table.out, /\ncash +100030\.00\nfinal equity +100030\.00\n/);
  }));

Deno.test("what is wrong with a backtest is said", () =>
  inFolder(async (liu) => {
    const cases: [args: string[], says: RegExp][] = [
      [["2022-02-30"], /"2022-02-30": give a date such as 2022-01-03/],
      [["2022-01-03", "--to", "2022-01-02"], /the end must not be before/],
      [["2022-01-03", "--bars", "none.csv"], /Cannot read .*none\.csv/],
      [["2022-01-03", "--bars", "bars.csv", "--strats", "mines"], /did you mean "mine"\?/],
      [["2022-01-03"], /no history of AAPL .*liu data download/],
      [["2022-01-01", "--to", "2022-01-02", "--bars", "bars.csv"], /the exchange is closed then/],
      [
        ["2022-01-04", "--to", "2022-01-05", "--bars", "bars.csv"],
        /no symbol has a row in a session of it. The rows of AAPL are from 2022-01-03 to 2022-01-03/,
      ],
      [
        ["2022-01-03", "--bars", "bars.csv", "--symbols", "AAPL,MSFT"],
        /Cannot use --symbols MSFT: the files hold only AAPL/,
      ],
      [
        ["2022-01-03", "--bars", "bars.csv", "--equity", "none/equity.csv"],
        /Cannot write .*equity\.csv: .* Name a file that can be written/,
      ],
      [["--json", "list"], /before list: write them behind it/],
    ];
    for (const [args, says] of cases) {
      const { code, err } = await liu.run(["backtest", ...args]);
      assert.equal(code, 2, err);
      assert.match(err, says);
    }
  }));

Deno.test("a backtest whose code does not return and cannot be stopped ends, and says whose", () =>
  inFolder(async (liu) => {
    await writeFiles(liu.folder, {
      "mine.ts": STRATEGY.replace("    if", `    /^(a+)+$/.test("a".repeat(60) + "b");\n    if`),
    });
    const { code, err } = await liu.run(["backtest", "2022-01-03", "--bars", "bars.csv"]);
    assert.equal(code, 1);
    assert.match(err, /The backtest was given up: strategy "mine" does not return/);
  }));

Deno.test("scanners that name no symbols see all that is on disk", () =>
  inFolder(async (liu) => {
    await writeFiles(liu.folder, {
      "tradeplan.toml": PLAN.replace('symbols = ["AAPL"]', 'filename = "all.ts"'),
      "all.ts": `
import { type ScanContext, Scanner } from "liu";

export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).symbols();
  }
}
`,
    });
    const none = await liu.run(["backtest", "2022-01-03"]);
    assert.equal(none.code, 2);
    assert.match(none.err, /scanners name none, and .* has none\. Download them/);
    assert.equal((await liu.run(["data", "import", "bars.csv"])).code, 0);
    const { code, out, err } = await liu.run(["backtest", "2022-01-03", "--json"]);
    assert.equal(code, 0, err);
    assert.equal(JSON.parse(out).trades.length, 2);
  }));

Deno.test("sessions without rows are told, and do not count", () =>
  inFolder(async (liu) => {
    const run = async (to: string) => {
      const args = [
        "backtest",
        "2022-01-03",
        "--to",
        to,
        "--bars",
        "bars.csv",
        "two.csv",
        "--json",
      ];
      const { code, out, err } = await liu.run(args);
      assert.equal(code, 0, err);
      return { err, sharpe: JSON.parse(out).sharpe };
    };
    const rows = bars().replaceAll("AAPL", "MSFT").replaceAll("2022-01-03", "2022-01-04");
    await writeFiles(liu.folder, {
      "two.csv": rows,
      "tradeplan.toml": PLAN.replace('"AAPL"', '"AAPL", "MSFT"'),
    });
    const whole = await run("2022-01-04");
    assert.match(
      whole.err,
      /AAPL has no rows on 1 of 2 sessions, first 2022-01-04, last 2022-01-04/,
    );
    assert.match(whole.err, /MSFT has no rows on 1 of 2 sessions, first 2022-01-03/);
    const longer = await run("2022-01-31");
    assert.match(
      longer.err,
      /MSFT has no rows on 19 of 20 sessions, first 2022-01-03, last 2022-01-31/,
    );
    assert.equal(typeof whole.sharpe, "number");
    assert.equal(longer.sharpe, whole.sharpe);
    const restricted = [
      ...["backtest", "2022-01-03", "--bars", "bars.csv", "two.csv", "--symbols", "AAPL"],
    ];
    const alone = await liu.run(restricted);
    assert.equal(alone.code, 0, alone.err);
    assert.doesNotMatch(alone.err, /no rows on/);
  }));

Deno.test("executions and denials of more than one day are listed with their dates", () =>
  inFolder(async (liu) => {
    const days = ["2022-01-03", "2022-01-04"].map((day) =>
      bars().replaceAll("2022-01-03", day).split("\n").slice(1).join("\n")
    );
    await writeFiles(liu.folder, {
      "bars.csv": `symbol,timestamp,open,high,low,close,volume\n${days.join("")}`,
      "mine.ts": `import { buy, sell, Strategy, type Tick } from "liu";
export default class Mine extends Strategy {
  run({ position, time }: Tick<this>) {
    if (time.minutesSinceOpen === 1) return buy({ qty: 1 });
    if (position && time.minutesSinceOpen === 3) return sell({ qty: 1 });
    if (time.minutesSinceOpen === 6) return sell({ qty: 1 }); // denied: nothing is held
  }
}
`,
    });
    const listed = async (...range: string[]) => {
      const { code, err } = await liu.run(["backtest", ...range, "--bars", "bars.csv"]);
      assert.equal(code, 0, err);
      return (await liu.run(["analyze", "last", "--trades", "--denials"])).out;
    };
    const two = await listed("2022-01-03", "--to", "2022-01-04");
    assert.match(two, /^2022-01-03 09:3\d:\d\d +AAPL +buy/m);
    assert.match(two, /^2022-01-04 09:3\d:\d\d +AAPL +buy/m);
    assert.match(two, /^mine +AAPL +risk +\S+ +2 +2022-01-03 09:36:00 /m);
    const one = await listed("2022-01-04");
    assert.match(one, /^09:3\d:\d\d +AAPL +buy/m);
    assert.match(one, /^mine +AAPL +risk +\S+ +1 +09:36:00 /m);
  }));
