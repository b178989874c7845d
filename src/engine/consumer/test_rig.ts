/** A consumer for tests, driven by plain messages: what it sends is kept. */
import type { Strategy, StrategyContext } from "../../contracts/strategy.ts";
import type { Asset } from "../../model/asset.ts";
import { type BarColumns, emptyBars } from "../../model/bars.ts";
import { exchangeUs } from "../../model/calendar.ts";
import { MarketBatch, RowKind } from "../../model/market_batch.ts";
import type {
  ConsumerToGateway,
  ConsumerToMain,
  Intent,
  OrderReport,
  PositionFigures,
} from "../../protocol.ts";
import { Consumer } from "./consumer.ts";
import { strategyRun } from "./load_strategies.ts";
import { MINUTE_US } from "./symbol_state.ts";

export const OPEN_US = exchangeUs("2022-01-03", "09:30");
const CLOSE_US = exchangeUs("2022-01-03", "16:00");

export function asset(symbol: string): Asset {
  return {
    symbol,
    assetClass: "us_equity",
    name: symbol,
    exchange: "NASDAQ",
    tradable: true,
    shortable: true,
    easyToBorrow: true,
    fractionable: true,
    minOrderQty: "0.000000001",
    qtyIncrement: "0.000000001",
    priceIncrement: null,
  };
}

/** Minute bars from the open on: [minute, open, high, low, close, volume], VWAP the close. */
export function history(...rows: number[][]): BarColumns {
  const bars = emptyBars(rows.length);
  rows.forEach(([minute, open, high, low, close, volume], i) => {
    bars.timeUs[i] = OPEN_US + minute * MINUTE_US;
    bars.open[i] = open;
    bars.high[i] = high;
    bars.low[i] = low;
    bars.close[i] = bars.vwap[i] = close;
    bars.volume[i] = volume;
  });
  return bars;
}

/** Times are seconds since the open. */
export type Row =
  | {
    bar: [minute: number, open: number, high: number, low: number, close: number, volume: number];
  }
  | { update: [minute: number, open: number, high: number, low: number, close: number, v: number] }
  | { trade: [seconds: number, price: number, size: number] }
  | { quote: [seconds: number, bid: number, bidSize: number, ask: number, askSize: number] }
  | { halted: boolean }
  | { gap: number; goesOn?: boolean }
  /** A trade that was taken back, or corrected. */
  | { takenBack: [seconds: number, price: number, size: number] }
  | { step: number; seconds: number };

type StrategyType = new (context: StrategyContext) => Strategy;

export class Rig {
  nowUs = OPEN_US;
  readonly main: ConsumerToMain[] = [];
  readonly gateway: ConsumerToGateway[] = [];
  readonly sequence = new Float64Array(1);
  readonly control = new Int32Array(8);
  readonly consumer: Consumer;
  #symbols: string[] = [];
  #rows = 0;

  constructor(options: {
    strategies: StrategyType[];
    symbols?: string[];
    stepping?: boolean;
    events?: ("second" | "minute" | "trade" | "quote")[];
    history?: BarColumns;
    checkpoints?: boolean;
  }) {
    const { strategies, symbols = ["AAPL"], events = ["minute"], stepping = false } = options;
    const runs = strategies.map((type, index) =>
      strategyRun(type as never, {
        name: type.name,
        index,
        params: {},
        schedule: [],
        keystore: [],
        toMain: (message) => this.main.push(message),
        onKeystoreSet: (...value) => this.consumer.onKeystoreSet(type.name, ...value),
      })
    );
    this.consumer = new Consumer({
      index: 0,
      clock: {
        rate: stepping ? 0 : 1,
        nowUs: () => this.nowUs,
        advanceTo: (us) => this.nowUs = Math.max(this.nowUs, us),
      },
      stepping,
      events,
      portfolioValue: 0,
      strategies: runs,
      checkpoints: options.checkpoints,
      sequence: this.sequence,
      control: this.control,
      toGateway: (message) => this.gateway.push(message),
      toMain: (message) => this.main.push(message),
      describeThrown: (error) => ({ message: String(error), stack: "" }),
    });
    const window = { date: "2022-01-03", openUs: OPEN_US, closeUs: CLOSE_US };
    this.consumer.onMain({
      type: "session",
      windows: [{ assetClass: "us_equity", ...window }],
    });
    this.consumer.onMain({
      type: "runs",
      runs: runs.map(({ name }, i) => ({
        runId: i + 1,
        strategy: name,
        consumer: 0,
        dayTrade: true,
      })),
    });
    this.consumer.onGateway({
      type: "account",
      account: { cash: 100_000, equity: 100_000, buyingPower: 200_000 },
    });
    for (const symbol of symbols) {
      this.follow(symbol, runs.map((_, i) => i + 1), options.history);
    }
  }

  follow(symbol: string, runIds: number[], history = emptyBars()): void {
    const symbolId = this.#symbols.length;
    this.consumer.onMain({ type: "symbols", first: symbolId, names: [symbol] });
    this.#symbols.push(symbol);
    const previousClose = 10;
    const message = { symbol, symbolId, asset: asset(symbol), runIds, history, previousClose };
    this.consumer.onMain({ type: "follow", ...message });
  }

  /** Rows of one symbol, in one batch; the clock is set to the newest of them. */
  send(rows: Row[], symbol = "AAPL"): void {
    const batch = this.batch(rows, symbol);
    for (let i = 0; i < batch.length; i++) {
      const isBar = batch.kind[i] <= RowKind.updatedBar;
      this.nowUs = Math.max(this.nowUs, batch.timeUs[i] + (isBar ? MINUTE_US : 0));
    }
    this.give(batch);
  }

  /** Rows as the producer would number them. */
  batch(rows: Row[], symbol = "AAPL"): MarketBatch {
    const id = this.#symbols.indexOf(symbol);
    const batch = new MarketBatch(Math.max(1, rows.length));
    batch.firstSeq = this.#rows;
    this.#rows += rows.length;
    this.sequence[0] = this.#rows;
    for (const row of rows) push(batch, id, row);
    return batch;
  }

  give({ buffer, length, firstSeq }: MarketBatch): void {
    this.consumer.onMain({ type: "market", buffer, length, firstSeq });
  }

  beginStep(n: number, seconds: number, cash = 100_000): void {
    const account = { cash, equity: cash, buyingPower: cash };
    this.consumer.onGateway({ type: "stepBegin", n, timeUs: OPEN_US + seconds * 1e6, account });
  }

  report(report: Partial<OrderReport>): void {
    this.consumer.onGateway({
      type: "report",
      runId: 1,
      symbol: "AAPL",
      event: "order_status",
      intentSeq: -1,
      fill: null,
      denial: null,
      position: null,
      openOrder: null,
      ...report,
    });
  }

  get intents(): Intent[] {
    return this.gateway.flatMap((message) =>
      message.type === "intent"
        ? [message.intent]
        : message.type === "stepDone"
        ? message.intents
        : []
    );
  }

  /** What was sent to main of this type. */
  sent<Type extends ConsumerToMain["type"]>(
    type: Type,
  ): Extract<ConsumerToMain, { type: Type }>[] {
    return this.main.filter((message) => message.type === type) as never;
  }
}

export function position(qty: number, averagePrice = 10): PositionFigures {
  return { qty, averagePrice, openedUs: OPEN_US, stopPrice: null, targetPrice: null };
}

function push(batch: MarketBatch, id: number, row: Row): void {
  const at = (seconds: number) => OPEN_US + seconds * 1e6;
  const bar = (kind: RowKind, [minute, open, high, low, close, volume]: number[]) =>
    batch.push(kind, id, at(minute * 60), open, high, low, close, volume, 1, close);
  if ("bar" in row) bar(RowKind.minuteBar, row.bar);
  else if ("update" in row) bar(RowKind.updatedBar, row.update);
  else if ("trade" in row) {
    const [seconds, price, size] = row.trade;
    batch.push(RowKind.trade, id, at(seconds), price, size, 0, 0, 0, 0, 0);
  } else if ("quote" in row) {
    const [seconds, bid, bidSize, ask, askSize] = row.quote;
    batch.push(RowKind.quote, id, at(seconds), bid, bidSize, ask, askSize, 0, 0, 0);
  } else if ("halted" in row) {
    batch.push(RowKind.status, id, OPEN_US, row.halted ? 1 : 0, 0, 0, 0, 0, 0, 0);
  } else if ("gap" in row) {
    batch.push(RowKind.gap, id, OPEN_US, row.gap, row.goesOn ? 1 : 0, 0, 0, 0, 0, 0);
  } else if ("takenBack" in row) {
    const [seconds, price, size] = row.takenBack;
    batch.push(RowKind.cancelTrade, id, at(seconds), 1, price, size, 0, 0, 0, 0);
  } else batch.push(RowKind.step, 0, at(row.seconds), row.step, 0, 0, 0, 0, 0, 0);
}
