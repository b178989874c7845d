/** What a download gave, and what it did not. */
import type { Downloaded } from "../history/history.ts";
import type { Kind } from "../history/rows.ts";
import { assetClassOf } from "../model/asset.ts";
import { sessionsOf } from "./backtest_sessions.ts";

export function downloadedText(
  { rows, calls, readjusted, unsettled }: Downloaded,
  symbols: number,
  source: string,
): string {
  if (calls === 0) return "All of it is here already: nothing was asked for.\n";
  const kept = unsettled === 0 ? "" : `, ${rows - unsettled} are kept: the last ${unsettled} may ` +
    "still change, and come with a later download";
  const again = readjusted.length === 0
    ? ""
    : "Adjusted anew since the last download, so all of theirs came again: " +
      `${readjusted.join(", ")}\n`;
  return `${rows} rows of ${symbols} symbols came from ${source}${kept}.\n${again}`;
}

/** Names the symbols that have nothing where there were sessions; 1 where that is all of them. */
export function tellEmpty(
  empty: readonly string[],
  asked: { symbols: readonly string[]; scale: Kind; fromUs: number; toUs: number },
  write: (text: string) => void,
): number {
  const range = { ...asked, scale: asked.scale === "quote" ? "trade" as const : asked.scale };
  const wrong = empty.filter((symbol) => sessionsOf(assetClassOf(symbol), range).length > 0);
  if (wrong.length === 0) return 0;
  write(
    `Nothing came of ${wrong.join(", ")}: is it a symbol of the provider's, and was it traded ` +
      "then?\n",
  );
  return wrong.length === asked.symbols.length ? 1 : 0;
}
