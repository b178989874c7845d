/**
 * Bars a second of a backtest: SMA(10) over SMA(30), event by event, with orders, fills and books,
 * and without orders; beside the bare loop over the same arrays with the same indicators. What both
 * came to is compared before a figure is printed. Exit code 1: a result is wrong, or a figure is
 * not met.
 *
 *   deno run -A tests/bench/backtest.ts [SESSIONS [ROUNDS]]
 */
import { spawn } from "../../src/engine/worker_link.ts";
import { table } from "../../src/util/table.ts";
import type { Case, FromBacktestWorker, Measured } from "./backtest_messages.ts";

const SESSIONS = Number(Deno.args[0] ?? 252);
const ROUNDS = Number(Deno.args[1] ?? 9);
const RATIO_MIN = 0.5;
/** Of a bar without an order: what is left is a session's own, spread over its bars. */
const BYTES_MAX = 1;

/** One symbol's run is short: it needs more of them to be compiled. */
const ONE = { symbols: 1, warmUpRounds: 40, rounds: 4 * ROUNDS };
const TWENTY = { symbols: 20, warmUpRounds: 3, rounds: ROUNDS };
const CASES = [
  { ...TWENTY, hasOrders: true, barsMin: 8e6, ratioMin: RATIO_MIN },
  { ...TWENTY, hasOrders: false, barsMin: 0, ratioMin: 0 },
  { ...ONE, hasOrders: true, barsMin: 4e6, ratioMin: 0 },
  { ...ONE, hasOrders: false, barsMin: 0, ratioMin: 0 },
];

/** Each case has an isolate of its own. */
async function measure(one: Case): Promise<Measured> {
  const answer = Promise.withResolvers<Measured>();
  const worker = spawn(new URL("./backtest_worker.ts", import.meta.url), {
    read: true,
    env: true,
    sys: true,
  });
  worker.onmessage = ({ data }: MessageEvent<FromBacktestWorker>) => {
    if (data.type === "measured") answer.resolve(data.measured);
    else answer.reject(new Error(data.message));
  };
  worker.onerror = (event) => {
    event.preventDefault();
    answer.reject(new Error(event.message));
  };
  worker.postMessage(one);
  try {
    return await answer.promise;
  } finally {
    worker.terminate();
  }
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}

interface Figures {
  bars: number;
  count: number;
  ratio: number;
  ratios: number[];
  /** Seconds a run. */
  backtest: number;
  bare: number;
  firstRun: number;
}

function figuresOf({ bars, count, rounds, firstRun }: Measured): Figures {
  const ratios = rounds.map(({ bare, backtest }) => bare / backtest).sort((a, b) => a - b);
  return {
    bars,
    count,
    ratio: median(ratios),
    ratios,
    backtest: median(rounds.map(({ backtest }) => backtest)),
    bare: median(rounds.map(({ bare }) => bare)),
    firstRun,
  };
}

const millions = (perSecond: number) => (perSecond / 1e6).toFixed(2);

async function bench(): Promise<boolean> {
  const rows: string[][] = [];
  const notes: string[] = [];
  let isMet = true;
  let withOrders: Figures | null = null;
  for (const one of CASES) {
    const measured = await measure({ ...one, sessions: SESSIONS });
    const figures = figuresOf(measured);
    const { bars, count, ratio, ratios, backtest, bare, firstRun } = figures;
    const isEnough = ratio >= one.ratioMin && bars / backtest >= one.barsMin;
    isMet &&= isEnough;
    const symbols = `${one.symbols} ${one.symbols === 1 ? "symbol" : "symbols"}`;
    rows.push([
      `${symbols}, ${one.hasOrders ? `${count} fills` : "no orders"}`,
      ratio.toFixed(2),
      `${ratios[0].toFixed(2)}–${ratios.at(-1)!.toFixed(2)}`,
      millions(bars / backtest),
      (backtest / bars * 1e9).toFixed(0),
      millions(bars / bare),
      millions(bars / firstRun),
      one.barsMin === 0 ? "" : isEnough ? "ok" : "NOT met",
    ]);
    if (one.hasOrders) {
      withOrders = figures;
      continue;
    }
    const perFill = (withOrders!.backtest - backtest) / withOrders!.count;
    const { whole, half } = measured.allocatedBytes;
    // What a session allocates is in both.
    const bytes = Math.max(0, (whole - half) / (bars / 2));
    isMet &&= bytes <= BYTES_MAX || one.symbols === 1;
    notes.push(
      `${symbols}: a fill takes ${(perFill * 1e6).toFixed(2)} µs more than a bar without; ` +
        `without orders ${bytes.toFixed(2)} bytes are allocated a bar`,
    );
  }
  const head = [
    "SMA(10) over SMA(30)",
    "of bare",
    "lowest–highest",
    "M bars/s",
    "ns a bar",
    "bare loop",
    "first run",
    "",
  ];
  console.log(table(head, rows, { width: 110, hasColors: false }));
  for (const note of notes) console.log(note);
  console.log(
    `Medians of ${ROUNDS} rounds (one symbol: ${4 * ROUNDS}) after a warm-up, a backtest and the ` +
      `bare loop in turn,\nby the time of one core, compiler and collector included; ` +
      `${SESSIONS} sessions of 390 minutes;\n"first run" is a fresh isolate's.\n` +
      `Checked: fills and final equity are the bare loop's, to the cent.\n` +
      `20 symbols with fills at least 8 M bars/s and ${RATIO_MIN} of bare, one symbol 4 M, ` +
      `at most ${BYTES_MAX} byte allocated a bar on 20 symbols: ${isMet ? "ok" : "NOT met"}`,
  );
  return isMet;
}

try {
  if (!await bench()) Deno.exitCode = 1;
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  Deno.exit(1);
}
