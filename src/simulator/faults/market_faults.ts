/** What happens to a market, or to an account from outside of its trader. */
import type { FaultKind, FaultOf } from "../../config/fault_kinds.ts";
import { plain } from "../../util/decimal.ts";
import { NO_TERMS } from "./plain_order.ts";
import type { AlpacaStreamChannel } from "../../wire/alpaca_types.ts";
import { barMessage, type WireEvent } from "../event_encoder.ts";
import type { LiveFault } from "./fault_book.ts";
import { splitSymbol } from "./split.ts";
import type { AdversaryWorld } from "./world.ts";

export type MarketFaultKind = Extract<
  FaultKind,
  | "halt"
  | "luld"
  | "correction"
  | "trade_cancel"
  | "bar_update"
  | "split"
  | "manual_trade"
  | "forced_liquidation"
>;

/** Tape C's codes and words: the simulated exchange's symbols are on it. */
const HALTS = {
  news: { rc: "T1", rm: "Halt - News Pending" },
  luld: { rc: "LUDP", rm: "Volatility Trading Pause" },
  market_wide: { rc: "MWC1", rm: "Market Wide Circuit Breaker Halt - Level 1" },
} as const;

export class MarketFaults {
  readonly #world: AdversaryWorld;

  constructor(world: AdversaryWorld) {
    this.#world = world;
  }

  apply(fault: LiveFault<FaultOf<MarketFaultKind>>): void {
    const { spec } = fault;
    for (const symbol of spec.symbols ?? this.#defaultSymbols(spec.kind)) {
      if (this.#world.assets.assetOf(symbol) === null) continue;
      if (!this.#do(fault, symbol)) continue;
      this.#world.book.note(fault, { symbol, what: spec.kind });
    }
  }

  resume({ symbols }: FaultOf<"halt">): void {
    for (const symbol of symbols ?? this.#defaultSymbols("halt")) {
      if (this.#world.exchange.market(symbol).isHalted) this.#resume(symbol);
    }
  }

  /** Where none is named: all that is held; of the market's own faults all symbols. */
  #defaultSymbols(kind: MarketFaultKind): string[] {
    const { accounts, assets, exchange } = this.#world;
    if (kind !== "forced_liquidation") return assets.all().map(({ symbol }) => symbol);
    return [
      ...new Set(accounts.ids().flatMap((id) => exchange.positions(id).map((one) => one.symbol))),
    ];
  }

  /** False: there is nothing yet that it could be done to. */
  #do({ spec }: LiveFault<FaultOf<MarketFaultKind>>, symbol: string): boolean {
    switch (spec.kind) {
      case "halt":
        return this.#halt(spec, symbol);
      case "luld":
        return this.#luld(spec, symbol);
      case "correction":
      case "trade_cancel":
        return this.#correct(spec, symbol);
      case "bar_update":
        return this.#updateBar(spec, symbol);
      case "split":
        splitSymbol(this.#world, symbol, spec.ratio);
        return true;
      case "manual_trade":
        return this.#manualTrade(spec, symbol);
      case "forced_liquidation":
        return this.#liquidate(spec, symbol);
      default:
        return spec satisfies never;
    }
  }

  #halt({ reason, seconds }: FaultOf<"halt">, symbol: string): boolean {
    const { exchange, later } = this.#world;
    const { rc, rm } = HALTS[reason];
    exchange.onHalt(symbol);
    this.#send("statuses", symbol, {
      T: "s",
      sc: reason === "luld" ? "P" : "H",
      sm: reason === "luld" ? "Trading Pause" : "Trading Halt",
      rc,
      rm,
      z: "C",
    });
    if (seconds === undefined) return true;
    later.at(exchange.nowUs + seconds * 1e6, exchange.nowUs, () => this.#resume(symbol));
    return true;
  }

  #resume(symbol: string): void {
    this.#world.exchange.onResume(symbol);
    this.#send("statuses", symbol, {
      T: "s",
      sc: "T",
      sm: "Trading Resumption",
      rc: "C11",
      rm: "Trade Halt Concluded By Other Regulatory Auth,; Quotes/Trades To Resume",
      z: "C",
    });
  }

  #luld({ up, down }: FaultOf<"luld">, symbol: string): boolean {
    const price = this.#world.exchange.market(symbol).lastPrice;
    const [u, d] = [up ?? cents(price * 1.05), down ?? cents(price * 0.95)];
    this.#send("lulds", symbol, { T: "l", u, d, i: "B", z: "C" });
    return true;
  }

  #correct(spec: FaultOf<"correction" | "trade_cancel">, symbol: string): boolean {
    const { history, exchange } = this.#world;
    const last = history.latest(symbol, "trades") as { i: number; p: number; s: number } | null;
    if (last === null) return false;
    const { i, p, s } = last;
    if (spec.kind === "trade_cancel") {
      this.#send("trades", symbol, { T: "x", i, x: "V", p, s, a: "C", z: "C" });
      return true;
    }
    const cp = spec.price ?? exchange.market(symbol).lastPrice;
    const same = { x: "V", oi: i, op: p, os: s, oc: ["@"], ci: i, cp, cs: s, cc: ["@"], z: "C" };
    this.#send("trades", symbol, { T: "c", ...same });
    return true;
  }

  #updateBar({ price }: FaultOf<"bar_update">, symbol: string): boolean {
    const row = this.#world.history.lastMinute(symbol);
    if (row === null) return false;
    const [t, o, h, l, c, v, vw, n] = row;
    const close = price ?? c;
    const changed = [t, o, Math.max(h, close), Math.min(l, close), close, v + 1, vw, n + 1];
    this.#send("updatedBars", symbol, barMessage("u", symbol, changed));
    return true;
  }

  #manualTrade(spec: FaultOf<"manual_trade">, symbol: string): boolean {
    const { exchange, accounts, hand, book } = this.#world;
    let isDone = false;
    for (const accountId of accounts.ids()) {
      const { side, qty, price = null, told } = spec;
      this.#quietly(told, () => {
        const outcome = exchange.submit(accountId, { ...NO_TERMS, symbol, side, qty: plain(qty) });
        if ("error" in outcome) return;
        book.othersOrders.add(outcome.order.id);
        hand.fill(accountId, outcome.order.id, null, price);
        isDone = true;
      });
    }
    return isDone;
  }

  #liquidate(spec: FaultOf<"forced_liquidation">, symbol: string): boolean {
    const { exchange, accounts, hand, book } = this.#world;
    const { price = null, told } = spec;
    let isDone = false;
    for (const accountId of accounts.ids()) {
      if (exchange.position(accountId, symbol) === null) continue;
      this.#quietly(told, () => {
        for (const { id } of exchange.orders(accountId, { symbols: [symbol], limit: 500 })) {
          hand.end(accountId, id, "canceled");
        }
        const outcome = exchange.closePosition(accountId, symbol);
        if ("error" in outcome) return;
        book.othersOrders.add(outcome.order.id);
        hand.fill(accountId, outcome.order.id, null, price);
        isDone = true;
      });
    }
    return isDone;
  }

  /** `told` false: the trading socket says nothing of it. */
  #quietly(told: boolean, run: () => void): void {
    if (told) return run();
    const tellAgain = this.#world.holdBack(() => true);
    try {
      run();
    } finally {
      tellAgain();
    }
  }

  #send(channel: AlpacaStreamChannel, symbol: string, message: WireEvent): void {
    const { dataHub, exchange } = this.#world;
    dataHub.tell(channel, symbol, {
      ...message,
      S: symbol,
      ...(message.t === undefined ? { t: exchange.nowUs } : {}),
    });
  }
}

function cents(price: number): number {
  return Math.round(price * 100) / 100;
}
