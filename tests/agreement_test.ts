/**
 * Liu's backtester beside two independent ones, run on the same files. tests/python has their
 * scripts, the cases and the figures that they gave; docs/agreement.md says where rules differ.
 */
import assert from "node:assert/strict";
import { join } from "node:path";
import { run, type TestRun } from "../src/backtest/fixture.ts";
import { exchangeDate } from "../src/model/calendar.ts";
import { buy, sell, Strategy, type SymbolSetup, type Tick } from "../src/mod.ts";
import { loadFile } from "../src/recorded/load_file.ts";
import { MINUTE_US, rowOf } from "../src/recorded/market_data.ts";
import cases from "./python/cases.json" with { type: "json" };
import recorded from "./python/figures.json" with { type: "json" };
import { inFolder, Liu, ROOT, writeFiles } from "./program.ts";

type Case = (typeof cases)[number];
/** Exchange date, or minute of UTC at which its bar begins; signed quantity; price. */
type Trade = [time: string, qty: number, price: number];
interface Figures {
  finalEquity: number;
  maxDrawdown: number;
  executions: number;
}

const PROGRAMS = ["backtesting.py", "backtrader"] as const;
const CENT = 0.01;
const DATA = Deno.env.get("LIU_TEST_DATA");

const SAME_RULES = cases.filter((one) => !("sizedAt" in one));
const SUFFIX = DATA === undefined ? " (needs LIU_TEST_DATA)" : "";

for (const one of SAME_RULES) {
  Deno.test({
    name: `agrees with other backtesters: ${one.name}${SUFFIX}`,
    ignore: DATA === undefined,
    fn: () => agree(one),
  });
}

async function agree(one: Case): Promise<void> {
  const { result } = await backtested(one);
  const { trades: listed, ...programs } = figuresOf(one);
  const trades = tradesOf(result, one.scale);
  if (listed !== null) assert.deepEqual(trades, listed);
  // Of crypto they are rounded to 1e-8, of stocks to cents, half up, one by one.
  const roundedFees = Number(result.fees) - exactFees(one, trades);
  const roundedMax = trades.length * (one.scale === "day" ? CENT / 2 : 5e-9);
  assert.ok(Math.abs(roundedFees) <= roundedMax, `rounding of fees: ${roundedFees}`);
  for (const name of PROGRAMS) {
    const figures = programs[name];
    assert.equal(trades.length, figures.executions, name);
    near(Number(result.finalEquity) + roundedFees, figures.finalEquity, CENT / 1000, name);
    near(result.maxDrawdown, figures.maxDrawdown, 1e-11 + roundedMax / one.cash, name);
  }
}

Deno.test({
  name: `what sizes at the fill change is known to the cent${SUFFIX}`,
  ignore: DATA === undefined,
  fn: async () => {
    const one = cases.find((one) => one.sizedAt === "fill")!;
    const { result } = await backtested(one);
    const expected = figuresOf(one);
    // The same days and prices; a size of 0.9 is worked out at the open's own price there, at the
    // price that is known when the order is made here.
    let cash = one.cash;
    const trades: Trade[] = [];
    for (const [time, signed, price] of tradesOf(result, one.scale)) {
      const qty = signed > 0 ? Math.floor(cash * one.share! / price) : -trades.at(-1)![1];
      cash -= qty * price;
      trades.push([time, qty, price]);
    }
    assert.deepEqual(trades, expected.trades);
    const [, qty] = trades.at(-1)!;
    const bars = await barsOfCase(one);
    const equity = cash + Math.max(0, qty) * bars.at(-1)![4];
    near(equity, expected["backtesting.py"].finalEquity, CENT / 1000, "backtesting.py");
    assert.notEqual(Number(result.finalEquity).toFixed(2), equity.toFixed(2));
  },
});

Deno.test({
  name: `the command gives the same figures${SUFFIX}`,
  ignore: DATA === undefined,
  fn: () =>
    inFolder(async (folder) => {
      const one = SAME_RULES.find(({ name }) => name === "SPY cross, next open, 0.1 %")!;
      await writeFiles(folder, { "tradeplan.toml": PLAN, "cross.ts": CROSS });
      const file = `SPY=${join(DATA!, one.file)}`;
      const fee = String(one.feePercent);
      const { code, out, err } = await new Liu(folder).run([
        ...["backtest", "2007-12-31", "--to", "2017-12-29", "--scale", "day", "--bars", file],
        ...["--buy-fee-percentage", fee, "--sell-fee-percentage", fee, "--json"],
      ]);
      assert.equal(code, 0, err);
      const { trades, fees, final_equity: finalEquity } = JSON.parse(out);
      const listed = figuresOf(one).trades!;
      assert.deepEqual(
        trades.map(({ side, qty, price }: { side: string; qty: number; price: number }) => [
          side === "buy" ? qty : -qty,
          price,
        ]),
        listed.map(([, qty, price]) => [qty, price]),
      );
      const rounded = fees - exactFees(one, listed);
      near(finalEquity + rounded, figuresOf(one).backtrader.finalEquity, CENT / 1000, "backtrader");
    }),
});

const SCRIPTS = join(ROOT, "tests", "python");
const hasScripts = DATA !== undefined &&
  (await python("-c", "import backtesting, backtrader")).success;

Deno.test({
  name: `the figures are those of the scripts${hasScripts ? "" : " (needs LIU_TEST_PYTHON)"}`,
  ignore: !hasScripts,
  fn: async () => {
    const { success, stdout, stderr } = await python(join(SCRIPTS, "figures.py"), DATA!);
    assert.ok(success, new TextDecoder().decode(stderr));
    const { cases: found } = JSON.parse(new TextDecoder().decode(stdout));
    assert.deepEqual(found, recorded.cases);
  },
});

/** Python as LIU_TEST_PYTHON names it. */
async function python(...args: string[]): Promise<{
  success: boolean;
  stdout: Uint8Array;
  stderr: Uint8Array;
}> {
  const command = Deno.env.get("LIU_TEST_PYTHON");
  if (command === undefined) {
    return { success: false, stdout: new Uint8Array(), stderr: new Uint8Array() };
  }
  return await new Deno.Command(command, { args: ["-B", ...args], stderr: "piped" }).output();
}

const PLAN = `
[scanners.symbols]
symbols = ["SPY"]

[strategies.cross]
filename = "cross.ts"
`;
const CROSS = `
import { buy, sell, Strategy, type SymbolSetup, type Tick } from "liu";

export default class Cross extends Strategy {
  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(10), slow: symbol.sma(30) };
  }

  run({ position, state: { fast, slow } }: Tick<this>) {
    if (position && fast.value < slow.value) return sell({ qty: position.qty });
    if (position || !(fast.previous <= slow.previous)) return;
    if (fast.value > slow.value) return buy({ qty: 300 });
  }
}
`;

function figuresOf({ name }: Case): Record<(typeof PROGRAMS)[number], Figures> & {
  trades: Trade[] | null;
} {
  const figures = (recorded.cases as Record<string, unknown>)[name];
  assert.ok(figures, `tests/python/figures.json knows nothing of ${name}: make it again`);
  return figures as ReturnType<typeof figuresOf>;
}

/** What the fees would be without rounding. */
function exactFees({ feePercent }: Case, trades: Trade[]): number {
  return trades.reduce((sum, [, qty, price]) => sum + Math.abs(qty) * price * feePercent / 100, 0);
}

/** The bars of the case alone: nothing comes before them that indicators could be warmed up with. */
async function barsOfCase({ symbol, scale, file, rows = Infinity }: Case): Promise<number[][]> {
  const [data] = await loadFile({ kind: "bars", file: join(DATA!, file), symbol });
  const bars = scale === "day" ? data.dailyBars : data.minuteBars;
  const length = Math.min(bars.timeUs.length, rows);
  return Array.from({ length }, (_, i) => rowOf(bars, i));
}

async function backtested(one: Case): Promise<TestRun> {
  const { symbol, scale, fill, feePercent, cash } = one;
  const rows = await barsOfCase(one);
  return await run(strategyOf(one), { [symbol]: rows }, {
    from: exchangeDate(rows[0][0]),
    to: exchangeDate(rows.at(-1)![0]),
    scale: scale as "day" | "minute",
    fillModel: fill as "close" | "next_open",
    fees: { buyBps: feePercent * 100, sellBps: feePercent * 100 },
    cash: String(cash),
  });
}

function strategyOf(one: Case) {
  const quantity = ({ size }: Tick) => one.qty ?? size.byShareOfPortfolio(one.share!);

  class Hold extends Strategy {
    #bars = 0;

    run(tick: Tick<this>) {
      // backtesting.py shows the second bar first.
      if (++this.#bars === 2) return buy({ qty: quantity(tick) });
    }
  }

  class Cross extends Strategy {
    override setup(symbol: SymbolSetup) {
      return { fast: symbol.sma(10), slow: symbol.sma(30) };
    }

    run(tick: Tick<this>) {
      const { fast, slow } = tick.state;
      const wasAbove = fast.previous > slow.previous;
      if (tick.position && fast.value < slow.value) return sell({ qty: tick.position.qty });
      if (tick.position || Number.isNaN(slow.previous) || wasAbove) return;
      if (fast.value > slow.value) return buy({ qty: quantity(tick) });
    }
  }

  return one.strategy === "hold" ? Hold : Cross;
}

function tradesOf(result: TestRun["result"], scale: string): Trade[] {
  return result.trades.map(({ timeUs, operation, qty, price }) => {
    // The exchange is told of a bar at its end, its open included; the others name its begin.
    const barUs = timeUs - MINUTE_US;
    const time = scale === "day"
      ? exchangeDate(barUs)
      : new Date(barUs / 1000).toISOString().slice(0, 16);
    return [time, (operation === "buy" ? 1 : -1) * Number(qty), Number(price)];
  });
}

function near(value: number, expected: number, tolerance: number, name: string): void {
  const text = `${value}, ${name} has ${expected}`;
  assert.ok(Math.abs(value - expected) <= tolerance, text);
}
