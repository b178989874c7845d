import assert from "node:assert/strict";
import { exchangeUs } from "../model/calendar.ts";
import { downloadedText, tellEmpty } from "./data_downloaded.ts";

const GOT = { rows: 390, calls: 1, readjusted: [], unsettled: 0, empty: [] };

Deno.test("what came and what of it is kept are told apart", () => {
  assert.equal(
    downloadedText(GOT, 1, "alpaca_iex"),
    "390 rows of 1 symbols came from alpaca_iex.\n",
  );
  assert.equal(
    downloadedText({ ...GOT, unsettled: 20 }, 1, "alpaca_iex"),
    "390 rows of 1 symbols came from alpaca_iex, 370 are kept: the last 20 may still change, " +
      "and come with a later download.\n",
  );
  assert.match(downloadedText({ ...GOT, calls: 0 }, 1, "alpaca_iex"), /nothing was asked for/);
});

Deno.test("symbols of which nothing came are named, where there were sessions", () => {
  const told = (empty: string[], symbols: string[], from: string, to: string) => {
    let text = "";
    const range = { fromUs: exchangeUs(from, "00:00"), toUs: exchangeUs(to, "24:00") };
    const code = tellEmpty(empty, { symbols, scale: "minute", ...range }, (line) => text += line);
    return { code, isTold: text.includes(`Nothing came of ${empty.join(", ")}:`) };
  };
  const [monday, saturday, sunday] = ["2022-01-03", "2022-01-01", "2022-01-02"] as const;
  assert.deepEqual(told(["NOPE"], ["NOPE"], monday, monday), { code: 1, isTold: true });
  assert.deepEqual(told(["NOPE"], ["AAPL", "NOPE"], monday, monday), { code: 0, isTold: true });
  assert.deepEqual(told(["AAPL"], ["AAPL"], saturday, sunday), { code: 0, isTold: false });
  assert.deepEqual(told(["BTC/USD"], ["BTC/USD"], saturday, sunday), { code: 1, isTold: true });
});
