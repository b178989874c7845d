/** An order that can still fill, as it is shown. */
export interface OpenOrder {
  symbol: string;
  strategy: string;
  side: "buy" | "sell";
  /** entry, exit: a strategy's; stop, target: what protects; liquidation: Liu's own closing. */
  kind: "entry" | "exit" | "stop" | "target" | "liquidation";
  type: string;
  /** Decimal texts. */
  qty: string;
  filledQty: string;
  limitPrice: string | null;
  triggerPrice: string | null;
  status: string;
  /** Market time. */
  sinceUs: number;
}
