/** Each kind of fault: when it has its occasion, what it can be told, what it does. */
import { z } from "zod";
import { must } from "./must.ts";

/** What a fault waits for. */
export type FaultOccasion =
  /** A REST request, before it is answered. */
  | "request"
  /** An order that the exchange has taken in, before its POST is answered. */
  | "order"
  /** A DELETE of an open order, a PATCH of one. */
  | "cancel"
  | "replace"
  /** A message about an order, on its way to the trading socket. */
  | "update"
  /** A leg of a bracket or OCO has filled. */
  | "leg"
  /** A socket logs in, or asks for symbols. */
  | "login"
  | "subscription"
  /** The market's clock: each step, and whatever the exchange is asked. */
  | "clock"
  /** In force while it lasts, whoever asks. */
  | "state";

const whole = (min: number, max: number) =>
  must(z.number().int().min(min).max(max), `a whole number from ${min} to ${max}`);
const positive = (what: string) => must(z.number().positive(), `${what} > 0`);
const texts = (example: string) => must(z.array(z.string().min(1)).min(1), `a list as ${example}`);
const oneOf = <const T extends [string, ...string[]]>(...values: T) =>
  must(z.enum(values), `one of ${values.join(", ")}`);
const flag = must(z.boolean(), "true or false");

/** Microseconds since the epoch, or the exchange's time of day on the day that the clock begins. */
const moment = must(
  z.union([
    z.date().transform((date) => date.getTime() * 1000),
    z.string().regex(/^\d\d:\d\d$/),
    z.string().transform((text, context) => {
      const ms = /T.*(Z|[-+]\d\d:\d\d)$/.test(text) ? Date.parse(text) : NaN;
      if (!Number.isNaN(ms)) return ms * 1000;
      context.addIssue("no time");
      return z.NEVER;
    }),
  ]),
  'a time with its zone, as 2022-01-03T10:30:00-05:00, or the exchange\'s time of day, as "10:30"',
);

const count = whole(0, 1e12);

const COMMON = {
  kind: z.string(),
  /** What it is called in lists and in messages. */
  name: must(z.string().min(1), "a text").optional(),
  /** Only what concerns these. */
  symbols: texts('["AAPL"]').optional(),
  /** Not before this. */
  at: moment.optional(),
  /** Not from this time on. */
  until: moment.optional(),
  step: count.optional(),
  after: must(
    z.strictObject({
      requests: count.optional(),
      orders: count.optional(),
      fills: count.optional(),
      frames: count.optional(),
    }),
    "counts as { orders = 3 } of requests, orders, fills, frames",
  ).optional(),
  /** Of the occasions since then: this one, each so many, each with this chance. */
  nth: whole(1, 1e12).optional(),
  every: whole(1, 1e12).optional(),
  probability: must(z.number().gt(0).max(1), "a share > 0 and ≤ 1").optional(),
  /** At most so often. Default: once; with every or probability: without end. */
  times: whole(1, 1e12).optional(),
  seed: whole(0, 2 ** 32 - 1).optional(),
};

/** "METHOD /path", with * for anything. */
const REQUESTS = {
  requests: must(
    z.array(z.string().regex(/^([A-Z]+|\*) \/\S*$/)).min(1),
    'a list as ["POST /v2/orders", "GET /v2/positions*"]; * stands for anything',
  ).optional(),
};
const HOW = { how: oneOf("cut", "silence").default("cut") };
const EVENTS = { events: texts('["fill", "partial_fill"]').optional() };
const SOCKETS = {
  sockets: must(
    z.array(z.enum(["trading", "stocks", "crypto"])).min(1),
    'a list of "trading", "stocks", "crypto"',
  ).optional(),
};
/** Market seconds; network seconds for sockets. Not given: for good. */
const LASTS = { seconds: positive("seconds").optional() };
/** An order that is there, by its client order id: at once, without waiting for an occasion. */
const ORDER = { order: must(z.string().min(1), "a client order id").optional() };
const PIECES = {
  pieces: must(z.array(z.number().positive()).min(1), "quantities as [3, 4, 3]").optional(),
  price: positive("a price").optional(),
};
const TOLD = { told: flag.default(true) };
const PRICES = { price: positive("a price").optional() };

interface KindOf<S extends z.ZodRawShape> {
  on: FaultOccasion;
  does: string;
  schema: z.ZodObject<S>;
}

function kind<const S extends z.ZodRawShape>(
  on: FaultOccasion,
  does: string,
  own: S,
): KindOf<typeof COMMON & S> {
  return { on, does, schema: z.object({ ...COMMON, ...own }) };
}

export const FAULT_KINDS = {
  // ---- requests
  request_lost: kind("request", "the request never reaches the exchange", { ...REQUESTS, ...HOW }),
  reply_lost: kind("request", "it is done, but the answer is lost", { ...REQUESTS, ...HOW }),
  http_error: kind("request", "answered with a status: 429, 500, 503, 504, …", {
    ...REQUESTS,
    status: whole(400, 599).default(500),
    /** It was done all the same. */
    accepted: flag.default(false),
    /** Of a 429: those that say when to come again. */
    headers: flag.default(true),
    wait: whole(0, 3600).default(2),
  }),
  refusal: kind("request", "refused for good, with Alpaca's code and words", {
    ...REQUESTS,
    reason: oneOf(
      "duplicate_client_order_id",
      "wash_trade",
      "insufficient_qty",
      "insufficient_buying_power",
      "sub_penny",
      "not_shortable",
      "not_tradable",
      "account_restricted",
    ),
    accepted: flag.default(false),
  }),
  reply_late: kind("request", "answered after a while (network time), give or take", {
    ...REQUESTS,
    ms: whole(0, 600_000).default(200),
    jitter: whole(0, 600_000).default(0),
  }),
  reply_empty: kind("request", "answered with an empty list", REQUESTS),
  reply_stale: kind("state", "answered as the first time, for as long as it lasts", {
    ...REQUESTS,
    ...LASTS,
  }),
  // ---- orders
  order_status: kind("order", "taken in, and then this becomes of it", {
    ...ORDER,
    status: oneOf(
      "rejected",
      "expired",
      "canceled",
      "done_for_day",
      "suspended",
      "stopped",
      "calculated",
      "pending_new",
    ),
  }),
  fills: kind("order", "filled in these pieces before its POST is answered, or one a step", {
    ...ORDER,
    ...PIECES,
    per: oneOf("reply", "step").default("reply"),
  }),
  cancel_stuck: kind("cancel", "204, then pending_cancel for so long, then canceled", LASTS),
  cancel_race: kind("cancel", "these pieces (default: all) fill before the cancel comes", {
    ...PIECES,
    reply: must(z.union([z.literal(204), z.literal(422)]), "204 or 422").default(204),
  }),
  cancel_rejected: kind("cancel", "204, then order_cancel_rejected: it stays open", {}),
  replace_race: kind("replace", "200 with a new order, but the first one fills", PIECES),
  replace_rejected: kind("replace", "200 with a new order, but the first one stays", {}),
  legs_both_fill: kind("leg", "the other leg fills too", PRICES),
  // ---- order updates
  update_lost: kind("update", "never sent", EVENTS),
  update_twice: kind("update", "sent again, with the same execution_id", {
    ...EVENTS,
    copies: whole(1, 100).default(1),
  }),
  update_late: kind("update", "sent so much later (market time)", {
    ...EVENTS,
    ms: whole(1, 86_400_000).default(1000),
    jitter: whole(0, 86_400_000).default(0),
  }),
  update_swapped: kind("update", "sent after the next one", EVENTS),
  // ---- sockets
  socket_mute: kind("clock", "open, but nothing comes", { ...SOCKETS, ...LASTS }),
  socket_half_open: kind("clock", "dead without a word; its place stays taken 90 s", {
    ...SOCKETS,
    seconds: positive("seconds").default(90),
  }),
  socket_cut: kind("clock", "the connection breaks without a close frame", SOCKETS),
  socket_closed: kind("clock", "closed in order", {
    ...SOCKETS,
    code: whole(1000, 4999).default(1001),
  }),
  socket_error: kind("clock", "an error frame, then closed: 407 slow client, 500", {
    ...SOCKETS,
    code: whole(400, 599).default(407),
  }),
  socket_refused: kind("login", "402, 404, 406, 407, 409 in the place of a log-in", {
    ...SOCKETS,
    code: whole(400, 599).default(406),
  }),
  subscription_refused: kind("subscription", "405 in the place of an acknowledgement", {
    code: whole(400, 599).default(405),
  }),
  subscription_short: kind("subscription", "acknowledged without these symbols", {}),
  // ---- market
  halt: kind("clock", "no trading in these symbols, told on statuses; then resumed", {
    ...LASTS,
    reason: oneOf("news", "luld", "market_wide").default("news"),
  }),
  luld: kind("clock", "price bands told on lulds", {
    up: positive("a price").optional(),
    down: positive("a price").optional(),
  }),
  correction: kind("clock", "the last trade had another price", PRICES),
  trade_cancel: kind("clock", "the last trade is taken back (cancelErrors)", {}),
  bar_update: kind("clock", "the last minute's bar once more, changed (updatedBars)", PRICES),
  split: kind("clock", "overnight: quantities times the ratio, prices through it", {
    ratio: positive("new shares for an old one").default(2),
  }),
  // ---- account, assets, time
  account_blocked: kind("state", "the account may not trade", {
    ...LASTS,
    field: oneOf("trading_blocked", "account_blocked", "trade_suspended_by_user")
      .default("trading_blocked"),
  }),
  asset: kind("state", "what can be done with these symbols", {
    ...LASTS,
    tradable: flag.optional(),
    shortable: flag.optional(),
    borrow: oneOf("easy_to_borrow", "hard_to_borrow", "not_borrowable").optional(),
  }),
  holiday: kind("state", "no session on that date, in calendar and clock", {
    date: must(z.string().regex(/^\d{4}-\d\d-\d\d$/), 'a date as "2022-01-03"'),
  }),
  early_close: kind("state", "the session of that date ends early, in calendar and clock", {
    date: must(z.string().regex(/^\d{4}-\d\d-\d\d$/), 'a date as "2022-01-03"'),
    close: must(z.string().regex(/^\d\d:\d\d$/), 'an exchange time as "13:00"').default("13:00"),
  }),
  clock_skew: kind("state", "the exchange's clock is ahead (or behind) by so much", {
    ...LASTS,
    ms: must(z.number().int(), "whole milliseconds, < 0 behind"),
  }),
  manual_trade: kind("clock", "somebody trades the account by hand, at the market's price", {
    ...PRICES,
    ...TOLD,
    side: oneOf("buy", "sell"),
    qty: positive("a quantity"),
  }),
  forced_liquidation: kind("clock", "the broker cancels the orders and closes the positions", {
    ...PRICES,
    ...TOLD,
  }),
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** As it is read: defaults filled in. */
export type FaultSpec = {
  [K in FaultKind]: Omit<z.output<(typeof FAULT_KINDS)[K]["schema"]>, "kind"> & { kind: K };
}[FaultKind];

export type FaultOf<K extends FaultKind> = Extract<FaultSpec, { kind: K }>;

/** As one writes it: what has a default may be left out. */
export type FaultInput = {
  [K in FaultKind]:
    & { kind: K }
    & {
      [P in keyof Omit<FaultOf<K>, "kind">]?:
        | Omit<FaultOf<K>, "kind">[P]
        | (P extends "at" | "until" ? string
          : never);
    };
}[FaultKind];
