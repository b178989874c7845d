import assert from "node:assert/strict";
import type { Host } from "../contracts/command.ts";
import type { FinishedTrial } from "../optimizer/optimize.ts";
import { OptimizeProgress } from "./optimize_progress.ts";

function host(written: string[]): Host {
  return {
    env: {},
    cwd: "/",
    signal: new AbortController().signal,
    out: () => {},
    err: (text) => void written.push(text),
    isOutTerminal: true,
    isErrTerminal: true,
    columns: () => 120,
  };
}

function trial(n: number, value: number | null, problem: string | null = null): FinishedTrial {
  return {
    n,
    batchId: `batch ${n}`,
    named: { "mine.fast": n, "mine.side": "long" },
    parameters: {},
    portfolio: null,
    outcome: { value, problem, ran: null },
  };
}

Deno.test("the line tells trials, the best so far with its parameters, and the time left", () => {
  const written: string[] = [];
  let nowMs = 1000;
  const progress = new OptimizeProgress(host(written), () => nowMs);
  nowMs = 5000;
  progress.begin(10, 1);
  // From an earlier part of the session: no time was spent on it.
  progress.trial(trial(0, 0.5), { fold: 0, isKnown: true });
  assert.equal(progress.text(), "trial 1/10  best 0.5 (mine.fast 0, mine.side long)");
  nowMs += 20_000;
  progress.trial(trial(1, 1.23456), { fold: 0, isKnown: false });
  nowMs += 20_000;
  progress.trial(trial(2, null, "it threw"), { fold: 0, isKnown: false });
  assert.equal(
    progress.text(),
    "trial 3/10  best 1.235 (mine.fast 1, mine.side long)  1 failed  2 min 20 s left",
  );
  assert.ok(written.at(-1)!.includes("trial 3/10  best 1.235"), "on the terminal");
  progress.end();
  assert.equal(written.at(-1), "\r\x1b[K");
});

Deno.test("of a walk-forward the best is the window's", () => {
  let nowMs = 0;
  const progress = new OptimizeProgress(host([]), () => nowMs);
  progress.begin(4, 2);
  nowMs = 1500;
  progress.trial(trial(0, 3), { fold: 0, isKnown: false });
  progress.trial(trial(1, 2), { fold: 0, isKnown: false });
  progress.trial(trial(2, 1), { fold: 1, isKnown: false });
  assert.equal(
    progress.text(),
    "window 2/2  trial 3/4  best 1 (mine.fast 2, mine.side long)  1 s left",
  );
});
