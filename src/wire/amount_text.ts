/** Amounts in replies: money, prices, quantities. */
import { z } from "zod";
import { decimal, plain } from "../util/decimal.ts";

/** No amount of a market is longer; one of a thousand digits is a mistake, or meant badly. */
const AMOUNT = /^-?\d{1,24}(\.\d{1,36})?([eE][+-]?\d{1,2})?$/;

/** A decimal as text; some replies have it as a number. */
export const decimalText = z.union([z.string(), z.number()]).transform((value, context) => {
  if (AMOUNT.test(String(value))) return plain(value);
  const shown = String(value).slice(0, 40);
  context.addIssue({ code: "custom", message: `"${shown}" is no decimal number` });
  return z.NEVER;
});

export const positive = decimalText.refine((text) => decimal(text).gt(0), "must be > 0");
export const notNegative = decimalText.refine((text) => decimal(text).gte(0), "must be ≥ 0");
