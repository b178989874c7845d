// Alpaca's own client against a simulated exchange: node session.mjs BASE_URL STOCK
// One JSON line a check: {"check", "error": null | text}.
import assert from "node:assert/strict";
import { Alpaca, streaming } from "@alpacahq/alpaca-trade-api";

const [baseUrl, stock] = process.argv.slice(2);
const credentials = { keyId: "official", secret: "client" };
const alpaca = new Alpaca({
  ...credentials,
  retry: false,
  rateLimit: false,
  // Trading and data hosts are both the simulated exchange.
  fetchApi: (url, init) => {
    const { pathname, search } = new URL(url);
    return fetch(baseUrl + pathname + search, init);
  },
});
const { trading, marketData } = alpaca;
const socketUrl = baseUrl.replace("http", "ws");

async function check(name, run) {
  let error = null;
  try {
    await run();
  } catch (thrown) {
    error = thrown.stack ?? String(thrown);
  }
  console.log(JSON.stringify({ check: name, error }));
}

const TESTS = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  flag: (value) => typeof value === "boolean",
  list: (value) => Array.isArray(value),
  time: (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  /** The client reads some of the history's times, and leaves others as texts. */
  stamp: (value) => !Number.isNaN(new Date(value).getTime()),
};

/** Every field of an object is of the kind under which it is named. */
function shape(object, kinds) {
  for (const [kind, names] of Object.entries(kinds)) {
    for (const name of names.split(" ")) {
      const value = object[name];
      assert.ok(
        TESTS[kind](value),
        `${name} must be a ${kind}, is ${JSON.stringify(value)}`,
      );
    }
  }
}

const BAR = {
  number: "open high low close volume vwap tradeCount",
  time: "timestamp",
};
const TRADE = {
  number: "price size id",
  time: "timestamp",
  text: "exchange tape",
};
const QUOTE = {
  number: "bidPrice bidSize askPrice askSize",
  time: "timestamp",
};
const ORDER = {
  text: "id clientOrderId assetId symbol assetClass filledQty type orderType side timeInForce " +
    "status positionIntent",
  time: "createdAt updatedAt submittedAt",
  flag: "extendedHours",
};

await check("account", async () => {
  shape(await trading.account.getAccount(), {
    text: "id accountNumber status cryptoStatus currency cash equity lastEquity buyingPower " +
      "regtBuyingPower nonMarginableBuyingPower initialMargin maintenanceMargin " +
      "lastMaintenanceMargin sma multiplier longMarketValue shortMarketValue portfolioValue " +
      "accruedFees pendingTransferIn pendingTransferOut intradayAdjustments balanceAsof",
    flag: "shortingEnabled tradingBlocked transfersBlocked accountBlocked tradeSuspendedByUser",
    time: "createdAt",
  });
  assert.equal((await trading.validateConnection()).ok, true);
});

await check("clock and calendar", async () => {
  const clock = await trading.clock.legacyClock();
  shape(clock, { flag: "isOpen", time: "timestamp nextOpen nextClose" });
  assert.equal(clock.isOpen, true);
  const days = await trading.calendar.legacyCalendar({
    start: new Date("2022-01-03"),
    end: new Date("2022-01-07"),
  });
  assert.equal(days.length, 5);
  shape(days[0], {
    text: "open close sessionOpen sessionClose",
    time: "date settlementDate",
  });
});

await check("assets", async () => {
  const assets = await trading.assets.getV2Assets({ assetClass: "us_equity" });
  assert.equal(assets.length, 3);
  shape(assets[0], {
    text: "id _class exchange symbol name status borrowStatus marginRequirementLong " +
      "marginRequirementShort",
    flag: "tradable marginable shortable easyToBorrow fractionable",
    number: "maintenanceMarginRequirement",
    list: "attributes",
  });
  const bitcoin = await trading.assets.getV2AssetsSymbolOrAssetId({
    symbolOrAssetId: "BTC/USD",
  });
  shape(bitcoin, { text: "minOrderSize minTradeIncrement priceIncrement" });
  assert.equal(bitcoin.symbol, "BTC/USD");
});

await check("history of stocks", async () => {
  const start = new Date("2021-12-20");
  const bars = await marketData.getStockBars({
    symbols: [stock],
    timeframe: "1Day",
    start,
  });
  assert.ok(bars[stock].length >= 9);
  shape(bars[stock][0], BAR);
  const raw = await marketData.stocks.stockTrades({ symbols: stock, limit: 3 });
  assert.equal(raw.trades[stock].length, 3);
  shape(raw.trades[stock][0], {
    number: "p s i",
    text: "x z",
    list: "c",
    stamp: "t",
  });
  assert.equal(typeof raw.nextPageToken, "string");
  const quotes = await marketData.stocks.stockQuoteSingle({
    symbol: stock,
    limit: 2,
  });
  shape(quotes.quotes[0], {
    number: "bp bs ap as",
    text: "bx ax z",
    list: "c",
    stamp: "t",
  });
  const snapshots = await marketData.stocks.stockSnapshots({ symbols: stock });
  const { latestTrade, latestQuote, minuteBar, dailyBar, prevDailyBar } = snapshots[stock];
  for (const bar of [minuteBar, dailyBar, prevDailyBar]) {
    shape(bar, { number: "o h l c v n vw", stamp: "t" });
  }
  assert.ok(latestQuote.bp < latestQuote.ap);
  assert.equal(await marketData.getLatestPrice(stock), latestTrade.p);
});

await check("history of crypto", async () => {
  const loc = "us";
  const { bars } = await marketData.crypto.cryptoBars({
    loc,
    symbols: "BTC/USD",
    timeframe: "1Hour",
    start: new Date("2022-01-03T05:00:00Z"),
  });
  shape(bars["BTC/USD"][0], { number: "o h l c v n vw", stamp: "t" });
  const { snapshots } = await marketData.crypto.cryptoSnapshots({
    loc,
    symbols: "BTC/USD",
  });
  shape(snapshots["BTC/USD"].latestTrade, {
    number: "p s i",
    text: "tks",
    stamp: "t",
  });
  shape(snapshots["BTC/USD"].latestQuote, {
    number: "bp bs ap as",
    stamp: "t",
  });
});

const updates = [];
let wake = () => {};
const tradeStream = new streaming.TradingStream({
  credentials,
  url: `${socketUrl}/stream`,
  reconnect: false,
});
tradeStream.onTradeUpdate((update) => {
  updates.push(update);
  wake();
});

async function updateOf(orderId, event) {
  for (;;) {
    const found = updates.find((update) => update.event === event && update.order.id === orderId);
    if (found) return found;
    await new Promise((resolve) => wake = resolve);
  }
}

await check("a market order's way on the trading stream", async () => {
  const listening = new Promise((resolve) => tradeStream.on("subscription", resolve));
  tradeStream.subscribeTradeUpdates();
  tradeStream.connect();
  assert.equal(await tradeStream.waitForAuthentication(5000), true);
  assert.deepEqual(await listening, ["trade_updates"]);
  const order = await trading.orders.market({
    symbol: stock,
    qty: 10,
    side: "buy",
  });
  shape(order, ORDER);
  assert.equal(order.qty, "10");
  await updateOf(order.id, "new");
  const fill = await updateOf(order.id, "fill");
  shape(fill, { text: "executionId price qty positionQty", time: "timestamp" });
  shape(fill.order, { ...ORDER, time: ORDER.time + " filledAt" });
  assert.equal(fill.order.status, "filled");
  assert.equal(fill.positionQty, "10");
});

await check("positions and activities", async () => {
  const position = await trading.positions.getOpenPosition({
    symbolOrAssetId: stock,
  });
  shape(position, {
    text: "assetId symbol exchange assetClass qty qtyAvailable side avgEntryPrice marketValue " +
      "costBasis unrealizedPl unrealizedPlpc unrealizedIntradayPl unrealizedIntradayPlpc " +
      "currentPrice lastdayPrice changeToday",
    flag: "assetMarginable",
  });
  assert.equal((await trading.positions.getAllOpenPositions()).length, 1);
  const fills = await trading.accountActivities.getAccountActivities({
    activityTypes: ["FILL"],
  });
  shape(fills[0], {
    text: "activityType id cumQty leavesQty orderId orderStatus price qty side symbol type",
    time: "transactionTime",
  });
});

await check("orders of all kinds, replaced and canceled", async () => {
  const { c: close } = (await marketData.stocks.stockLatestBarSingle({ symbol: stock })).bar;
  const far = (share) => Number((close * share).toFixed(2));
  const sell = { symbol: stock, qty: 1, side: "sell" };
  const buy = { symbol: stock, qty: 1, side: "buy" };
  const orders = [
    await trading.orders.limit({
      ...sell,
      limitPrice: far(1.5),
      timeInForce: "gtc",
    }),
    await trading.orders.stop({ ...sell, stopPrice: far(0.5) }),
    await trading.orders.stopLimit({
      ...sell,
      stopPrice: far(0.5),
      limitPrice: far(0.49),
    }),
    await trading.orders.trailingStop({ ...sell, trailPercent: 20 }),
    await trading.orders.oco({
      ...sell,
      takeProfit: { limitPrice: far(1.5) },
      stopLoss: { stopPrice: far(0.5) },
    }),
  ];
  for (const order of orders) shape(order, ORDER);
  const replaced = await trading.orders.patchOrderByOrderId({
    orderId: orders[0].id,
    patchOrderRequest: { limitPrice: String(far(1.6)) },
  });
  assert.equal(replaced.replaces, orders[0].id);
  await updateOf(orders[0].id, "replaced");
  await trading.orders.deleteOrderByOrderID({ orderId: replaced.id });
  await updateOf(replaced.id, "canceled");
  const open = await trading.orders.getAllOrders({
    status: "open",
    nested: true,
  });
  assert.equal(open.filter((order) => order.legs?.length > 0).length, 1);
  const canceled = await trading.orders.deleteAllOrders();
  assert.ok(
    canceled.length >= 4 && canceled.every(({ status }) => status === 200),
  );
  const bracket = await trading.orders.bracket({
    ...buy,
    limitPrice: far(0.6),
    takeProfit: { limitPrice: far(0.7) },
    stopLoss: { stopPrice: far(0.5) },
  });
  assert.equal(bracket.legs.length, 2);
  shape(bracket.legs[0], ORDER);
  const found = await trading.orders.getOrderByClientOrderId({
    clientOrderId: bracket.clientOrderId,
  });
  assert.equal(found.id, bracket.id);
  await trading.orders.deleteOrderByOrderID({ orderId: bracket.id });
});

await check("an order submitted and awaited, positions closed", async () => {
  const order = await trading.orders.market({
    symbol: "BTC/USD",
    qty: 0.01,
    side: "buy",
    timeInForce: "gtc",
  });
  await updateOf(order.id, "fill");
  const closed = await trading.closeAllPositions({ cancelOrders: true });
  assert.deepEqual(closed.map(({ status }) => status), [200, 200]);
  for (const { body } of closed) await updateOf(body.id, "fill");
  assert.deepEqual(await trading.positions.getAllOpenPositions(), []);
});

await check("errors are the client's own classes", async () => {
  const { NotFoundError, ApiError } = await import(
    "@alpacahq/alpaca-trade-api"
  );
  await assert.rejects(
    trading.orders.getOrderByOrderID({ orderId: "none" }),
    NotFoundError,
  );
  await assert.rejects(
    trading.orders.limit({
      symbol: stock,
      qty: 1,
      side: "buy",
      limitPrice: 1.2345,
    }),
    (error) => error instanceof ApiError && error.status === 422,
  );
});

/** Connects, subscribes, and waits for one of each. */
async function streamOnce(stream, symbol, kinds) {
  const got = {};
  const all = new Promise((resolve) => {
    for (const [kind, method] of Object.entries(kinds)) {
      stream[`on${kind}`]((event) => {
        got[kind] ??= event;
        if (Object.keys(kinds).every((name) => got[name])) resolve();
      });
      stream.onConnect(() => stream[method]([symbol]));
    }
  });
  stream.connect();
  assert.equal(await stream.waitForAuthentication(5000), true);
  await all;
  stream.disconnect();
  return got;
}

await check("the stock data stream, msgpack", async () => {
  const { Trade, Quote, Bar, DailyBar } = await streamOnce(
    new streaming.StockDataStream({
      credentials,
      url: `${socketUrl}/v2/iex`,
      reconnect: false,
    }),
    stock,
    {
      Trade: "subscribeForTrades",
      Quote: "subscribeForQuotes",
      Bar: "subscribeForBars",
      DailyBar: "subscribeForDailyBars",
    },
  );
  shape(Trade, {
    ...TRADE,
    text: "symbol exchange tape timestampRaw",
    list: "conditions",
  });
  shape(Quote, {
    ...QUOTE,
    text: "symbol bidExchange askExchange tape",
    list: "conditions",
  });
  for (const bar of [Bar, DailyBar]) {
    shape(bar, { ...BAR, text: "symbol timestampRaw" });
  }
});

await check("the crypto data stream, msgpack", async () => {
  const url = `${socketUrl}/v1beta3/crypto/us`;
  const { Bar } = await streamOnce(
    new streaming.CryptoDataStream({ credentials, url, reconnect: false }),
    "BTC/USD",
    { Bar: "subscribeForBars" },
  );
  shape(Bar, BAR);
});

tradeStream.disconnect();
// The client keeps a timer of 30 s for each request that it has sent.
process.exit(0);
