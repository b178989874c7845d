import { keyOf, type Point, pointAt, pointsIn } from "../space.ts";
import { type SearchMethod, TRIALS_DEFAULT } from "./search.ts";

/** Of a small space the last points are drawn seldom. */
const DRAWS_A_POINT = 1000;

/** Points drawn evenly, none twice. */
export const randomSearch: SearchMethod = {
  count: ({ space, trials }) => Math.min(trials ?? TRIALS_DEFAULT, pointsIn(space)),

  async run({ space, trials, random, evaluate }) {
    const points = new Map<string, Point>();
    const count = randomSearch.count({ space, trials });
    for (let draws = 0; points.size < count && draws < DRAWS_A_POINT * count; draws++) {
      const point = pointAt(space, space.map(() => random()));
      points.set(keyOf(point), point);
    }
    await evaluate([...points.values()]);
  },
};
