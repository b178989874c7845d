/**
 * Refusals with Alpaca's statuses, codes and wording, so that clients which read them find what
 * they know.
 */
import type { Refusal } from "./types.ts";

type Details = Record<string, string>;

/** A parameter that is missing, superfluous or not a number. */
export function badParameter(message: string): Refusal {
  return { status: 422, code: 40010001, message, details: {} };
}

/** Well-formed, but not to be had. */
export function unprocessable(message: string, details: Details = {}): Refusal {
  return { status: 422, code: 42210000, message, details };
}

/** The account's money, positions or other orders forbid it. */
export function forbidden(message: string, details: Details = {}): Refusal {
  return { status: 403, code: 40310000, message, details };
}

export function notFound(message: string): Refusal {
  return { status: 404, code: 40410000, message, details: {} };
}
