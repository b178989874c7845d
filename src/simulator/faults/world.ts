/** What the parts of the adversary share. */
import type { Exchange } from "../../matching/exchange.ts";
import type { ExchangeHand } from "../../matching/exchange_hand.ts";
import type { ExchangeUpdate } from "../../matching/types.ts";
import type { Monotonic } from "../../wire/monotonic.ts";
import type { Accounts } from "../accounts.ts";
import type { Assets } from "../assets.ts";
import type { DataHub } from "../data_hub.ts";
import type { History } from "../history.ts";
import type { Market } from "../market.ts";
import type { TradingHub } from "../trading_socket.ts";
import type { FaultBook } from "./fault_book.ts";
import type { Later } from "./later.ts";

export interface AdversaryWorld {
  book: FaultBook;
  exchange: Exchange;
  hand: ExchangeHand;
  market: Market;
  accounts: Accounts;
  assets: Assets;
  history: History;
  dataHub: DataHub;
  tradingHub: TradingHub;
  /** Of replies and connections; market time is the exchange's. */
  network: Monotonic;
  later: Later;
  /** Updates that fit are not told, until what is returned is called. */
  holdBack(fits: (update: ExchangeUpdate) => boolean): () => void;
}
