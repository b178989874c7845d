import { z } from "zod";
import type { Json } from "../contracts/store.ts";

/**
 * A value that the schema takes; whatever is wrong with another is told as "must be …, got …".
 * The value of a secret is not told.
 */
export function must<T extends z.ZodType>(
  schema: T,
  expected: string,
  { isSecret = false } = {},
) {
  return z.unknown().transform((value, context): z.output<T> => {
    const result = schema.safeParse(value);
    if (result.success) return result.data;
    context.addIssue(
      value === undefined
        ? `is missing: ${expected}`
        : `must be ${expected}` + (isSecret ? "" : `, got ${show(value)}`),
    );
    return z.NEVER;
  });
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Date);
}

/** A TOML value as plain data: dates and times become their texts. */
export function toJson(value: unknown): Json {
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (isTable(value)) {
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, toJson(item)]));
  }
  return value as Json;
}

/** A value as messages show it, in one line. */
export function show(value: unknown): string {
  const text = typeof value === "number" ? String(value) : JSON.stringify(toJson(value));
  return text.length > 60 ? text.slice(0, 57) + "…" : text;
}
