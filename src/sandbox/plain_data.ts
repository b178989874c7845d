import type { Json } from "../contracts/store.ts";

const DEPTH_MAX = 8;
const VALUES_MAX = 10_000;
const TEXT_MAX = 10_000;

/**
 * A copy of what user code gave (a decision's indicators, state, a log line's arguments) that is
 * data and nothing else. Every property is read once, here: a getter or a proxy can't show one
 * value to a check and another to its user.
 *
 * Numbers that JSON can't hold are texts ("NaN"); functions, symbols and undefined are left out of
 * objects; what is too deep (8), too much (10,000 values) or too long (10,000 characters) is cut,
 * with "…" in its place.
 * Throws what a getter of user code throws.
 */
export function plainData(value: unknown): Json {
  return copy(value, 0, { left: VALUES_MAX, parents: new Set() });
}

function copy(value: unknown, depth: number, budget: Budget): Json {
  if (--budget.left < 0) return "…";
  switch (typeof value) {
    case "string":
      return value.length > TEXT_MAX ? value.slice(0, TEXT_MAX) + "…" : value;
    case "number":
      return Number.isFinite(value) ? value : String(value);
    case "boolean":
      return value;
    case "bigint":
      return value.toString();
    case "object":
      if (value === null) return null;
      return copyObject(value, depth, budget);
    default:
      return null;
  }
}

interface Budget {
  left: number;
  parents: Set<object>;
}

function copyObject(value: object, depth: number, budget: Budget): Json {
  if (depth >= DEPTH_MAX || budget.parents.has(value)) return "…";
  budget.parents.add(value);
  try {
    if (value instanceof Date) return dateText(value);
    if (value instanceof Error) return copy(value.message, depth, budget);
    if (value instanceof Map) {
      return copyEntries([...value].map(([key, item]) => [key, () => item]), depth, budget);
    }
    if (value instanceof Set) return copyList([...value], depth, budget);
    if (Array.isArray(value) || ArrayBuffer.isView(value)) {
      return copyList(value as ArrayLike<unknown>, depth, budget);
    }
    return copyEntries(
      Object.keys(value).map((key) => [key, () => (value as Record<string, unknown>)[key]]),
      depth,
      budget,
    );
  } finally {
    budget.parents.delete(value);
  }
}

function dateText(value: Date): string {
  const timeMs = Number(value);
  return Number.isFinite(timeMs) ? new Date(timeMs).toISOString() : "Invalid Date";
}

function copyList(list: ArrayLike<unknown>, depth: number, budget: Budget): Json {
  const result: Json[] = [];
  const length = Number(list.length);
  for (let i = 0; i < length; i++) {
    if (budget.left <= 0) {
      result.push("…");
      break;
    }
    result.push(copy(list[i], depth + 1, budget));
  }
  return result;
}

function copyEntries(entries: [unknown, () => unknown][], depth: number, budget: Budget): Json {
  const result: { [key: string]: Json } = {};
  for (const [key, read] of entries) {
    if (budget.left <= 0) break;
    const value = read();
    if (value === undefined || typeof value === "function" || typeof value === "symbol") continue;
    // Defined, not assigned: a property named __proto__ must be a property here too.
    Object.defineProperty(result, String(key).slice(0, TEXT_MAX), {
      value: copy(value, depth + 1, budget),
      enumerable: true,
      writable: true,
      configurable: true,
    });
  }
  return result;
}
