/**
 * What makes trials what they are, as texts to compare: a session goes on only where all of it is
 * as it was.
 */
import { createHash } from "node:crypto";
import type { MarketData } from "../recorded/market_data.ts";
import { columnsOf } from "./shared_data.ts";

export interface FingerprintParts {
  /** Bars, trades and quotes. */
  data: MarketData;
  /** Plan and user code, as trials are given them. */
  plan: unknown;
  /** Space, method, number of trials, seed, range of time, objective. */
  search: unknown;
}

export type Fingerprint = Record<keyof FingerprintParts, string>;

export function fingerprintOf({ data, plan, search }: FingerprintParts): Fingerprint {
  const hash = createHash("sha256");
  for (const [name, column] of columnsOf(data)) {
    hash.update(`${name} ${column.length}\n`);
    hash.update(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
  }
  return {
    data: hash.digest("hex"),
    plan: textHash(plan),
    search: textHash(search),
  };
}

function textHash(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex");
}
