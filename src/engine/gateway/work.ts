/** What made an order: a strategy's decision, or the gateway on its behalf. */
export type OrderKind = "entry" | "exit" | "stop" | "target" | "liquidation";
