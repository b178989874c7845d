/**
 * Seconds of a whole `liu backtest`, as a user types it: 98,280 minute bars of one symbol from CSV
 * to the printed result, stored in the embedded database, which the first start makes: below 1 s in
 * the best of the runs. Beside it an empty program, and one that only reads the file and works out
 * the same rules. What is printed and what is stored is compared with the bare loop's before a
 * figure is printed.
 *
 *   deno run -A tests/bench/process.ts [RUNS [PROGRAM…]]     PROGRAM: a compiled liu, say ./liu
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { BarColumns } from "../../src/model/bars.ts";
import { mergeMarketData } from "../../src/recorded/market_data.ts";
import { loadFile } from "../../src/recorded/load_file.ts";
import { inFolder, Liu, type Program, writeFiles } from "../program.ts";
import { bareLoop, generated, type Outcome, sessionsOf } from "./sma_cross.ts";

const SESSIONS = 252;
const SECONDS_MAX = 1;
const SELF = fileURLToPath(import.meta.url);
/** As `deno task liu` starts it: the module graph has been cached before. */
const FROM_SOURCE: Program = await taskProgram();
/** Where Deno finds what it has cached. */
const ENVIRONMENT = Object.fromEntries(
  ["HOME", "DENO_DIR"].map((name) => [name, Deno.env.get(name) ?? ""])
    .filter(([, value]) => value !== ""),
);
const PLAN = `
[scanners.symbols]
symbols = ["S000"]

[strategies.cross]
filename = "cross.ts"
`;
/** The rules of sma_cross.ts. */
const STRATEGY = `
import { buy, sell, Strategy, type SymbolSetup, type Tick } from "liu";

export default class Cross extends Strategy {
  static override type = "swing" as const;

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), slow: symbol.sma(30) };
  }

  run({ position, state: { fast, slow }, time }: Tick<this>) {
    if (time.minutesUntilClose <= 0) return;
    if (!position && fast.value > slow.value) return buy({ qty: 10 });
    if (position && fast.value < slow.value) return sell({ qty: 10 });
  }
}
`;

async function main(runs: number, program: Program): Promise<void> {
  const sessions = sessionsOf(SESSIONS);
  const data = generated(1, sessions);
  const [{ symbol, minuteBars }] = data.values();
  const expected = bareLoop(data);
  await inFolder(async (folder) => {
    const file = join(folder, "bars.csv");
    await writeFiles(folder, {
      "tradeplan.toml": PLAN,
      "cross.ts": STRATEGY,
      "bars.csv": csv(symbol, minuteBars),
      "empty.ts": "",
    });
    const dates = [sessions[0].date, "--to", sessions.at(-1)!.date];
    const args = ["backtest", ...dates, "--bars", file, "--cash", "1000000", "--json"];
    const liu = new Liu(folder, program, ENVIRONMENT);
    const backtest = async () => {
      const startMs = performance.now();
      const { code, out, err } = await liu.run(args);
      const seconds = (performance.now() - startMs) / 1000;
      assert.equal(code, 0, err);
      const result = JSON.parse(out);
      assert.equal(result.trades.length, expected.count);
      assert.ok(Math.abs(result.final_equity - expected.equity) < 0.01, "the same money");
      return { seconds, batchId: result.batch_id };
    };
    const deno = (args: string[]) =>
      new Liu(folder, [Deno.execPath(), "run", "-A", ...args], ENVIRONMENT);
    const first = await backtest();
    let least = Infinity;
    for (let run = 0; run < runs; run++) {
      const { seconds, batchId } = await backtest();
      least = Math.min(least, seconds);
      if (run === 0) await checkStored(liu, batchId, expected);
      const empty = await timed(deno([join(folder, "empty.ts")]), []);
      const bare = await timed(deno([SELF, "bare", file]), []);
      console.log(
        `${minuteBars.timeUs.length} bars, ${expected.count} fills: ${seconds.toFixed(2)} s, ` +
          `bare program ${bare.toFixed(2)} s, ratio ${(bare / seconds).toFixed(3)}, ` +
          `empty program ${empty.toFixed(2)} s`,
      );
    }
    console.log(`the first start, which makes the database: ${first.seconds.toFixed(2)} s`);
    if (least < SECONDS_MAX) return;
    console.error(`Not met: below ${SECONDS_MAX} s`);
    Deno.exitCode = 1;
  });
}

async function timed(program: Liu, args: string[]): Promise<number> {
  const startMs = performance.now();
  const { code, err } = await program.run(args);
  assert.equal(code, 0, err);
  return (performance.now() - startMs) / 1000;
}

async function checkStored(liu: Liu, batchId: string, { count, equity }: Outcome): Promise<void> {
  const { totals, trades } = await liu.analysis(batchId);
  assert.equal(totals.executions, count);
  const cash = Number(totals.cashChange);
  const held = trades.reduce(
    (sum, { operation, qty }) => sum + (operation === "buy" ? 1 : -1) * Number(qty),
    0,
  );
  // What is not in cash is held at the last price, which is worth a few hundred of a million.
  assert.ok(held > 0 ? cash < equity - 1e6 : Math.abs(cash - (equity - 1e6)) < 0.01);
}

async function taskProgram(): Promise<Program> {
  const root = join(SELF, "../../..");
  const { tasks } = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const [, , ...args] = tasks.liu.command.split(" ");
  assert.equal(args.pop(), "main.ts");
  return [Deno.execPath(), "run", "--quiet", ...args, join(root, "main.ts")];
}

function csv(symbol: string, { timeUs, open, high, low, close, volume }: BarColumns): string {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (let i = 0; i < timeUs.length; i++) {
    const time = new Date(timeUs[i] / 1000).toISOString().replace(".000", "");
    const prices = [open[i], high[i], low[i], close[i]].map((price) => price.toFixed(2));
    lines.push([symbol, time, ...prices, volume[i]].join(","));
  }
  return lines.join("\n") + "\n";
}

if (Deno.args[0] === "bare") {
  const { count, equity } = bareLoop(
    mergeMarketData(await loadFile({ kind: "bars", file: Deno.args[1] })),
  );
  console.log(count, equity.toFixed(2));
} else {
  const [runs = "5", ...program] = Deno.args;
  await main(Number(runs), program.length > 0 ? program as unknown as Program : FROM_SOURCE);
}
