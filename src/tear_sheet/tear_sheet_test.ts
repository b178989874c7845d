import assert from "node:assert/strict";
import { at, barsOf, execution, runRow, selectionOf } from "../analysis/fixture.ts";
import { frameCsv } from "../analysis/frame.ts";
import { tripFrame } from "../analysis/frames.ts";
import { PriceBook } from "../analysis/price_book.ts";
import { buildReport } from "../analysis/report.ts";
import { tearSheet } from "./tear_sheet.ts";

const HOSTILE = `<img src=x onerror=alert(1)>`;
const NAMES = [
  HOSTILE,
  `</script><script>alert(1)</script>`,
  `"><svg onload=alert(1)>`,
  `=cmd|' /C calc'!A0`,
  `a&amp;b`,
  `\u202Eevil`,
];

/** All of them as symbol, strategy, parameter, reason and id. */
function hostileReport() {
  const prices = new PriceBook();
  const trades = NAMES.flatMap((symbol, i) => {
    prices.add(symbol, "minute", barsOf(at("10:00"), [100, 101, 102, 99]));
    return [
      execution(at("10:01"), "buy", "10", "100", { symbol, algoRunId: i + 1, stopPrice: "98" }),
      execution(at("10:03"), "sell", "10", "103", { symbol, algoRunId: i + 1 }),
    ];
  });
  const runs = NAMES.map((name, i) =>
    runRow({
      algoRunId: i + 1,
      algoName: name,
      batchId: HOSTILE,
      buildNumber: name,
      parameters: { [name]: name },
      endReason: name,
    })
  );
  const denial = {
    algoRunId: 1,
    symbol: HOSTILE,
    side: "buy" as const,
    qty: null,
    by: "risk" as const,
    code: HOSTILE,
    message: HOSTILE,
    timeUs: at("10:00"),
  };
  const selection = selectionOf(trades, {
    runs,
    batchIds: [HOSTILE],
    denials: [denial],
    figures: new Map(),
    filters: { symbols: NAMES, strategies: NAMES },
  });
  return buildReport(selection, { prices, startEquity: 1000, benchmark: HOSTILE });
}

/** Without what stands in quotes, where all is allowed but quotes. */
function tagsOf(page: string) {
  return page.replace(/"[^"<>]*"/g, '""').matchAll(/<[a-z][^>]*>/gi);
}

Deno.test("no name becomes a part of the page, wherever it stands", async () => {
  const page = await tearSheet(hostileReport());
  const tags = new Set([...page.matchAll(/<([a-z0-9]+)/gi)].map(([, name]) => name.toLowerCase()));
  for (const tag of ["script", "img", "iframe", "object", "link"]) assert.ok(!tags.has(tag), tag);
  // Attributes that begin with "on" would be handlers.
  for (const [tag] of tagsOf(page)) {
    assert.doesNotMatch(tag, /\son\w+\s*=/i, tag);
  }
  assert.ok(page.includes("&lt;img src=x onerror=alert(1)&gt;"));
  assert.match(page, /Content-Security-Policy/);
});

Deno.test("the page loads nothing, and is the same for the same rows", async () => {
  const page = await tearSheet(hostileReport());
  assert.doesNotMatch(page, /url\(|@import/i);
  for (const [tag] of tagsOf(page)) assert.doesNotMatch(tag, /\s(src|href|action|data)\s*=/i, tag);
  assert.equal(await tearSheet(hostileReport()), page);
});

Deno.test("in CSV no text is a formula", () => {
  const csv = frameCsv(tripFrame(hostileReport().trips));
  for (const line of csv.split("\r\n").slice(1, -1)) {
    for (const cell of line.matchAll(/(?:^|,)("?)([^,"]?)/g)) {
      assert.doesNotMatch(cell[2], /[=+@\t]/, line);
    }
  }
  assert.ok(csv.includes(`'=cmd|' /C calc'!A0`));
});

Deno.test("a page of nothing says so, and is whole", async () => {
  const page = await tearSheet(buildReport(selectionOf([]), { prices: new PriceBook() }));
  assert.match(page, /There are no executions\./);
  assert.match(page, /<\/html>\s*$/);
  assert.doesNotMatch(page, /NaN|undefined|Infinity/);
});

Deno.test("100,000 trades make a page of about the size of one of a thousand", async () => {
  const many = (count: number) =>
    Array.from({ length: count }, (_, i) => [
      execution(at("09:30") + i * 2e5, "buy", "1", String(100 + i % 7), { stopPrice: "90" }),
      execution(at("09:30") + i * 2e5 + 1e5, "sell", "1", String(100 + i % 11)),
    ]).flat();
  const pageOf = async (count: number) => {
    const report = buildReport(selectionOf(many(count)), { prices: new PriceBook() });
    assert.equal(report.trips.length, count);
    return await tearSheet(report);
  };
  const [some, all] = [await pageOf(1000), await pageOf(100_000)];
  assert.ok(all.length < 1.5 * some.length, `${all.length} of ${some.length} characters`);
  assert.match(all, /the newest 200 exits of 100,000; all of them: liu analyze --csv/);
});
