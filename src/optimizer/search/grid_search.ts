import { ConfigError } from "../../util/errors.ts";
import { gridValues, type Point } from "../space.ts";
import type { SearchMethod } from "./search.ts";

/** Beyond it, a grid is a mistake. */
const POINTS_MAX = 100_000;

/** All points, the last dimension's values changing first. */
export const gridSearch: SearchMethod = {
  count({ space, trials }) {
    const count = space.reduce((product, { range }) => product * gridValues(range).length, 1);
    const max = trials ?? POINTS_MAX;
    if (count <= max) return count;
    throw new ConfigError(
      `Cannot search a grid of ${count} points with ${max} trials: make delta larger, give more ` +
        "--trials, or take --method random or evolution",
    );
  },

  async run({ space, evaluate }) {
    let points: Point[] = [[]];
    for (const { range } of space) {
      const values = gridValues(range);
      points = points.flatMap((point) => values.map((value) => [...point, value]));
    }
    await evaluate(points);
  },
};
