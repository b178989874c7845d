/** Sessions on an exchange whose clock runs by itself, as a real one's does: no steps, no acknowledgements. */
import assert from "node:assert/strict";
import { cashOf, exchangeEnv, inFolder, Liu, type SimulateProcess, writeFiles } from "./program.ts";

const KEYS = { keyId: "k", secretKey: "s" };
const CLOSE_US = Date.parse("2022-01-03T21:00:00Z") * 1000;
/** Market seconds in a second. */
const SPEED = 120;
const SYMBOLS = 5;

const FILES = {
  "tradeplan.toml": `market_liquidation_end_time_minutes = 15
[scanners.all]
filename = "all.ts"
[strategies.keeper]
filename = "keeper.ts"
`,
  "all.ts": `import { Scanner, type ScanContext } from "liu";
export default class All extends Scanner {
  async run({ market }: ScanContext) {
    return (await market.snapshots()).top(10, "dollarVolume");
  }
}
`,
  "keeper.ts": `import { buy, Strategy, type Tick } from "liu";
/** Buys a share of each symbol, and keeps it until somebody else closes it. */
export default class Keeper extends Strategy {
  setup() {
    return { bought: false };
  }
  run({ state }: Tick<this>) {
    if (state.bought) return;
    state.bought = true;
    return buy({ qty: 1 });
  }
}
`,
};

/** Runs with an exchange that is at 15:20 of a session, and a database that is ready. */
async function onExchange(
  run: (liu: Liu, exchange: SimulateProcess) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const liu = new Liu(folder);
    await writeFiles(folder, FILES);
    const { code, err } = await liu.run(["migrate"]);
    assert.equal(code, 0, err);
    const exchange = await liu.simulate([
      ...["--generate", String(SYMBOLS), "--seed", "3", "--speed", String(SPEED)],
      ...["--start", "2022-01-03T20:20:00Z", "--end", "2022-01-03T21:05:00Z"],
    ]);
    try {
      await run(liu, exchange);
    } finally {
      assert.equal((await exchange.stop()).code, 0);
    }
  });
}

Deno.test("a live session trades, loses nothing, and is flat before the close", () =>
  onExchange(async (liu, exchange) => {
    const { code, out, err } = await liu.run(
      ["trader", "--json"],
      exchangeEnv(exchange.baseUrl, KEYS),
    );
    assert.equal(code, 0, out + err);
    const session = JSON.parse(out);
    assert.equal(session.endReason, "market close");
    assert.equal(session.dropped, 0);
    assert.ok(session.marketRows >= SYMBOLS * 10, `${session.marketRows} rows`);
    assert.deepEqual(session.open, []);
    assert.doesNotMatch(err, /out of sync/);

    const { trades, runs, totals } = await liu.analysis();
    const operations = trades.map(({ symbol, operation }) => `${symbol} ${operation}`);
    const symbols = [...new Set(trades.map(({ symbol }) => symbol))];
    assert.equal(symbols.length, SYMBOLS, operations.join(", "));
    assert.deepEqual(
      operations.sort(),
      symbols.flatMap((symbol) => [`${symbol} buy`, `${symbol} sell`]).sort(),
    );
    for (const { operation, tradeUs } of trades) {
      if (operation !== "sell") continue;
      assert.ok(tradeUs >= CLOSE_US - 15 * 60e6 && tradeUs < CLOSE_US, `sold at ${tradeUs}`);
    }
    assert.ok(runs.every(({ endReason }) => endReason === "market close"));
    const gain = Number(await cashOf(exchange.baseUrl, KEYS)) - 100_000;
    assert.equal(gain.toFixed(2), Number(totals.gainValue).toFixed(2));
  }));

Deno.test({
  name: "a session that is interrupted ends in order, and keeps what it traded",
  ignore: Deno.build.os === "windows",
  fn: () =>
    onExchange(async (liu, exchange) => {
      const child = liu.start(["trader"], exchangeEnv(exchange.baseUrl, KEYS));
      const errors = new Response(child.stderr).text();
      let out = "";
      for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
        const boughtBefore = bought(out);
        out += text;
        // No order is on its way: the exchange would go on to fill it.
        if (boughtBefore < SYMBOLS && bought(out) === SYMBOLS) child.kill("SIGINT");
      }
      const { code } = await child.status;
      assert.equal(code, 0, out + await errors);
      assert.match(out, /Batch [-0-9a-f]+ ended: interrupted/);
      const { runs, trades } = await liu.analysis();
      assert.deepEqual([...new Set(runs.map(({ endReason }) => endReason))], ["interrupted"]);
      assert.ok(runs.every(({ endUs }) => endUs !== null));
      assert.equal(trades.length, SYMBOLS);
      // What the session bought it also knows of, to the last share.
      const cost = trades.reduce((sum, { qty, price }) => sum + Number(qty) * Number(price), 0);
      const paid = 100_000 - Number(await cashOf(exchange.baseUrl, KEYS));
      assert.equal(paid.toFixed(2), cost.toFixed(2));
    }),
});

/** Lines of trades that bought. */
function bought(out: string): number {
  return out.match(/keeper: buy/g)?.length ?? 0;
}
