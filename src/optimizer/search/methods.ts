import { evolutionSearch } from "./evolution_search.ts";
import { gridSearch } from "./grid_search.ts";
import { randomSearch } from "./random_search.ts";
import type { SearchMethod } from "./search.ts";

export const METHODS = {
  grid: gridSearch,
  random: randomSearch,
  evolution: evolutionSearch,
} satisfies Record<string, SearchMethod>;

export type MethodName = keyof typeof METHODS;
