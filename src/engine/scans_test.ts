import assert from "node:assert/strict";
import type { DataProvider } from "../contracts/provider.ts";
import type { Asset } from "../model/asset.ts";
import { type BarColumns, type BarScale, emptyBars } from "../model/bars.ts";
import { exchangeUs } from "../model/calendar.ts";
import type { MainToScanners, ScannersToMain, SessionWindow } from "../protocol.ts";
import { answerScanner } from "./scanner_market.ts";
import { Scans } from "./scans.ts";
import { Inbox } from "./worker_link.ts";

const SCAN_US = exchangeUs("2022-01-05", "10:00") + 30e6;
const DAY_US = 24 * 3600e6;
const { signal } = new AbortController();

function startsAt(...timesUs: number[]): BarColumns {
  const bars = emptyBars(timesUs.length);
  bars.timeUs.set(timesUs);
  return bars;
}

/** What a scan at 10:00:30 is given of what its provider has. */
async function given(symbol: string, scale: BarScale, timesUs: number[], count = 10) {
  const provider: Pick<DataProvider, "bars"> = {
    bars: () => Promise.resolve(new Map([[symbol, startsAt(...timesUs)]])),
  };
  const reply = await answerScanner(
    { type: "wantBars", id: 1, symbols: [symbol], scale, count, timeUs: SCAN_US },
    {
      provider: provider as DataProvider,
      assets: new Map([[symbol, {} as Asset]]),
      assetClasses: ["us_equity"],
      signal,
    },
  );
  assert.equal(reply?.type, "bars");
  return [...(reply as Extract<MainToScanners, { type: "bars" }>).bars.get(symbol)!.timeUs];
}

Deno.test("a scan gets minute bars that had ended at its time, wherever the provider is", async () => {
  const at = (time: string) => exchangeUs("2022-01-05", time);
  const times = ["09:57", "09:58", "09:59", "10:00", "10:01"].map(at);
  assert.deepEqual(await given("AAPL", "minute", times), times.slice(0, 3));
  assert.deepEqual(await given("AAPL", "minute", times, 2), times.slice(1, 3));
  assert.deepEqual(await given("AAPL", "minute", []), []);
});

Deno.test("a scan gets days that were over: of stocks by date, of crypto by 24 hours", async () => {
  const midnight = exchangeUs("2022-01-05", "00:00");
  const days = [midnight - 2 * DAY_US, midnight - DAY_US, midnight];
  assert.deepEqual(await given("AAPL", "day", days), days.slice(0, 2));
  // Days that begin at midnight UTC, five hours earlier: the last has begun "yesterday" in New
  // York.
  const utc = days.map((us) => us - 5 * 3600e6);
  assert.deepEqual(await given("BTC/USD", "day", utc), utc.slice(0, 2));
});

/** Workers of which nobody answers, unless a test does. */
function silentWorkers() {
  const posted: MainToScanners[] = [];
  const stopped: number[] = [];
  const inbox = new Inbox<ScannersToMain>();
  const post = (message: MainToScanners) => void posted.push(message);
  const restarted: number[] = [];
  const workers = {
    inbox,
    of: () => ({ index: 0, control: new Int32Array(3), group: [], post }),
    stop: (index: number) => void stopped.push(index),
    restart: (worker: number) => {
      restarted.push(worker);
      return Promise.resolve();
    },
  };
  return { workers, inbox, post, posted, stopped, restarted };
}

Deno.test("a scan that says nothing is given up, one that asks is waited for", async () => {
  const { workers, inbox, post, stopped } = silentWorkers();
  let nowMs = 0;
  const provided = Promise.withResolvers<[]>();
  const scans = new Scans({
    workers,
    access: () => ({
      provider: { snapshots: () => provided.promise } as unknown as DataProvider,
      assets: new Map([["AAPL", {} as Asset]]),
      assetClasses: ["us_equity"],
      signal,
    }),
    monotonicMs: () => nowMs,
    lookMs: 1,
  });
  const window: SessionWindow = { assetClass: "us_equity", date: "", openUs: 0, closeUs: 1 };
  const asking = scans.run(0, "asking", SCAN_US, window);
  const answered = scans.onMessage({
    type: "wantSnapshots",
    id: 1,
    symbols: ["AAPL"],
    timeUs: SCAN_US,
  }, post);
  // The provider takes its time, which is not the scanner's fault.
  nowMs += 60_000;
  provided.resolve([]);
  await answered;
  inbox.deliver({ type: "picked", id: 0, symbols: ["AAPL"] });
  assert.deepEqual(await asking, { type: "picked", id: 0, symbols: ["AAPL"] });

  const silent = scans.run(1, "silent", SCAN_US, window);
  nowMs += 30_000;
  const result = await silent;
  assert.equal(result.type, "scanFailed");
  assert.match((result as { message: string }).message, /did not return within 30 s/);
  assert.deepEqual(stopped, [1]);
  assert.deepEqual([scans.isStopped(0), scans.isStopped(1)], [false, true]);
});

Deno.test("what runs in a scanners' worker that does not hear is given up, and it is replaced", async () => {
  const { workers, posted, stopped, restarted } = silentWorkers();
  const access = () => ({} as never);
  const scans = new Scans({ workers, access, monotonicMs: () => 0, lookMs: 1 });
  const window: SessionWindow = { assetClass: "us_equity", date: "", openUs: 0, closeUs: 1 };
  const results = [scans.run(0, "a", SCAN_US, window), scans.run(1, "b", SCAN_US, window)];
  await Promise.resolve();
  await scans.onDeaf(0);
  for (const { type } of await Promise.all(results)) assert.equal(type, "scanFailed");
  assert.deepEqual([stopped, restarted, posted.length], [[0, 1], [0], 2]);
  assert.deepEqual([scans.isStopped(0), scans.isStopped(1)], [true, true]);
});
