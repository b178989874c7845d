import assert from "node:assert/strict";
import type { Settings } from "../config/environment.ts";
import type { DataProvider } from "../contracts/provider.ts";
import type { Store } from "../contracts/store.ts";
import type { Remote } from "../history/history.ts";
import type { Asset } from "../model/asset.ts";
import { exchangeUs } from "../model/calendar.ts";
import { minerHost } from "./miner_host.ts";

const asset = (symbol: string, changes: Partial<Asset> = {}): Asset => ({
  symbol,
  assetClass: symbol.includes("/") ? "crypto" : "us_equity",
  name: `${symbol} Inc`,
  exchange: "NYSE",
  tradable: true,
  shortable: true,
  easyToBorrow: true,
  fractionable: true,
  minOrderQty: "1",
  qtyIncrement: "1",
  priceIncrement: null,
  ...changes,
});

const provider = {
  assets: (assetClass: string) =>
    Promise.resolve(
      [
        asset("MSFT"),
        asset("AAPL", { name: "" }),
        asset("OLD", { tradable: false }),
        asset("A/USD"),
      ]
        .filter((one) => one.assetClass === assetClass),
    ),
  reference: (symbols: readonly string[]) =>
    Promise.resolve(
      new Map([
        ["MSFT", { sector: "Software", similar: ["AAPL"], asked: symbols.length }],
        ["ELSE", { sector: "Nobody asked" }],
      ]),
    ),
} as unknown as DataProvider;

function hostOf(options: { remote?: Remote | null; tables?: string[]; batches?: unknown[] }) {
  return minerHost({
    settings: { dataFolder: "/nonexistent" } as Settings,
    remote: () => Promise.resolve(options.remote ?? null),
    store: { batches: () => Promise.resolve(options.batches ?? []) } as unknown as Store,
    date: "2022-01-05",
    tables: options.tables ?? [],
    isDryRun: false,
    nowUs: 0,
    signal: new AbortController().signal,
  });
}

Deno.test("what is known of symbols is what the assets say, and what the provider adds", async () => {
  const host = hostOf({ remote: { source: "x", provider, clock: { nowUs: () => 0 } } });
  assert.deepEqual(await host.symbols("us_equity"), ["AAPL", "MSFT"]);
  const all = await host.reference(null);
  assert.deepEqual([...all], [
    ["AAPL", { exchange: "NYSE" }],
    [
      "MSFT",
      { name: "MSFT Inc", exchange: "NYSE", sector: "Software", similar: ["AAPL"], asked: 2 },
    ],
  ]);
  // Asked for by its name, one that cannot be traded any more is known too.
  assert.deepEqual([...(await host.reference(["OLD", "A/USD", "NONE"])).keys()], ["A/USD", "OLD"]);
});

Deno.test("without a provider there is what is on disk, and nothing is known of it", async () => {
  const host = hostOf({});
  assert.deepEqual(await host.symbols("us_equity"), []);
  assert.deepEqual([...await host.reference(["AAPL"])], []);
});

Deno.test("batches of the last days are those that began in them, the oldest first", async () => {
  const at = (batchId: string, date: string, time: string) => ({
    batchId,
    environment: "PAPER",
    startUs: exchangeUs(date, time),
  });
  const batches = [
    at("tomorrow", "2022-01-06", "00:00"),
    at("late", "2022-01-05", "23:59"),
    at("early", "2022-01-04", "00:00"),
    at("before", "2022-01-03", "23:59"),
  ];
  const found = await hostOf({ batches }).batches(2);
  assert.deepEqual(found.map(({ batchId }) => batchId), ["early", "late"]);
});

Deno.test("gains are stored for a miner whose section names their tables", async () => {
  const refused = hostOf({ tables: ["gain_loss"] }).analyze("b");
  await assert.rejects(refused, {
    name: "ConfigError",
    message: /the tables trade_analysis\. Add/,
  });
});
