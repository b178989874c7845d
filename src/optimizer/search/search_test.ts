import assert from "node:assert/strict";
import { seededRandom } from "../../engine/worker.ts";
import { ConfigError } from "../../util/errors.ts";
import { type Dimension, keyOf, type Point } from "../space.ts";
import { type MethodName, METHODS } from "./methods.ts";

const whole = (min: number, max: number, delta = 1): Dimension => ({
  strategy: "mine",
  parameter: "n",
  range: { kind: "int", min, max, delta },
});
const number = (min: number, max: number, delta: number | null = null): Dimension => ({
  strategy: "mine",
  parameter: "x",
  range: { kind: "float", min, max, delta },
});
const choice: Dimension = {
  strategy: "mine",
  parameter: "kind",
  range: { kind: "choice", choices: ["a", "b", "c"] },
};

async function tried(
  method: MethodName,
  space: Dimension[],
  value: (point: Point) => number | null,
  { trials = null, seed = 1 }: { trials?: number | null; seed?: number } = {},
): Promise<{ points: Point[]; generations: number[] }> {
  const points: Point[] = [];
  const generations: number[] = [];
  await METHODS[method].run({
    space,
    trials,
    random: seededRandom(seed),
    evaluate: (asked) => {
      points.push(...asked);
      generations.push(asked.length);
      return Promise.resolve(asked.map(value));
    },
  });
  return { points, generations };
}

const bowl = ([n, x]: Point) => -((Number(n) - 37) ** 2) / 100 - (Number(x) - 0.3) ** 2 * 50;

Deno.test("a grid is all points, the last dimension first", async () => {
  const { points } = await tried("grid", [whole(2, 6, 2), choice], () => 0);
  assert.deepEqual(points.map(keyOf), [
    '[2,"a"]',
    '[2,"b"]',
    '[2,"c"]',
    '[4,"a"]',
    '[4,"b"]',
    '[4,"c"]',
    '[6,"a"]',
    '[6,"b"]',
    '[6,"c"]',
  ]);
});

Deno.test("steps of a number have no digits that come of adding", async () => {
  const { points } = await tried("grid", [number(0.1, 0.7, 0.1)], () => 0);
  assert.deepEqual(points.flat(), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]);
  const open = await tried("grid", [number(0, 1)], () => 0);
  assert.deepEqual(open.points.flat(), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
});

Deno.test("a grid that is larger than the trials is refused, not cut", () => {
  assert.throws(
    () => METHODS.grid.count({ space: [whole(1, 100), whole(1, 100)], trials: 500 }),
    (error) => error instanceof ConfigError && /10000 points with 500 trials/.test(error.message),
  );
});

Deno.test("random and evolution try no point twice, and end when a space has no more", async () => {
  for (const method of ["random", "evolution"] as const) {
    const { points } = await tried(method, [whole(1, 60), number(0, 1)], bowl, { trials: 90 });
    assert.equal(points.length, 90);
    assert.equal(new Set(points.map(keyOf)).size, 90);
    for (const [n, x] of points) {
      assert.ok(Number.isInteger(n) && Number(n) >= 1 && Number(n) <= 60);
      assert.ok(Number(x) >= 0 && Number(x) <= 1);
    }
    const small = await tried(method, [whole(1, 4), choice], () => 1, { trials: 500 });
    assert.equal(new Set(small.points.map(keyOf)).size, 12);
    assert.equal(small.points.length, 12);
  }
});

Deno.test("the same seed gives the same points, another seed others", async () => {
  for (const method of ["random", "evolution"] as const) {
    const space = [whole(1, 60), number(0, 1), choice];
    const once = await tried(method, space, bowl, { trials: 60, seed: 5 });
    const again = await tried(method, space, bowl, { trials: 60, seed: 5 });
    assert.deepEqual(again, once);
    const other = await tried(method, space, bowl, { trials: 60, seed: 6 });
    assert.notDeepEqual(other.points, once.points);
  }
});

Deno.test("evolution comes closer than chance, also where some points fail", async () => {
  const space = [whole(1, 200), number(0, 1)];
  const value = (point: Point) => Number(point[0]) % 7 === 0 ? null : bowl(point);
  const bests = { random: 0, evolution: 0 };
  for (let seed = 1; seed <= 20; seed++) {
    for (const method of ["random", "evolution"] as const) {
      const { points } = await tried(method, space, value, { trials: 150, seed });
      bests[method] += Math.max(...points.map((point) => value(point) ?? -Infinity)) / 20;
    }
  }
  assert.ok(bests.evolution > bests.random / 4, JSON.stringify(bests));
});

Deno.test("a generation is asked together, whatever is tried at the same time", async () => {
  const { generations } = await tried("evolution", [number(0, 1), number(0, 1)], bowl, {
    trials: 100,
  });
  assert.equal(generations[0], 10);
  assert.ok(generations.length > 5);
});

Deno.test("a grid too fine to be written down is counted and refused", () => {
  const space = [number(0, 1, 1e-12), number(0, 1, 1e-12)];
  assert.throws(
    () => METHODS.grid.count({ space, trials: null }),
    /Cannot search a grid of 1\.\d+e\+24 points with 100000 trials.*100000 are the most there are/,
  );
});
