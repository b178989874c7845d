import { ConfigError } from "../../util/errors.ts";
import { gridCount, gridValues, type Point } from "../space.ts";
import { type SearchMethod, TRIALS_MAX } from "./search.ts";

/** All points, the last dimension's values changing first. */
export const gridSearch: SearchMethod = {
  count({ space, trials }) {
    const count = space.reduce((product, { range }) => product * gridCount(range), 1);
    const max = Math.min(trials ?? TRIALS_MAX, TRIALS_MAX);
    if (count <= max) return count;
    const more = count <= TRIALS_MAX
      ? "give more --trials"
      : `${TRIALS_MAX} are the most there are`;
    throw new ConfigError(
      `Cannot search a grid of ${count} points with ${max} trials: make delta larger, or take ` +
        `--method random or evolution; ${more}`,
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
