import assert from "node:assert/strict";
import { emptyBars } from "../model/bars.ts";
import { OperationError, RetryableError } from "../util/errors.ts";
import { barsOfGood } from "./miner_bars.ts";

/** Refuses whole calls in which one of these is. */
function provider(bad: readonly string[]) {
  const calls: number[] = [];
  const load = (symbols: readonly string[]) => {
    calls.push(symbols.length);
    const wrong = symbols.find((symbol) => bad.includes(symbol));
    if (wrong !== undefined) return Promise.reject(new OperationError(`no ${wrong}`));
    return Promise.resolve(new Map(symbols.map((symbol) => [symbol, emptyBars(3)])));
  };
  return { calls, load };
}

const SYMBOLS = Array.from({ length: 200 }, (_, i) => `S${i}`);

Deno.test("a few symbols that are refused do not keep the others from being had", async () => {
  const { calls, load } = provider(["S7", "S8", "S150"]);
  const told: string[] = [];
  const found = await barsOfGood(
    SYMBOLS,
    load,
    (symbol, error) => told.push(`${symbol} ${error.message}`),
  );
  assert.deepEqual(told, ["S7 no S7", "S8 no S8", "S150 no S150"]);
  assert.equal(found.size, 200);
  assert.equal(found.get("S8")!.timeUs.length, 0);
  assert.equal(found.get("S9")!.timeUs.length, 3);
  assert.ok(calls.length < 50, `${calls.length} calls`);
});

Deno.test("where many are refused, or all, that is the error, after few calls", async () => {
  const told: string[] = [];
  for (const symbols of [SYMBOLS, ["S1"], ["S1", "S2"]]) {
    const { calls, load } = provider(SYMBOLS);
    await assert.rejects(barsOfGood(symbols, load, (symbol) => told.push(symbol)), /no S/);
    assert.ok(calls.length < 30, `${calls.length} calls`);
  }
  assert.deepEqual(told, []);
});

Deno.test("a provider that is away is no symbol's fault", async () => {
  let calls = 0;
  const load = () => {
    calls++;
    return Promise.reject(new RetryableError("away"));
  };
  await assert.rejects(barsOfGood(SYMBOLS, load, () => {}), /away/);
  assert.equal(calls, 1);
});
