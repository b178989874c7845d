import assert from "node:assert/strict";
import { heldText } from "./session_runs.ts";

const ORDER = {
  symbol: "AVDE",
  side: "sell",
  qty: "1",
  type: "limit",
  clientOrderId: "own",
} as const;

Deno.test("what the account had before the session is told in a sentence", () => {
  const text = (positions: [qty: string, symbol: string][], orders: number) =>
    heldText({
      positions: positions.map(([qty, symbol]) => ({ qty, symbol })),
      openOrders: Array.from({ length: orders }, () => ORDER),
    });
  assert.equal(text([], 0), null);
  assert.equal(
    text([["17", "AVDE"]], 1),
    "The account already holds 17 AVDE and 1 open order; they are not Liu's and are left alone",
  );
  assert.equal(
    text([["17", "AVDE"]], 0),
    "The account already holds 17 AVDE; it is not Liu's and is left alone",
  );
  assert.equal(
    text([["1", "A"], ["-2", "B"]], 2),
    "The account already holds 1 A, -2 B and 2 open orders; they are not Liu's and are left alone",
  );
});
