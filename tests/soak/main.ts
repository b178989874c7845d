/**
 * A trader that is left alone: hours of market events and orders in half an hour, with connections
 * that are cut. Its memory, the heaps of its isolates and its handles must not grow.
 *
 *   deno task soak [--minutes 32] [--rate 300000] [--cut 60] [--warm-up 10] [--symbols 250]
 *
 * The trader is the program itself, watched from outside: /proc for memory and handles, V8's own
 * account of each isolate's heap after its collections.
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { table } from "../../src/util/table.ts";
import { exchangeEnv, inFolder, Liu, ROOT } from "../program.ts";
import { growthIn10Minutes, type Sample } from "./trend.ts";

const { values } = parseArgs({
  args: Deno.args,
  options: {
    minutes: { type: "string", default: "32" },
    rate: { type: "string", default: "300000" },
    cut: { type: "string", default: "60" },
    "warm-up": { type: "string", default: "10" },
    symbols: { type: "string", default: "250" },
    speed: { type: "string", default: "10" },
    pause: { type: "string", default: "600" },
  },
});
const minutes = Number(values.minutes);
const warmUp = Number(values["warm-up"]);
const GROWTH_MAX_KB = 1024;
const SAMPLE_MS = 5000;
const RUN = [Deno.execPath(), "run", "--quiet", "--no-prompt", "-A"];
const MAIN = join(ROOT, "main.ts");
const SENDER = fileURLToPath(new URL("./sender.ts", import.meta.url));
const CHURN = fileURLToPath(new URL("./strategies/churn.ts", import.meta.url));
const KEYS = { keyId: "soak", secretKey: "soak" };

const planOf = (symbols: string[]) => `
events = ["minute", "trade", "quote"]
[scanners.symbols]
symbols = ${JSON.stringify(symbols)}
[strategies.churn]
filename = ${JSON.stringify(CHURN)}
pause_ms = ${values.pause}
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
  const match = COLLECTION.exec(line);
  if (match === null) {
    // V8's lines are not always ended before the program's begin.
    const at = line.indexOf('{"batchId"');
    if (at >= 0) result = line.slice(at, line.lastIndexOf("}") + 1);
    return;
  }
  const [, isolate, mb] = match;
  if (isOver) return;
  const known = heaps.get(isolate) ?? [];
  known.push({ minutes: minutesNow(), value: Number(mb) * 1024 });
  heaps.set(isolate, known);
}

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
    for await (const line of linesOf(trader.stderr)) if (errors.length < 1000) errors.push(line);
  })();
  const sampling = setInterval(() => void sample(trader.pid).catch(() => {}), SAMPLE_MS);
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

function report(code: number, errors: string[]): void {
  const ended = result === "" ? {} : JSON.parse(result);
  const after = (all: Sample[]) => all.filter((sample) => sample.minutes >= warmUp);
  const line = (name: string, all: Sample[], unit: string) => {
    const used = after(all);
    const growth = growthIn10Minutes(used);
    const first = used.at(0)?.value ?? NaN;
    const last = used.at(-1)?.value ?? NaN;
    return [name, String(used.length), first.toFixed(0), last.toFixed(0), growth.toFixed(1), unit];
  };
  const rows = [
    line("resident memory", samples.rss, "kB"),
    line("handles", samples.handles, ""),
    line("threads", samples.threads, ""),
    ...[...heaps].map(([isolate, all]) => line(`heap ${isolate}`, all, "kB")),
  ];
  const head = ["figure", "samples", "after warm-up", "at the end", "growth in 10 min", "unit"];
  console.log(table(head, rows, { width: 120, hasColors: false }));
  const { marketRows, totals, runs } = ended;
  console.log(JSON.stringify({ code, minutes: minutesNow(), cuts, marketRows, totals, runs }));
  const shown = new Map<string, number>();
  for (const error of errors) {
    const kind = error.replace(/\d+/g, "#").slice(0, 160);
    shown.set(kind, (shown.get(kind) ?? 0) + 1);
  }
  for (const [kind, count] of shown) console.log(`${count} × ${kind}`);
  const tooMuch = rows.filter(([name, count, , , growth]) =>
    Number(count) >= 3 && Number(growth) > (/memory|heap/.test(name) ? GROWTH_MAX_KB : 0.5)
  );
  for (const [name, , , , growth] of tooMuch) console.error(`FAILED: ${name} grows by ${growth}`);
  Deno.exit(code === 0 && tooMuch.length === 0 ? 0 : 1);
}
