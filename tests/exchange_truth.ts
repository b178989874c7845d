/**
 * How things really are at a simulated exchange, whatever faults it has: read over HTTP with the
 * header by which they look away.
 */
import assert from "node:assert/strict";
import type {
  AlpacaAccount,
  AlpacaFillActivity,
  AlpacaOrder,
  AlpacaPosition,
} from "../src/wire/alpaca_types.ts";

export interface ExchangeTruth {
  account: AlpacaAccount;
  positions: AlpacaPosition[];
  /** All, legs for themselves, oldest first. */
  orders: AlpacaOrder[];
  /** All executions, oldest first. */
  fills: AlpacaFillActivity[];
  /** By the fault's name, how often it was injected; {} where it was started without faults. */
  injected: Record<string, number>;
  /** Ids of orders that the exchange's faults made: by hand, by the broker. */
  othersOrders: string[];
}

const PAGE = 100;

export async function readTruth(
  baseUrl: string,
  keys: { keyId: string; secretKey: string },
): Promise<ExchangeTruth> {
  const headers = {
    "APCA-API-KEY-ID": keys.keyId,
    "APCA-API-SECRET-KEY": keys.secretKey,
    "Liu-Faults": "off",
  };
  // deno-lint-ignore no-explicit-any -- bodies of the simulated exchange, as it makes them
  const get = async (path: string): Promise<any> => {
    const response = await fetch(baseUrl + path, { headers });
    const body = await response.json();
    if (response.status === 404) return null;
    assert.equal(response.status, 200, `${path}: ${JSON.stringify(body)}`);
    return body;
  };
  const faults = await get("/liu/faults") as FaultList | null;
  return {
    account: await get("/v2/account"),
    positions: await get("/v2/positions"),
    orders: await allOrders(get),
    fills: await allFills(get),
    othersOrders: faults?.others_orders ?? [],
    injected: Object.fromEntries((faults?.faults ?? []).map((one) => [one.name, one.injected])),
  };
}

interface FaultList {
  faults: { name: string; injected: number }[];
  others_orders: string[];
}

type Get = (path: string) => Promise<unknown>;

/** Page by page, from the newest submission back: several may have the same time. */
async function allOrders(get: Get): Promise<AlpacaOrder[]> {
  const found = new Map<string, AlpacaOrder>();
  for (let until = "";;) {
    const path = `/v2/orders?status=all&limit=500&direction=desc&nested=true${
      until && `&until=${until}`
    }`;
    const page = await get(path) as AlpacaOrder[];
    for (const order of page) {
      found.set(order.id, order);
      for (const leg of order.legs ?? []) found.set(leg.id, leg);
    }
    if (page.length < 500) return [...found.values()].reverse();
    const oldest = page.at(-1)!.submitted_at;
    // Just after it, so that none of that time is passed over.
    const next = new Date(Date.parse(oldest) + 1).toISOString();
    assert.notEqual(next, until, "more than 500 orders at one time");
    until = next;
  }
}

async function allFills(get: Get): Promise<AlpacaFillActivity[]> {
  const all: AlpacaFillActivity[] = [];
  for (;;) {
    const token = all.length > 0 ? `&page_token=${encodeURIComponent(all.at(-1)!.id)}` : "";
    const path = `/v2/account/activities/FILL?direction=asc&page_size=${PAGE}${token}`;
    const page = await get(path) as AlpacaFillActivity[];
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
