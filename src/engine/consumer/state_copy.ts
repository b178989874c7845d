/**
 * What is kept of a strategy's state in a symbol, for a consumer that takes the place of this one:
 * its plain data, each property whole or not at all. Indicators are fed from history again, other
 * objects are made by `setup`.
 */
import type { Json } from "../../contracts/store.ts";
import { plainData } from "../../sandbox/plain_data.ts";

/** What plainData would cut is not kept at all. */
const DEPTH_MAX = 7;
const VALUES_MAX = 5_000;
const TEXT_MAX = 10_000;

/** null: nothing in it is plain data. Reads what user code made: to be called inside of its guard. */
export function copyState(state: unknown): Json {
  if (!isPlain(state)) return null;
  const copy: { [key: string]: Json } = {};
  const budget = { left: VALUES_MAX };
  for (const key of Object.keys(state)) {
    const value = state[key];
    if (isData(value, 0, budget)) copy[key] = plainData(value);
  }
  return Object.keys(copy).length > 0 ? copy : null;
}

/** Puts it into what `setup` has made anew. */
export function restoreState(state: unknown, saved: Json): void {
  if (!isPlain(state) || !isPlain(saved)) return;
  for (const key of Object.keys(saved)) {
    const value = state[key];
    const isOfData = value === undefined || typeof value === "number" ||
      isData(value, 0, { left: VALUES_MAX });
    // What `setup` makes of another kind now, it makes on purpose.
    if (isOfData) state[key] = saved[key];
  }
}

/** What comes back from JSON as it was. */
function isData(value: unknown, depth: number, budget: { left: number }): boolean {
  if (depth > DEPTH_MAX || --budget.left < 0) return false;
  if (value === null || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return value.length <= TEXT_MAX;
  const isWhole = (item: unknown) => isData(item, depth + 1, budget);
  if (Array.isArray(value)) return value.every(isWhole);
  return isPlain(value) && Object.values(value).every(isWhole);
}

/** An object without a class: one of a class is more than its properties. */
function isPlain(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
