/**
 * Where a backtest's time goes: V8's own sampling of the benchmark's loop, by function, code that
 * was put inline counted as its own. Sampling itself takes time: read the shares, and take times
 * from `deno task bench backtest`.
 *
 *   deno run -A tests/bench/profile.ts [SYMBOLS [orders|watch [ROUNDS [LINES]]]]
 */
import { Session } from "node:inspector";
import { table } from "../../src/util/table.ts";
import { backtest, generated, sessionsOf } from "./sma_cross.ts";

const SESSIONS = 252;
const SAMPLING_US = 200;
const WARM_UP_ROUNDS = 3;

interface Profile {
  nodes: { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  samples: number[];
  timeDeltas: number[];
}

async function profiled(run: () => Promise<unknown>): Promise<Profile> {
  const session = new Session();
  session.connect();
  const post = (method: string, parameters: object = {}) =>
    new Promise<{ profile: Profile }>((resolve, reject) =>
      session.post(
        method as "Profiler.stop",
        parameters as never,
        (error: Error | null, result: unknown) =>
          error ? reject(error) : resolve(result as { profile: Profile }),
      )
    );
  await post("Profiler.enable");
  await post("Profiler.setSamplingInterval", { interval: SAMPLING_US });
  await post("Profiler.start");
  await run();
  const { profile } = await post("Profiler.stop");
  session.disconnect();
  return profile;
}

/** Microseconds by function and file. */
function selfTimes({ nodes, samples, timeDeltas }: Profile): Map<string, number> {
  const names = new Map(nodes.map(({ id, callFrame: { functionName, url, lineNumber } }) => {
    const file = url.replace(/^.*\/(?=src\/|tests\/)/, "").replace(/^.*\/npm\//, "npm ");
    const name = functionName || (file === "" ? "(native)" : `line ${lineNumber + 1}`);
    return [id, `${name}\t${file}`];
  }));
  const times = new Map<string, number>();
  samples.forEach((id, i) => {
    const name = names.get(id)!;
    if (name.startsWith("(idle)") || name.includes("inspector.js")) return;
    times.set(name, (times.get(name) ?? 0) + timeDeltas[i]);
  });
  return times;
}

const symbols = Number(Deno.args[0] ?? 20);
const hasOrders = Deno.args[1] !== "watch";
const rounds = Number(Deno.args[2] ?? 8);
const lines = Number(Deno.args[3] ?? 24);
const sessions = sessionsOf(SESSIONS);
const data = generated(symbols, sessions);
const run = async (count: number) => {
  for (let round = 0; round < count; round++) await backtest(data, sessions, hasOrders);
};
await run(WARM_UP_ROUNDS);
const times = selfTimes(await profiled(() => run(rounds)));
const totalUs = [...times.values()].reduce((sum, us) => sum + us, 0);
const rows = [...times].sort(([, a], [, b]) => b - a).slice(0, lines).map(([name, us]) => {
  const [called, file] = name.split("\t");
  return [`${(us / totalUs * 100).toFixed(1)} %`, called, file];
});
console.log(table(["share", "function", "file"], rows, { width: 100, hasColors: false }));
console.log(`${symbols} symbols, ${hasOrders ? "with orders" : "no orders"}, ${rounds} runs`);
