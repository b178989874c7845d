/** Faults of time: zones, days on which clocks change, early closes, holidays, skew. */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";
import { type Log, phases, type Played, SessionWorld } from "../session_world.ts";
import { Counterpart } from "../alpaca_counterpart.ts";
import { exchangeEnv, inFolder, Liu, writeFiles } from "../program.ts";
import { FaultWorld } from "./world.ts";

const SESSIONS = fileURLToPath(new URL("sessions_of_zones.ts", import.meta.url));

interface Session {
  phases: string[];
  trades: string[];
  seen: unknown[];
}

async function under(zone: string): Promise<Record<string, Session>> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", SESSIONS],
    env: { TZ: zone },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test("fault 31: the host's zone, and days on which clocks change, change no decision", async () => {
  const [utc, tokyo] = await Promise.all(["UTC", "Asia/Tokyo"].map(under));
  assert.deepEqual(tokyo, utc);
  const { monday, spring, autumn } = utc!;
  assert.equal(monday!.phases[1], "2022-03-14T13:30 us_equity: the session of 2022-03-14 is open");
  // Five minutes after the open, by the clock that went forward.
  assert.match(monday!.trades[0]!, /^AAA buy /);
  // 03:30 is an hour after 01:30.
  assert.deepEqual(spring!.phases.slice(-1), [
    "2022-03-13T07:30 crypto: the session of 2022-03-13 is closed",
  ]);
  assert.deepEqual(autumn!.phases.slice(-1), [
    "2022-11-06T07:10 crypto: the session of 2022-11-06 is closed",
  ]);
  for (const { seen } of [monday!, spring!, autumn!]) assert.ok(seen.length > 10);
});

const HOLDER = `market_liquidation_end_time_minutes = 15
[scanners.symbols]
symbols = ["AAA"]
[strategies.holder]
filename = "strategies/holder.ts"
`;

async function play(options: Parameters<SessionWorld["play"]>[0]): Promise<Played> {
  const world = await SessionWorld.open();
  try {
    return await world.play(options);
  } finally {
    await world.close();
  }
}

const warnings = ({ logs }: Played) =>
  logs.filter(({ level }) => level === "warning" || level === "error")
    .map(({ message, properties }: Log) => `${message} ${Object.values(properties ?? {})}`);

Deno.test("fault 43: an early close that only the broker knows of moves the liquidation", async () => {
  const played = await play({
    plan: HOLDER,
    bars: [["AAA", "2022-01-03T17:30:00Z", 60]],
    start: "2022-01-03T17:35:00Z",
    end: "2022-01-03T18:20:00Z",
    faults: [{ kind: "early_close", date: "2022-01-03", close: "13:00" }],
  });
  assert.deepEqual(phases(played).slice(1), [
    "2022-01-03T17:35 us_equity: the session of 2022-01-03 is open",
    "2022-01-03T17:45 us_equity: closing day trades",
    "2022-01-03T17:46 us_equity: flat",
    "2022-01-03T18:00 us_equity: the session of 2022-01-03 is closed",
  ]);
  assert.equal(played.session.endReason, "market close");
  assert.deepEqual(played.stored.trades.map(({ operation }) => operation), ["buy", "sell"]);
  assert.match(warnings(played).join("\n"), /calendar counts.*2022-01-03 is from 09:30 to 13:00/);
});

Deno.test("fault 44: on a holiday that only the broker knows of nothing is traded, nothing alarms", async () => {
  const played = await play({
    plan: HOLDER,
    bars: [["AAA", "2022-01-03T14:30:00Z", 90]],
    start: "2022-01-03T14:25:00Z",
    end: "2022-01-03T15:30:00Z",
    faults: [{ kind: "holiday", date: "2022-01-03" }],
  });
  assert.deepEqual(phases(played).slice(1), [
    "2022-01-03T14:25 us_equity: waiting for the open of 2022-01-04",
  ]);
  assert.deepEqual(played.stored.trades, []);
  assert.deepEqual(warnings(played), [
    "The broker's calendar counts: {difference} 2022-01-03 is no session",
  ]);
});

Deno.test("fault 31: a broker's clock that runs away keeps entries back, until it agrees again", async () => {
  await using world = await FaultWorld.open({ gateway: { clockSkewMsMax: 5000 } });
  // 600 market seconds a second: six seconds of this machine's.
  const skew = world.inject({ kind: "clock_skew", ms: 3_600_000 });
  await world.networkMs(120_000);
  await world.logged(/REDUCING: the market clock is 6\.0 s behind the broker's/, "error");
  world.send({ action: "buy", qty: 10 });
  await world.settled();
  assert.equal(world.report()?.denial?.code, "reducing");
  skew.remove();
  await world.networkMs(120_000);
  await world.logged(/ACTIVE: no longer restricted by clock/);
  world.send({ action: "buy", qty: 10 });
  await world.position(10, { minutes: 3 });
  // The account is read anew.
  await world.networkMs(5000);
  await world.check({ orders: 1 });
});

Deno.test("fault 31: a machine whose clock is wrong does not begin to trade, and says why", () =>
  inFolder(async (folder) => {
    await using exchange = new Counterpart();
    exchange.onRequest = () => {
      const timestamp = new Date(Date.now() - 60_000).toISOString();
      return Response.json({ timestamp, is_open: true, next_open: timestamp });
    };
    const plan = `[scanners.symbols]\nsymbols = ["AAA"]\n[strategies.sma_cross]\n`;
    await writeFiles(folder, { "tradeplan.toml": plan });
    const env = exchangeEnv(exchange.origin, { keyId: "k", secretKey: "s" });
    const { code, err } = await new Liu(folder).run(["trader"], env);
    assert.equal(code, 1, err);
    assert.match(err, /clock is (59|60)\.\d s ahead of the broker's.*max_clock_skew_seconds/);
    assert.deepEqual([...new Set(exchange.requests)], ["GET /v2/clock"]);
  }));
