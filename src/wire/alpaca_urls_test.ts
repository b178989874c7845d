import { strict as assert } from "node:assert";
import { ConfigError } from "../util/errors.ts";
import { alpacaUrls } from "./alpaca_urls.ts";

Deno.test("Alpaca's addresses follow from the base URL", () => {
  const paper = alpacaUrls("https://paper-api.alpaca.markets/v2");
  assert.equal(paper.trading, "https://paper-api.alpaca.markets");
  assert.equal(paper.data, "https://data.alpaca.markets");
  assert.equal(paper.dataStream, "wss://stream.data.alpaca.markets");
  assert.equal(paper.tradingStream, "wss://paper-api.alpaca.markets");
  assert.deepEqual(paper.hosts, [
    "paper-api.alpaca.markets:443",
    "data.alpaca.markets:443",
    "stream.data.alpaca.markets:443",
  ]);
});

Deno.test("a simulated exchange serves everything on one origin", () => {
  const urls = alpacaUrls("http://127.0.0.1:8080");
  assert.deepEqual([urls.data, urls.dataStream], ["http://127.0.0.1:8080", "ws://127.0.0.1:8080"]);
  assert.deepEqual(urls.hosts, ["127.0.0.1:8080"]);
  assert.equal(urls.isSimulated, true);
});

Deno.test("money is at stake at all hosts but the paper one, and at no look-alike", () => {
  const table: [string, boolean, boolean][] = [
    ["https://api.alpaca.markets", true, false],
    ["https://API.ALPACA.MARKETS.", true, false],
    ["https://paper-api.alpaca.markets", false, false],
    ["https://other-api.alpaca.markets", true, false],
    ["https://api.alpaca.markets.example.com", false, true],
    ["https://notalpaca.markets", false, true],
  ];
  for (const [url, isRealMoney, isSimulated] of table) {
    const urls = alpacaUrls(url);
    assert.deepEqual([urls.isRealMoney, urls.isSimulated], [isRealMoney, isSimulated], url);
  }
});

Deno.test("an address that is none is told with its variable", () => {
  assert.throws(() => alpacaUrls("paper-api.alpaca.markets"), /APCA_API_BASE_URL/);
  assert.throws(() => alpacaUrls("https://x.example", "what"), /ALPACA_STREAM_URL/);
  assert.throws(() => alpacaUrls("ftp://x.example"), ConfigError);
});
