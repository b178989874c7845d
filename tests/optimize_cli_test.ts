/** `liu optimize` as its user sees it. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { barsCsv, COUNTER, planText, SPACE, STRATEGY } from "./optimizer_fixture.ts";
import { inFolder, Liu, writeFiles } from "./program.ts";

const BARS = ["--bars", "bars.csv"];
const RANDOM = ["optimize", ...BARS, "--trials", "16", "--seed", "3", "--json"];

interface Shown {
  session_id: string;
  resumed_trials: number;
  trials: number;
  failed: number;
  best: ShownTrial;
  top: ShownTrial[];
  windows: {
    train: { from: string; to: string };
    test: { from: string; to: string };
    best: ShownTrial;
    out_of_sample: { batch_id: string; initial_cash: number; final_equity: number };
  }[];
  out_of_sample: Record<string, number>;
  evidence: Record<string, unknown>;
}
interface ShownTrial {
  trial: number;
  value: number;
  parameters: Record<string, number>;
  batch_id: string;
  final_equity: number;
  sharpe: number;
}

async function withLiu(
  run: (liu: Liu) => Promise<void>,
  files: Record<string, string> = {},
): Promise<void> {
  await inFolder(async (folder) => {
    await writeFiles(folder, {
      "tradeplan.toml": planText(),
      "mine.ts": STRATEGY,
      "counter.ts": COUNTER,
      "bars.csv": barsCsv("2022-01-03", "2022-01-14"),
      ...files,
    });
    await run(new Liu(folder));
  });
}

async function shown(liu: Liu, args: string[]): Promise<Shown> {
  const { code, out, err } = await liu.run(args);
  assert.equal(code, 0, err);
  return JSON.parse(out);
}

/** Without what is new each time. */
function plain(result: Shown): unknown {
  return JSON.parse(JSON.stringify(result, (key, value) => {
    return ["session_id", "batch_id", "resumed_trials"].includes(key) ? undefined : value;
  }));
}

Deno.test("the best trial is what liu backtest gives with its parameters, to the last digit", () =>
  withLiu(async (liu) => {
    const found = await shown(liu, [...RANDOM, "--workers", "2", "--equity", "equity.csv"]);
    assert.equal(found.trials, 16);
    const one = await shown(liu, [...RANDOM, "--workers", "1"]);
    assert.deepEqual(plain(one), plain(found), "one worker, two workers");
    assert.notEqual(one.session_id, found.session_id, "a session that has ended does not go on");

    const { best } = found;
    const { "mine.fast": fast, "mine.slow_ones": slow } = best.parameters;
    await writeFiles(liu.folder, {
      "tradeplan.toml": planText(`fast = ${fast}\nslow_ones = ${slow}`),
    });
    const args = ["backtest", "2022-01-03", "--to", "2022-01-14", ...BARS, "--json"];
    const alone = await shown(liu, [...args, "--equity", "alone.csv"]) as unknown as {
      batch_id: string;
      final_equity: number;
      sharpe: number;
      trades: { price: number }[];
    };
    assert.equal(best.final_equity, alone.final_equity);
    assert.equal(best.sharpe, alone.sharpe);
    const text = (name: string) => Deno.readTextFile(join(liu.folder, name));
    assert.equal(await text("equity.csv"), await text("alone.csv"));
    const stored = async (batch: string) =>
      (await liu.analysis(batch)).trades.map(({ algoRunId: _, ...trade }) => {
        const { clientOrderId: __, ...same } = trade as typeof trade & { clientOrderId: string };
        return same;
      });
    assert.deepEqual(await stored(best.batch_id), await stored(alone.batch_id));

    // Trades are stored of the best few; of all, runs and figures.
    const last = found.top.at(-1)!;
    const { runs, trades } = await liu.analysis(last.batch_id);
    assert.deepEqual(runs.map(({ algoName, endReason }) => [algoName, endReason !== null]), [
      ["mine", true],
    ]);
    assert.deepEqual(trades, []);
    const batches = JSON.parse((await liu.run(["backtest", "list", "--json"])).out) as {
      batchId: string;
    }[];
    const listed = batches.map(({ batchId }) => batchId);
    assert.equal(listed.length, 7, "the backtest and three of each session");
    assert.ok(listed.includes(best.batch_id) && !listed.includes(last.batch_id));
    const table = await liu.run(["optimize", "list"]);
    assert.match(table.out, new RegExp(found.session_id.slice(0, 8)));
    const sessions = JSON.parse((await liu.run(["optimize", "list", "--json"])).out);
    assert.deepEqual(sessions[1].result, JSON.parse(JSON.stringify(found)));
  }));

Deno.test("a session that was killed goes on, and ends as one that was not", () =>
  withLiu(async (liu) => {
    const args = ["optimize", ...BARS, "--trials", "24", "--method", "evolution", "--json"];
    const whole = await shown(liu, [...args, "--workers", "2"]);
    await killedAt(liu, [...args, "--workers", "1", "--resume", whole.session_id], null);

    const other = new Liu(liu.folder, undefined, { LIU_DATA: join(liu.folder, "other") });
    const session = await killedAt(other, [...args, "--workers", "1"], "SIGKILL");
    const rest = await shown(other, [...args, "--workers", "2"]);
    assert.equal(rest.session_id, session, "the same session goes on by itself");
    assert.ok(rest.resumed_trials > 0 && rest.resumed_trials < 24, `${rest.resumed_trials}`);
    assert.deepEqual(plain(rest), plain(whole));
    const again = await shown(other, [...args, "--resume", "last"]);
    assert.equal(again.resumed_trials, 24, "all are there: none is run again");
    assert.deepEqual(plain(again), plain(whole));

    const changed = await other.run([...args, "--resume", session, "--seed", "2"]);
    assert.equal(changed.code, 2);
    assert.match(changed.err, /Changed since: the space, method, trials, seed/);
  }));

Deno.test("Ctrl-C ends in order and says how to go on", () =>
  withLiu(async (liu) => {
    const session = await killedAt(liu, [...RANDOM, "--workers", "1"], "SIGINT");
    const list = (await liu.run(["optimize", "list"])).out;
    assert.ok(list.includes(session), "in a pipe ids are whole");
    const rest = await shown(liu, [...RANDOM, "--resume", session.slice(0, 8)]);
    assert.equal(rest.session_id, session);
    assert.ok(rest.resumed_trials >= 8);
    assert.equal(rest.trials, 16);
  }));

/** Stops the program after its eighth trial; gives the session. null: it is left to end. */
async function killedAt(
  liu: Liu,
  args: string[],
  signal: "SIGKILL" | "SIGINT" | null,
): Promise<string> {
  const child = liu.start(args, { LIU_LOG: "debug" });
  const out = new Response(child.stdout).text();
  let err = "";
  let isSent = false;
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    err += text;
    if (isSent || signal === null || !/trial 8\//.test(err)) continue;
    child.kill(signal);
    isSent = true;
  }
  const { code } = await child.status;
  const session = /Session ([\w-]{36})/.exec(err)?.[1];
  assert.ok(session, err);
  if (signal === null) assert.equal(code, 0, err);
  else assert.equal(await out, "", "it was stopped in time");
  if (signal === "SIGINT") {
    assert.equal(code, 1);
    assert.match(err, new RegExp(`Interrupted after \\d+ trials.*--resume ${session}`));
  }
  await out;
  return session;
}

Deno.test("a walk-forward trades what follows each training, with what was left", () =>
  withLiu(async (liu) => {
    const args = ["optimize", ...BARS, "--method", "grid", "--json"];
    const walk = [...args, "--walk-forward", "train=7d,test=3d"];
    const { windows, out_of_sample: joined, trials } = await shown(liu, walk);
    assert.deepEqual(windows.map(({ train, test }) => [train.from, train.to, test.from, test.to]), [
      ["2022-01-03", "2022-01-09", "2022-01-10", "2022-01-12"],
      ["2022-01-06", "2022-01-12", "2022-01-13", "2022-01-14"],
    ]);
    assert.equal(trials, 2 * 7 * 6);
    let cash = 100_000;
    for (const { out_of_sample: out } of windows) {
      assert.equal(out.initial_cash, cash);
      cash = out.final_equity;
      assert.ok((await liu.analysis(out.batch_id)).trades.length > 0);
    }
    assert.equal(joined.final_equity, cash);
    assert.equal(joined.initial_cash, 100_000);

    // The first training is a search by itself; and the future, changed, changes nothing in it.
    const alone = await shown(liu, [...args, "--to", "2022-01-09"]);
    assert.deepEqual(
      { ...windows[0].best, batch_id: "" },
      { ...alone.best, batch_id: "" },
    );
    const isLater = (line: string) => line.slice(4, 14) > "2022-01-12";
    const lines = barsCsv("2022-01-03", "2022-01-14").trimEnd().split("\n");
    const head = lines.filter((line) => line.startsWith("symbol") || !isLater(line));
    const tail = barsCsv("2022-01-03", "2022-01-14", 50).trimEnd().split("\n").slice(1)
      .filter(isLater);
    await writeFiles(liu.folder, { "bars.csv": [...head, ...tail, ""].join("\n") });
    const changed = await shown(liu, walk);
    assert.deepEqual(windowText(changed, 0), windowText({ windows } as Shown, 0));
    assert.deepEqual(
      { ...changed.windows[1].best, batch_id: "" },
      { ...windows[1].best, batch_id: "" },
    );
    assert.notEqual(
      changed.windows[1].out_of_sample.final_equity,
      windows[1].out_of_sample.final_equity,
    );
  }));

Deno.test("where no trial counts it is said why, and the search has failed", () =>
  withLiu(async (liu) => {
    const { code, out } = await liu.run(RANDOM.filter((arg) => arg !== "--json"));
    assert.equal(code, 1);
    assert.match(out, /16 trials/);
    assert.match(out, /16 failed, the first: mine stopped: no more/);
    assert.match(out, /No trial has a value of sharpe/);
  }, { "mine.ts": STRATEGY.replace("const qty =", 'throw new Error("no more"); const qty =') }));

function windowText({ windows }: Shown, n: number): unknown {
  return plain({ windows: windows.slice(n, n + 1) } as Shown);
}

Deno.test("what is wrong with a search is said, with the line", () =>
  withLiu(async (liu) => {
    const plan = (entry: string) =>
      writeFiles(liu.folder, {
        "tradeplan.toml": planText("", SPACE.replace(/name = "fast"/, entry)),
      });
    const cases: [plan: string | null, args: string[], says: RegExp][] = [
      ['name = "fasst"', [], /\[optimizer\.hyper.*mine\] line 12: "fasst" is not .*mean "fast"\?/],
      [null, ["--objective", "sharp"], /sharpe, sortino, calmar, gain, or a file/],
      [null, ["--objective", "none.ts"], /cannot read none\.ts/],
      [null, ["--walk-forward", "train=1y,test=1mo"], /the first training alone would last/],
      [null, ["--method", "grid", "--trials", "5"], /a grid of 42 points with 5 trials/],
      [null, ["--trials", "20000000"], /must be a whole number from 1 to 100000/],
      [null, ["--seed", "2147483649"], /must be a whole number from 0 to 2147483648/],
      [null, ["--resume", "no-such"], /there is no such session/],
      [null, ["--from", "2022-01-05", "--to", "2022-01-04"], /the end must not be before/],
    ];
    for (const [entry, args, says] of cases) {
      await plan(entry ?? 'name = "fast"');
      const { code, err } = await liu.run(["optimize", ...BARS, ...args]);
      assert.equal(code, 2, err);
      assert.match(err, says);
    }
  }));
