/** Corporate actions over REST: the splits that were made here. */
import { Hono } from "hono";
import { exchangeDate } from "../model/calendar.ts";
import type { History } from "./history.ts";

/** Routes below /v1. */
export function corporateRoutes(history: History): Hono {
  const routes = new Hono();
  routes.get("/corporate-actions", (c) => {
    const symbols = (c.req.query("symbols") ?? "").split(",").filter((symbol) => symbol !== "");
    const [from, to] = [c.req.query("start") ?? "", c.req.query("end") ?? "9999-12-31"];
    const splits = symbols.flatMap((symbol) =>
      history.splitsOf(symbol).map(({ us, ratio }) => {
        const date = exchangeDate(us);
        const rates = ratio >= 1
          ? { new_rate: ratio, old_rate: 1 }
          : { new_rate: 1, old_rate: 1 / ratio };
        return { symbol, ...rates, ex_date: date, process_date: date };
      })
    ).filter(({ ex_date }) => ex_date >= from && ex_date <= to);
    return c.json({
      corporate_actions: {
        forward_splits: splits.filter(({ old_rate }) => old_rate === 1),
        reverse_splits: splits.filter(({ old_rate }) => old_rate !== 1),
      },
      next_page_token: null,
    });
  });
  return routes;
}
