/** A plan, a strategy and generated minutes for tests of the optimizer. */
import { seededRandom } from "../src/engine/worker.ts";
import { sessionsBetween } from "../src/model/calendar.ts";
import { formatRfc3339 } from "../src/wire/rfc3339.ts";

const BARS_A_SESSION = 60;

/** One hour a session of two symbols, as CSV; prices walk in cents, from a seed. */
export function barsCsv(from: string, to: string, seed = 1): string {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (const symbol of ["AAA", "BBB"]) {
    const random = seededRandom(seed + symbol.charCodeAt(0));
    let cents = 10_000;
    for (const { openUs } of sessionsBetween(from, to)) {
      for (let minute = 0; minute < BARS_A_SESSION; minute++) {
        const open = cents;
        cents = Math.max(100, cents + Math.round((random() - 0.5) * 40));
        const [low, high] = [Math.min(open, cents), Math.max(open, cents)];
        const prices = [open, high, low, cents].map((value) => (value / 100).toFixed(2));
        lines.push(
          `${symbol},${formatRfc3339(openUs + minute * 60e6)},${prices.join(",")},1000`,
        );
      }
    }
  }
  return lines.join("\n") + "\n";
}

/** `more` stands in the strategy's table. */
export function planText(more = "", optimizer = SPACE): string {
  return `
[scanners.symbols]
symbols = ["AAA", "BBB"]

[strategies.mine]
filename = "mine.ts"
${more}
${optimizer}`;
}

export const SPACE = `
[optimizer]
start_date = "2022-01-03"
end_date = "2022-01-14"
[[optimizer.hyperparameters.strategies.mine]]
name = "fast"
param_type = "int"
min = 2
max = 8
[[optimizer.hyperparameters.strategies.mine]]
name = "slow_ones"
param_type = "int"
min = 10
max = 20
delta = 2
`;

/** A cross of averages. Chance and module state are used: neither may tell trials apart. */
export const STRATEGY = `
import { buy, param, type ParamValues, sell, Strategy, type SymbolSetup, type Tick } from "liu";
import { next } from "./counter.ts";

let made = 0;

export default class Mine extends Strategy {
  static override type = "swing" as const;
  static override params = {
    fast: param.int(3, { min: 2, max: 30 }),
    slowOnes: param.int(12, { min: 5, max: 60 }),
    pause: param.number(0, { min: 0 }),
  };
  declare readonly params: ParamValues<typeof Mine.params>;

  override create() {
    made++;
    return true;
  }

  override setup(symbol: SymbolSetup) {
    return { fast: symbol.sma(this.params.fast), slow: symbol.sma(this.params.slowOnes) };
  }

  run({ position, state: { fast, slow }, time }: Tick<this>) {
    if (time.minutesUntilClose <= 1) return;
    const qty = made + next() % 2 + Math.floor(Math.random() * 5);
    if (!position && fast.value > slow.value) return buy({ qty });
    if (position && fast.value < slow.value) return sell({ qty: position.qty });
  }
}
`;

export const COUNTER = `
let count = 0;
export function next(): number {
  return count++;
}
`;
