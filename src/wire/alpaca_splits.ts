import { z } from "zod";
import type { Split } from "../model/split.ts";
import { plain } from "../util/decimal.ts";
import type { AlpacaRest } from "./alpaca_rest.ts";

const PATH = "/v1/corporate-actions";
const SYMBOLS_PER_REQUEST = 200;
const PAGES_MAX = 100;

const rate = z.union([z.number(), z.string()]);
const splitSchema = z.object({
  symbol: z.string(),
  new_rate: rate,
  old_rate: rate,
  /** What is traded on this day are new shares; payable_date may lie before it. */
  ex_date: z.string(),
});
const pageSchema = z.object({
  corporate_actions: z.object({
    forward_splits: z.array(splitSchema).nullish(),
    reverse_splits: z.array(splitSchema).nullish(),
  }),
  next_page_token: z.string().nullish(),
});

/** Forward and reverse splits with an ex-date of `from` … `to`, both included. */
export async function readSplits(
  rest: AlpacaRest,
  { symbols, from, to }: { symbols: readonly string[]; from: string; to: string },
  signal: AbortSignal,
): Promise<Split[]> {
  const splits: Split[] = [];
  for (let i = 0; i < symbols.length; i += SYMBOLS_PER_REQUEST) {
    const query: Record<string, string> = {
      symbols: symbols.slice(i, i + SYMBOLS_PER_REQUEST).join(","),
      types: "forward_split,reverse_split",
      start: from,
      end: to,
      limit: "1000",
    };
    for (let page = 0; page < PAGES_MAX; page++) {
      const found = await rest.find(pageSchema, { path: PATH, query }, signal);
      // An exchange that knows of no corporate actions.
      if (found === null) return splits;
      const { corporate_actions: { forward_splits, reverse_splits }, next_page_token } = found.body;
      for (const split of [...forward_splits ?? [], ...reverse_splits ?? []]) {
        const { symbol, new_rate, old_rate, ex_date: date } = split;
        if (date < from || date > to) continue;
        splits.push({ symbol, newShares: plain(new_rate), oldShares: plain(old_rate), date });
      }
      if (!next_page_token) break;
      query.page_token = next_page_token;
    }
  }
  return splits;
}
