import assert from "node:assert/strict";
import { type Decision, Strategy, type Tick } from "../../mod.ts";
import { asset, history, Rig } from "./test_rig.ts";

Deno.test("a collection has seen of a symbol what came since it follows it, whoever else did before", () => {
  const seen: Record<string, unknown[]> = { One: [], All: [] };
  class One extends Strategy {
    run({ voi, bars }: Tick<this>): void {
      seen.One.push([bars.length, voi.value]);
    }
  }
  class All extends Strategy {
    override shouldRunAll() {
      return true;
    }
    run({ voi, bars }: Tick<this>): void {
      seen.All.push([bars.length, voi.value]);
    }
    override *runAll(): Generator<[string, Decision]> {}
  }
  const rig = new Rig({ strategies: [One, All], symbols: [], events: ["quote"] });
  rig.follow("AAPL", [1], history([0, 10, 10, 10, 10, 100]));
  rig.send([{ quote: [61, 10, 100, 10.02, 100] }, { quote: [62, 10, 300, 10.02, 100] }]);
  rig.send([{ bar: [1, 10, 10, 10, 10, 100] }]);
  // Its history does not have the bar that has just ended.
  rig.consumer.onMain({
    type: "follow",
    symbol: "AAPL",
    symbolId: 0,
    asset: asset("AAPL"),
    runIds: [2],
    history: history([0, 10, 10, 10, 10, 100]),
    previousClose: 10,
  });
  rig.send([{ quote: [121, 10, 300, 10.02, 100] }, { quote: [122, 10, 400, 10.02, 100] }]);
  const first = 200 * 2 / 101;
  assert.deepEqual(seen.One.slice(0, 2), [[1, NaN], [1, first]]);
  const second = first * (1 - 2 / 101) * (1 - 2 / 101) + 100 * 2 / 101;
  const [bars, imbalance] = seen.One.at(-1) as number[];
  assert.equal(bars, 2);
  assert.ok(Math.abs(imbalance - second) < 1e-12);
  assert.deepEqual(seen.All, [[2, NaN], [2, 100 * 2 / 101]]);
});
