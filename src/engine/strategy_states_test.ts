import assert from "node:assert/strict";
import type { Json } from "../contracts/store.ts";
import type { Recovered } from "../protocol.ts";
import type { StrategySetup } from "./session_options.ts";
import { statesPath } from "./gateway/file_journal.ts";
import { StrategyStates } from "./strategy_states.ts";

const DAY_US = 86_400e6;
const NOON_US = Date.parse("2022-01-03T17:00:00Z") * 1000;

function setup(builtin: string): StrategySetup {
  return {
    source: {
      name: "one",
      from: { kind: "builtin", builtin },
      parameters: {},
      schedule: [],
      keystore: [],
    },
    netHosts: [],
  };
}

interface Start {
  batchId: string;
  before?: Recovered;
  runId?: number;
  nowUs?: number;
  code?: string;
  parameters?: Record<string, Json>;
}

/** A trader of one strategy. */
async function start(folder: string, told: string[], given: Start): Promise<StrategyStates> {
  const { batchId, before = null, nowUs = NOON_US, code = "x", parameters = { a: 1 } } = given;
  const states = new StrategyStates({
    monotonicMs: () => 0,
    nowUs: () => nowUs,
    nameOf: () => "one",
    log: (level, text, properties) =>
      void told.push(`${level}: ${text} ${JSON.stringify(properties)}`),
  });
  const traits = [{ name: "one", isCreated: true, runsAll: false, dayTrade: false, parameters }];
  await states.begin({ folder, batchId, before, setups: [setup(code)], traits });
  return states;
}

function recovered(batchId: string, isSameBatch: boolean, symbols: string[] = []): Recovered {
  return {
    batchId,
    isSameBatch,
    runs: [{ runId: 1, strategy: "one", consumer: 0, dayTrade: false }],
    held: symbols.map((symbol) => ({ runId: 1, symbol, qty: "1" })),
  };
}

/** As the journal does when a batch takes over what was held in the one before. */
async function copyOver(folder: string, { before, batchId }: Start): Promise<void> {
  if (!before) return;
  await Deno.copyFile(statesPath(folder, before.batchId), statesPath(folder, batchId));
}

/** Batch "b" has told of A and B by run 1; what run 2 of the start after it finds, by symbol. */
async function check(
  next: Start,
  expected: { found: Record<string, number>; told?: RegExp[] },
  between: (folder: string) => Promise<void> = () => Promise.resolve(),
  { isCopied = next.batchId === "b" } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const told: string[] = [];
    const first = await start(folder, told, { batchId: "b" });
    first.checkpoint([
      { runId: 1, symbol: "A", state: { count: 1 } },
      { runId: 1, symbol: "B", state: { count: 2 } },
    ]);
    await first.close();
    await between(folder);
    if (!isCopied) await copyOver(folder, next);
    const second = await start(folder, told, next);
    const found = Object.fromEntries(
      ["A", "B", "C"].flatMap((symbol) =>
        second.takeBefore(2, symbol).map(([runId, state]) => {
          assert.equal(runId, 2);
          // For a consumer that is replaced before it has told anything.
          assert.deepEqual(second.of(2, symbol), [[2, state]]);
          assert.deepEqual(second.takeBefore(2, symbol), [], "once");
          return [symbol, (state as { count: number }).count];
        })
      ),
    );
    await second.close();
    assert.deepEqual(found, expected.found);
    const { told: lines = [] } = expected;
    for (const line of lines) assert.ok(told.some((text) => line.test(text)), `${line}: ${told}`);
    const loud = told.filter((text) => !text.startsWith("info"));
    assert.equal(loud.length, lines.length, told.join("\n"));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a batch that is carried on finds all that its strategies kept", () =>
  check({ batchId: "b", before: recovered("b", true) }, { found: { A: 1, B: 2 } }));

Deno.test("of the batch before only what is held finds its state", () =>
  check({ batchId: "c", before: recovered("b", false, ["B"]), nowUs: NOON_US + DAY_US }, {
    found: { B: 2 },
  }));

Deno.test("a batch that is carried on on another day finds the state of what is held", () =>
  check({ batchId: "b", before: recovered("b", true, ["A"]), nowUs: NOON_US + DAY_US }, {
    found: { A: 1 },
  }));

Deno.test("nothing is carried on: all begins anew", () => check({ batchId: "c" }, { found: {} }));

Deno.test("other code's state is not taken over", () =>
  check({ batchId: "c", before: recovered("b", false, ["A"]), code: "y" }, {
    found: {},
    told: [/other code or parameters.*"one"/],
  }));

Deno.test("the state that was kept with other parameters is not taken over", () =>
  check({ batchId: "c", before: recovered("b", false, ["A"]), parameters: { a: 2 } }, {
    found: {},
    told: [/other code or parameters/],
  }));

Deno.test("a damaged file is told, and its states begin anew", () =>
  check({ batchId: "b", before: recovered("b", true) }, {
    found: {},
    told: [/^error: .*begins anew.*damaged in line 2.*states_lost/],
  }, async (folder) => {
    const path = `${folder}/b.states`;
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replace('"count":1', '"count":7'));
  }));

Deno.test("what was taken over is on disk for the start after the next", () =>
  check({ batchId: "d", before: recovered("c", false, ["B"]) }, { found: { B: 2 } }, async (
    folder,
  ) => {
    const next = { batchId: "c", before: recovered("b", false, ["B"]) };
    await copyOver(folder, next);
    const between = await start(folder, [], next);
    // It dies before the symbol is followed again.
    await between.close();
  }));

Deno.test("one that died before it began has not lost the states that it was to take over", () =>
  check(
    { batchId: "c", before: recovered("c", true, ["B"]) },
    { found: { B: 2 } },
    (folder) => copyOver(folder, { batchId: "c", before: recovered("b", false, ["B"]) }),
    { isCopied: true },
  ));
