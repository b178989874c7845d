/** `liu analyze` by its command line, on both databases: what it says, writes and refuses. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openAnalysis } from "liu/analysis";
import { at, execution } from "../src/analysis/fixture.ts";
import type { StoreRecord } from "../src/contracts/store.ts";
import { type TestDatabase, TestDatabases } from "../src/store/test_databases.ts";
import { inFolder, Liu } from "./program.ts";

const databases = new TestDatabases();
const ODD = `<img src=x onerror=alert(1)>'; drop table new_trades; --`;

/** A batch with one round trip, and what it was stored with; the store is closed again. */
async function storeBatch(
  database: TestDatabase,
  { symbol = "AAPL", isOver = true, trades = 1, buy = "100" } = {},
): Promise<string> {
  const store = await database.open();
  const batchId = crypto.randomUUID();
  const algoRunId = await store.startRun({
    algoName: "mine",
    environment: "PAPER",
    buildNumber: "0.1.0",
    batchId,
    parameters: { fast: 10 },
    startUs: at("09:30"),
    refAlgoRun: null,
  });
  const rows = [
    execution(at("10:00"), "buy", "10", buy, { symbol, algoRunId, decisionPrice: "99.5" }),
    execution(at("11:00"), "sell", "10", "103", { symbol, algoRunId }),
  ].slice(0, 2 * trades);
  const records: StoreRecord[] = rows.map((row) => ({ table: "new_trades", row }));
  records.push({
    table: "batch_figures",
    row: {
      batchId,
      timeUs: at("16:00"),
      figures: {
        startEquity: 10_000,
        endEquity: 10_030,
        curve: { timeUs: [at("09:30"), at("16:00")], equity: [10_000, 10_030] },
        fromUs: at("09:30"),
        countedToUs: at("16:00"),
        isRoundTheClock: false,
        maxDrawdown: 0,
        costs: null,
        market: { rows: 1000, dropped: 3, outOfSync: 1, rowsLost: 4, lagSecondsMax: 5.5 },
      },
    },
  });
  const end = { algoRunId, endUs: at("16:00"), endReason: "market close" };
  if (isOver) records.push({ table: "algo_run_end", row: end });
  store.write(records);
  await store.flush();
  await store.close();
  return batchId;
}

async function withLiu(database: TestDatabase, run: (liu: Liu) => Promise<void>): Promise<void> {
  await inFolder((folder) =>
    run(
      new Liu(folder, undefined, {
        LIU_DATA: database.dataDir,
        ...database.dsn === null ? {} : { DSN: database.dsn },
      }),
    )
  );
}

databases.each("a batch on the terminal, as JSON, CSV, HTML and Arrow", async (database) => {
  const batchId = await storeBatch(database);
  await withLiu(database, async (liu) => {
    const { code, out, err } = await liu.run(["analyze", batchId.slice(0, 13)]);
    assert.equal(code, 0, err);
    assert.match(out, /gain {2,}\+30\.00/);
    assert.match(out, /return {2,}\+0\.30%/);
    assert.match(out, /slippage {2,}5\.00 \(50\.3 bps\)/);
    assert.match(out, /greatest lag {2,}5\.50 s/);
    assert.match(out, /rows lost {2,}7 of 1000/);
    for (const line of out.split("\n")) assert.ok(line.length <= 80, line);
    const json = JSON.parse((await liu.run(["analyze", batchId, "--json"])).out);
    assert.equal(json.totals.gainValue, "30");
    assert.equal(json.report.trades.count, 1);
    assert.equal(json.trades[0].decisionPrice, "99.5");
    const csv = (await liu.run(["analyze", batchId, "--csv"])).out.split("\r\n");
    assert.equal(csv.length, 3);
    assert.equal(
      (await liu.run(["analyze", batchId, "--html", "r.html"])).out,
      "Written: r.html\n",
    );
    assert.match(await Deno.readTextFile(join(liu.folder, "r.html")), /<\/html>/);
    assert.equal((await liu.run(["analyze", batchId, "--arrow", "r.arrow"])).code, 0);
    const bytes = await Deno.readFile(join(liu.folder, "r.arrow"));
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 6)), "ARROW1");
  });
});

databases.each("batches are compared, and put together", async (database) => {
  const [first, second] = [await storeBatch(database), await storeBatch(database, { buy: "102" })];
  await withLiu(database, async (liu) => {
    const { code, out } = await liu.run(["analyze", first, "--compare", second]);
    assert.equal(code, 0);
    assert.match(out, /\ngain +\+30\.00 +\+10\.00/);
  });
  const analysis = await openAnalysis({ dsn: database.dsn, dataFolder: database.dataDir });
  try {
    const meant = { batches: [first, second] };
    const { runs, executions, trades } = await analysis.consolidate(meant);
    assert.deepEqual([runs.length, executions.length, trades.length], [2, 4, 2]);
    const gains = await analysis.analysis(meant);
    const column = gains.columns.find(({ name }) => name === "gain_value");
    assert.deepEqual(column?.values, [40]);
    assert.equal((await analysis.report(meant)).account.gain, 40);
    assert.ok((await analysis.batches()).length >= 2);
  } finally {
    await analysis.close();
  }
});

databases.each("what is odd is told, and a name is no code", async (database) => {
  const running = await storeBatch(database, { isOver: false });
  const empty = await storeBatch(database, { trades: 0 });
  const odd = await storeBatch(database, { symbol: ODD });
  await withLiu(database, async (liu) => {
    const cases: [args: string[], code: number, text: RegExp][] = [
      [["analyze", running], 0, /running still, or was cut short/],
      [["analyze", empty], 0, /There are no executions/],
      [["analyze", "nosuch"], 1, /There is no batch "nosuch"; the newest are /],
      [["analyze", ODD], 1, /There is no batch "<img/],
      [["analyze", "--portfolio", ODD], 1, /There is no portfolio "<img/],
      [["analyze", "--from", "2190-01-01"], 1, /No trader's batch began from 2190-01-01/],
      [["analyze", odd, "--symbol", ODD], 0, /\+30\.00/],
      [["analyze", odd, "--symbol", "none"], 0, /There are no executions/],
      [["analyze", odd, "--from", "tomorrow"], 2, /exchange date/],
      [["analyze", odd, "--from", "2022-01-04", "--to", "2022-01-03"], 2, /--from is later/],
      [["analyze", odd, "--cash", "-5"], 2, /an amount > 0/],
      [["analyze", odd, "--csv", "--json"], 2, /more than one of/],
      [["analyze", odd, "--html", "/proc/none/x.html"], 2, /Cannot write/],
      [["analyze", odd, "--bars", "none.csv"], 2, /Cannot read/],
    ];
    for (const [args, code, text] of cases) {
      const ended = await liu.run(args);
      assert.equal(ended.code, code, `${args.join(" ")}: ${ended.out}${ended.err}`);
      assert.match(ended.out + ended.err, text);
      assert.doesNotMatch(ended.err, /\n +at /, ended.err);
    }
    await liu.run(["analyze", odd, "--html", "odd.html"]);
    const page = await Deno.readTextFile(join(liu.folder, "odd.html"));
    assert.ok(page.includes("&lt;img src=x") && !page.includes("<img"));
  });
});

Deno.test("without a database it says what to do", () =>
  inFolder(async (folder) => {
    const { code, err } = await new Liu(folder).run(["analyze"]);
    assert.equal(code, 1);
    assert.match(err, /There is no database in .* yet: run liu trader, or liu demo, first/);
  }));
