/** Alpaca's market data, REST and socket: the other half of alpaca_types.ts. */

// ---- Market data REST

export interface AlpacaBar {
  t: string;
  o: number;
  h: number;
  l: number;
  c: number;
  v: number;
  n: number;
  vw: number;
}

export interface AlpacaTrade {
  t: string;
  x: string;
  p: number;
  s: number;
  c: string[];
  i: number;
  z: string;
}

export interface AlpacaQuote {
  t: string;
  ax: string;
  ap: number;
  as: number;
  bx: string;
  bp: number;
  bs: number;
  c: string[];
  z: string;
}

/** Crypto's have no exchange, condition and tape; tks is the taker's side. */
export interface AlpacaCryptoTrade {
  t: string;
  p: number;
  s: number;
  i: number;
  tks: "B" | "S";
}

export interface AlpacaCryptoQuote {
  t: string;
  ap: number;
  as: number;
  bp: number;
  bs: number;
}

export interface AlpacaSnapshot {
  latestTrade?: AlpacaTrade | AlpacaCryptoTrade;
  latestQuote?: AlpacaQuote | AlpacaCryptoQuote;
  minuteBar?: AlpacaBar;
  dailyBar?: AlpacaBar;
  prevDailyBar?: AlpacaBar;
}

/** Codes of `{T: "error"}` on a market-data socket, with the message that is sent along. */
export const STREAM_ERRORS = {
  400: "invalid syntax",
  401: "not authenticated",
  402: "auth failed",
  403: "already authenticated",
  404: "auth timeout",
  405: "symbol limit exceeded",
  406: "connection limit exceeded",
  407: "slow client",
  408: "v2 not enabled",
  409: "insufficient subscription",
  410: "invalid subscribe action for this feed",
  411: "insufficient scope",
  500: "internal error",
} as const;
export type StreamErrorCode = keyof typeof STREAM_ERRORS;

// ---- Market-data socket: every frame is an array of these

export type AlpacaStreamChannel =
  | "trades"
  | "quotes"
  | "bars"
  | "updatedBars"
  | "dailyBars"
  | "statuses"
  | "lulds";

export const STREAM_CHANNELS: readonly AlpacaStreamChannel[] = [
  "trades",
  "quotes",
  "bars",
  "updatedBars",
  "dailyBars",
  "statuses",
  "lulds",
];

export type AlpacaStreamRequest =
  | { action: "auth"; key: string; secret: string }
  | ({ action: "subscribe" | "unsubscribe" } & Partial<Record<AlpacaStreamChannel, string[]>>)
  /** Liu's own: see AlpacaStreamStep. */
  | { action: "step_ack"; n: number };

export type AlpacaStreamBar = AlpacaBar & { T: "b" | "u" | "d"; S: string };
export type AlpacaStreamTrade = (AlpacaTrade | AlpacaCryptoTrade) & { T: "t"; S: string };
export type AlpacaStreamQuote = (AlpacaQuote | AlpacaCryptoQuote) & { T: "q"; S: string };

/** Trading status of a symbol: halts and resumptions. */
export interface AlpacaStreamStatus {
  T: "s";
  S: string;
  sc: string;
  sm: string;
  rc: string;
  rm: string;
  t: string;
  z: string;
}

export interface AlpacaStreamLuld {
  T: "l";
  S: string;
  u: number;
  d: number;
  i: string;
  t: string;
  z: string;
}

export interface AlpacaStreamCorrection {
  T: "c";
  S: string;
  x: string;
  oi: number;
  op: number;
  os: number;
  oc: string[];
  ci: number;
  cp: number;
  cs: number;
  cc: string[];
  t: string;
  z: string;
}

export interface AlpacaStreamCancel {
  T: "x";
  S: string;
  i: number;
  x: string;
  p: number;
  s: number;
  a: string;
  t: string;
  z: string;
}

/** The whole list, after each subscribe and unsubscribe. */
export type AlpacaStreamSubscription =
  & { T: "subscription" }
  & Partial<Record<AlpacaStreamChannel | "corrections" | "cancelErrors", string[]>>;

/**
 * Liu's own, only for a socket whose upgrade request had `Liu-Step: ack`: all of step `n` has
 * been sent, and the exchange's clock stands at `t` until each such socket has answered
 * `{"action":"step_ack","n":n}`.
 */
export interface AlpacaStreamStep {
  T: "step";
  n: number;
  t: string;
  last?: true;
}

export type AlpacaStreamMessage =
  | { T: "success"; msg: "connected" | "authenticated" }
  | { T: "error"; code: StreamErrorCode; msg: string }
  | AlpacaStreamSubscription
  | AlpacaStreamBar
  | AlpacaStreamTrade
  | AlpacaStreamQuote
  | AlpacaStreamStatus
  | AlpacaStreamLuld
  | AlpacaStreamCorrection
  | AlpacaStreamCancel
  | AlpacaStreamStep;
