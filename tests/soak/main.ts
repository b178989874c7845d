/**
 * A trader that is left alone: hours of market events and orders in half an hour, with connections
 * that are cut and consumers that are replaced. Its memory, the heaps of its isolates and its handles must not grow.
 *
 *   deno task soak [--minutes 32] [--rate 300000] [--cut 60] [--warm-up 10] [--symbols 500]
 *                  [--replace 4]
 *
 * Connections are cut each --cut seconds, consumers are replaced each 1 to 1½ times --replace
 * minutes (0: never), because their heaps are over the budget.
 *
 * The trader is the program itself, watched from outside: /proc for memory and handles, V8's own
 * account of each isolate's heap after its collections.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table } from "../../src/util/table.ts";
import { exchangeEnv, inFolder, Liu, ROOT } from "../program.ts";
import { growthIn10Minutes, leastByMinute, type Sample } from "./trend.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "32" },
    rate: { type: "string", default: "300000" },
    cut: { type: "string", default: "60" },
    "warm-up": { type: "string", default: "10" },
    replace: { type: "string", default: "4" },
    symbols: { type: "string", default: "500" },
    speed: { type: "string", default: "10" },
    pause: { type: "string", default: "600" },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values["warm-up"]);
const GROWTH_MAX_KB = 1024;
const SAMPLE_MS = 1000;
const HEAP_WARM_UP_MINUTES = 2;
/** A trend over less says nothing. */
const JUDGED_MINUTES = 5;
/** Before a consumer is replaced its heap is filled, on purpose. */
const FILLED_MINUTES = 0.5;
/** A consumer's heap, 10⁶ bytes; what the strategy fills is twice as much. */
const MEMORY_MB = 96;
const RUN = [Deno.execPath(), "run", "--quiet", "--no-prompt", "-A"];
const MAIN = join(ROOT, "main.ts");
const SENDER = fileURLToPath(new URL("./sender.ts", import.meta.url));
const CHURN = fileURLToPath(new URL("./strategies/churn.ts", import.meta.url));
const KEYS = { keyId: "soak", secretKey: "soak" };

const planOf = (symbols: string[]) => `
events = ["minute", "trade", "quote"]
[scanners.symbols]
symbols = ${JSON.stringify(symbols)}
[session]
memory_mb = ${MEMORY_MB}
[strategies.churn]
filename = ${JSON.stringify(CHURN)}
pause_ms = ${values.pause}
fill_seconds = ${Math.round(Number(values.replace) * 60 * Number(values.speed))}
`;

async function symbolsOf(baseUrl: string): Promise<string[]> {
  const headers = { "APCA-API-KEY-ID": KEYS.keyId, "APCA-API-SECRET-KEY": KEYS.secretKey };
  const reply = await fetch(`${baseUrl}/v2/assets?asset_class=us_equity`, { headers });
  return (await reply.json()).map(({ symbol }: { symbol: string }) => symbol);
}

/** Lines as they come. */
async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}

const startMs = performance.now();
const minutesNow = () => (performance.now() - startMs) / 60_000;
/** Of the trader, kB; and how many of each. */
const samples = { rss: [] as Sample[], handles: [] as Sample[], threads: [] as Sample[] };
/** By isolate, kB after a full collection. */
const heaps = new Map<string, Sample[]>();

async function sample(pid: number): Promise<void> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const figure = (name: string) => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]);
  const at = minutesNow();
  samples.rss.push({ minutes: at, value: figure("VmRSS") });
  samples.threads.push({ minutes: at, value: figure("Threads") });
  const handles = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
  samples.handles.push({ minutes: at, value: handles });
}

/** `[12:0x55d0] 1234 ms: Mark-Compact 12.3 (15.0) -> 10.1 (14.0) MB, …` */
const COLLECTION = /^\[\d+:(0x[0-9a-f]+)[^\]]*\]\s.*Mark-Compact.*? -> ([\d.]+) \(/;

function onTraderLine(line: string): void {
  // V8's lines are not always ended before the program's begin.
  const at = line.indexOf('{"batchId"');
  if (at >= 0) result = line.slice(at, line.lastIndexOf("}") + 1);
  const match = COLLECTION.exec(line);
  if (match === null) return;
  const [, isolate, mb] = match;
  if (isOver) return;
  const known = heaps.get(isolate) ?? [];
  known.push({ minutes: minutesNow(), value: Number(mb) * 1024 });
  heaps.set(isolate, known);
}

function onError(line: string, errors: string[]): void {
  if (errors.length < ERRORS_MAX) errors.push(line);
  if (!line.includes("is replaced")) return;
  const from = minutesNow() - FILLED_MINUTES;
  for (const [isolate, all] of heaps) {
    const kept = all.filter((sample) => sample.minutes < from);
    // With none before, it is the one that has just come, or is gone.
    if (kept.length === 0) heaps.delete(isolate);
    else heaps.set(isolate, kept);
  }
}

const ERRORS_MAX = 10_000;
let result = "";
let cuts = 0;
/** It has been asked to stop: what comes now is its report. */
let isOver = false;

await inFolder(async (folder) => {
  const liu = new Liu(folder, [...RUN, MAIN] as unknown as [string, ...string[]]);
  const simulator = await liu.simulate([
    ...["--generate", values.symbols, "--seed", "1", "--speed", values.speed],
    ...["--start", "2022-01-03T14:45:00Z", "--cash", "10000000"],
  ]);
  const plan = planOf(await symbolsOf(simulator.baseUrl));
  await Deno.writeTextFile(join(folder, "tradeplan.toml"), plan);
  const sender = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "-A",
      SENDER,
      simulator.baseUrl,
      values.rate,
      values.cut,
      values.speed,
    ],
    stdout: "piped",
  }).spawn();
  const said = linesOf(sender.stdout);
  const streamUrl = (await said.next()).value as string;
  void (async () => {
    for await (const line of said) if (line.includes("cut")) cuts++;
  })();
  const [command, ...before] = RUN;
  const trader = new Deno.Command(command, {
    args: [...before, "--v8-flags=--trace-gc", MAIN, "trader", "--json"],
    cwd: folder,
    env: {
      LIU_DATA: join(folder, "data"),
      ...exchangeEnv(simulator.baseUrl, KEYS),
      ALPACA_STREAM_URL: streamUrl,
      ...(Deno.env.get("DSN") ? { DSN: Deno.env.get("DSN")! } : {}),
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const errors: string[] = [];
  const reading = (async () => {
    for await (const line of linesOf(trader.stdout)) onTraderLine(line);
  })();
  const readingErrors = (async () => {
    for await (const line of linesOf(trader.stderr)) onError(line, errors);
  })();
  const sampling = setInterval(() => void sample(trader.pid), SAMPLE_MS);
  const ended = trader.status;
  const timer = setTimeout(() => {
    clearInterval(sampling);
    isOver = true;
    trader.kill("SIGTERM");
  }, minutes * 60_000);
  const { code } = await ended;
  clearTimeout(timer);
  clearInterval(sampling);
  await reading;
  await readingErrors;
  sender.kill();
  await sender.status;
  await simulator.stop();
  report(code, errors);
});

/** A figure's name, its samples and the most that it may grow by in ten minutes. */
type Figure = [name: string, samples: Sample[], growthMax: number, unit: string];

function report(code: number, errors: string[]): void {
  const ended = result === "" ? {} : JSON.parse(result);
  const events = ended.marketRows ?? 0;
  const orders = ended.totals?.executions ?? 0;
  const spanMinutes = minutesNow();
  const replacements = errors.filter((line) => line.includes("is back; its strategies")).length;
  const failures: string[] = [];
  const counts = [
    count("minutes", spanMinutes, 30),
    count("market events", events, 500e6),
    count("orders filled", orders, 100_000),
    count("reconnects", cuts, 1),
    count("consumers replaced", replacements, 1),
  ];
  function count(name: string, value: number, least: number): string[] {
    // A shorter run is held to its share.
    const wanted = least > 1 ? least * Math.min(1, minutes / 30) : least;
    const isMet = value >= wanted;
    if (!isMet) failures.push(`${name}: ${value}, at least ${wanted} are wanted`);
    return [name, value.toFixed(0), `≥ ${wanted.toFixed(0)}`, isMet ? "ok" : "FAILED"];
  }
  const later = (all: Sample[], from: number) => all.filter(({ minutes }) => minutes >= from);
  const figures: Figure[] = [
    ["resident memory", leastByMinute(later(samples.rss, warmUp)), GROWTH_MAX_KB, "kB"],
    ["handles", leastByMinute(later(samples.handles, warmUp)), 0.5, ""],
    ["threads", leastByMinute(later(samples.threads, warmUp)), 0.5, ""],
    ...[...heaps].map(([isolate, all]): Figure => {
      // An isolate that came later warms up, too.
      const from = Math.max(warmUp, all[0].minutes + HEAP_WARM_UP_MINUTES);
      return [`heap ${isolate}`, leastByMinute(later(all, from)), GROWTH_MAX_KB, "kB"];
    }),
  ];
  let heapsJudged = 0;
  const rows = figures.map(([name, used, growthMax, unit]) => {
    const { growth, error } = growthIn10Minutes(used);
    const spans = (used.at(-1)?.minutes ?? 0) - (used.at(0)?.minutes ?? 0);
    const isHeap = name.startsWith("heap");
    const verdict = spans < JUDGED_MINUTES || Number.isNaN(growth)
      ? "too short"
      : growth > growthMax
      ? "FAILED"
      : error > growthMax
      ? "too noisy"
      : "ok";
    const [first, last] = [used.at(0)?.value ?? NaN, used.at(-1)?.value ?? NaN];
    const grown = `${growth.toFixed(1)} ± ${error.toFixed(1)}`;
    if (isHeap && verdict !== "too short") heapsJudged++;
    // What is not known is not met. A heap may be short-lived, as its consumer was replaced.
    const isMet = verdict === "ok" || isHeap && verdict === "too short";
    if (!isMet) failures.push(`${name}: ${verdict}: ${grown} ${unit} in 10 minutes`);
    return [
      ...[name, String(used.length), first.toFixed(0), last.toFixed(0), unit],
      ...[grown, `≤ ${growthMax}`, verdict],
    ];
  });
  if (heapsJudged === 0) failures.push("no isolate's heap was seen for long enough");
  const looks = { width: 120, hasColors: false };
  console.log(table(["what went through", "is", "limit", ""], counts, looks));
  console.log(`Least of each minute after ${warmUp} minutes; growth by least squares ± its error:`);
  const head = ["figure", "minutes", "first", "last", "unit", "growth in 10 min", "limit", ""];
  console.log(table(head, rows, looks));
  console.log(JSON.stringify({ code, marketRows: events, totals: ended.totals }));
  tellErrors(errors);
  if (code !== 0) failures.push(`the trader ended with exit code ${code}`);
  if (events === 0) failures.push("the trader said nothing of what it did");
  for (const failure of failures) console.error(`FAILED: ${failure}`);
  Deno.exit(failures.length === 0 ? 0 : 1);
}

/** What the trader logged, by kind. */
function tellErrors(errors: string[]): void {
  const shown = new Map<string, number>();
  for (const error of errors) {
    const kind = error.replace(/\d+/g, "#").slice(0, 160);
    shown.set(kind, (shown.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of shown) console.log(`${count} × ${kind}`);
}
