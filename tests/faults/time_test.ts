/** Faults of time: zones, days on which clocks change, early closes, holidays, skew. */
import { strict as assert } from "node:assert";
import { fileURLToPath } from "node:url";

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
