/**
 * Every message between main, gateway, consumers and the scanners' worker, in closed unions.
 *
 *   main ──market──▶ consumer ──intents──▶ gateway ──▶ broker
 *     ◀──returned──        ◀──reports──
 *
 * Invariant: market rows may be dropped, with a count; orders and reports never are.
 */
export type * from "./protocol/shared.ts";
export type * from "./protocol/orders.ts";
export type * from "./protocol/gateway.ts";
export type * from "./protocol/consumer.ts";
export type * from "./protocol/scanners.ts";
export type * from "./protocol/miners.ts";
