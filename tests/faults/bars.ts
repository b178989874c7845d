import { join } from "node:path";
import { OPEN_US } from "../gateway_session.ts";

/** Price by the minutes after the open. */
export type PricePath = (minute: number) => number;

/** Minute bars from the open on, each with its price, five cents up and down. */
export async function writeBars(
  folder: string,
  paths: Record<string, PricePath>,
  minutes: number,
  volume = 100_000,
): Promise<string> {
  const lines = ["symbol,timestamp,open,high,low,close,volume"];
  for (let minute = 0; minute < minutes; minute++) {
    const start = new Date((OPEN_US + minute * 60e6) / 1000).toISOString();
    for (const [symbol, path] of Object.entries(paths)) {
      const price = path(minute);
      const prices = [price, price + 0.05, price - 0.05, price].map((value) => value.toFixed(2));
      lines.push([symbol, start, ...prices, volume].join(","));
    }
  }
  const file = join(folder, "bars.csv");
  await Deno.writeTextFile(file, lines.join("\n") + "\n");
  return file;
}
