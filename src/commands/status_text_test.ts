import assert from "node:assert/strict";
import type { TraderStatus } from "../control/trader_control.ts";
import { SessionControl } from "../engine/session_control.ts";
import { statusText } from "./status_text.ts";

/** Of a trader whose gateway has not answered yet: "thrower" has a run in each of two consumers. */
function statusOf(failures: ReadonlyMap<number, string>): Promise<TraderStatus> {
  const control = new SessionControl({
    environment: "PAPER",
    workers: { gatewayInbox: { next: () => assert.fail() }, postGateway() {} } as never,
    consumers: () => [],
    producer: { waiting: [], counts: { rows: 0, dropped: 0 } } as never,
    runs: {
      current: [[1, "thrower"], [2, "thrower"], [3, "keeper"]].map(([runId, strategy]) => ({
        runId: Number(runId),
        strategy: String(strategy),
        consumer: 0,
        dayTrade: true,
      })),
      failureOf: (runId) => failures.get(runId) ?? null,
    },
    strategies: ["thrower", "keeper"],
    batchId: () => "b",
    nowUs: () => null,
    symbols: () => [],
  });
  return control.status();
}

Deno.test("the status of a trader names strategies that were stopped, in part too, and why", async () => {
  const lost = "stopped: lost its way\nat x";
  const part = await statusOf(new Map([[2, lost]]));
  assert.deepEqual(part.stopped, [{ name: "thrower", reason: lost, runs: 1, ofRuns: 2 }]);
  const text = statusText(7, part);
  assert.match(text, /^Trader 7, PAPER, batch b: ACTIVE, 1 strategy stopped\n/);
  assert.match(text, /\nStopped strategies:\n {2}thrower in 1 of 2 consumers: lost its way\n/);
  const all = await statusOf(new Map([[1, lost], [2, lost], [3, "stopped: x"]]));
  assert.match(statusText(7, all), /ACTIVE, 2 strategies stopped\n.*\n {2}thrower: lost its way\n/);
  const none = await statusOf(new Map());
  assert.deepEqual(none.stopped, []);
  assert.doesNotMatch(statusText(7, none), /topped/);
});
