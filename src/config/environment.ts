import { join, resolve } from "node:path";
import { z } from "zod";
import { ConfigError } from "../util/errors.ts";
import { Secret } from "../util/secret.ts";
import { must } from "./must.ts";

/** The environment's variables, read once. null: not given. */
export interface Settings {
  dataConnector: "alpaca" | "polygon" | "finnhub" | "gemini" | "tradier";
  broker: "alpaca" | "gemini" | "tradier";
  alpaca: {
    keyId: Secret | null;
    secretKey: Secret | null;
    baseUrl: string;
    streamUrl: string | null;
    dataFeed: "iex" | "sip" | "delayed_sip" | "test";
  };
  polygon: { apiKey: Secret | null };
  finnhub: { apiKey: Secret | null; baseUrl: string | null };
  gemini: { apiKey: Secret | null; secretKey: Secret | null };
  tradier: {
    accountNumber: Secret | null;
    accessToken: Secret | null;
    baseUrl: string | null;
    streamUrl: string | null;
  };
  /** null: by symbols and processors. */
  consumers: number | null;
  /** Consumers per processor, where their number is not given. */
  cpuFactor: number;
  maxSymbols: number | null;
  /** Where tradeplan.toml and miner.toml are; null: the working directory. */
  planFolder: string | null;
  /** Postgres; null: the embedded one in `dataFolder`. */
  dsn: Secret | null;
  /** Absolute. */
  dataFolder: string;
  logLevel: "trace" | "debug" | "info" | "warning" | "error";
  isTraced: boolean;
  hasColors: boolean;
}

/** Reads the variables of `env`; throws one ConfigError with all that is wrong. `cwd` is absolute. */
export function readEnvironment(env: Record<string, string | undefined>, cwd: string): Settings {
  // An empty variable is one that was not given, as in shells' templates of the original.
  const given = Object.fromEntries(Object.entries(env).filter(([, value]) => value));
  const { success, data, error } = VARIABLES.safeParse(given);
  const problems = error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`) ?? [];
  const home = given.HOME ?? given.USERPROFILE;
  if (home === undefined && given.LIU_DATA === undefined) {
    problems.push("LIU_DATA is missing: the folder for Liu's data, because HOME is not set either");
  }
  if (!success || problems.length > 0) {
    throw new ConfigError(
      problems.length === 1
        ? `Cannot read the environment: ${problems[0]}`
        : `Cannot read the environment, ${problems.length} problems:\n  ${problems.join("\n  ")}`,
    );
  }
  return {
    dataConnector: data.DATA_CONNECTOR,
    broker: data.LIU_BROKER,
    alpaca: {
      keyId: data.APCA_API_KEY_ID ?? null,
      secretKey: data.APCA_API_SECRET_KEY ?? null,
      baseUrl: data.APCA_API_BASE_URL,
      streamUrl: data.ALPACA_STREAM_URL ?? null,
      dataFeed: data.ALPACA_DATA_FEED,
    },
    polygon: { apiKey: data.POLYGON_API_KEY ?? null },
    finnhub: { apiKey: data.FINNHUB_API_KEY ?? null, baseUrl: data.FINNHUB_BASE_URL ?? null },
    gemini: { apiKey: data.GEMINI_API_KEY ?? null, secretKey: data.GEMINI_API_SECRET ?? null },
    tradier: {
      accountNumber: data.TRADIER_ACCOUNT_NUMBER ?? null,
      accessToken: data.TRADIER_ACCESS_TOKEN ?? null,
      baseUrl: data.TRADIER_BASE_URL ?? null,
      streamUrl: data.TRADIER_WS_URL ?? null,
    },
    consumers: data.NUM_CONSUMERS || null,
    cpuFactor: data.CPU_FACTOR,
    maxSymbols: data.LIU_MAX_SYMBOLS ?? null,
    planFolder: data.TRADEPLAN_DIR === undefined ? null : resolve(cwd, data.TRADEPLAN_DIR),
    dsn: data.DSN ?? null,
    dataFolder: resolve(cwd, data.LIU_DATA ?? join(home!, ".liu")),
    logLevel: data.LIU_LOG ?? (data.LIU_DEBUG_ENABLED ? "debug" : "info"),
    isTraced: data.LIU_TRACE_ENABLED,
    hasColors: data.NO_COLOR === undefined,
  };
}

/** All texts that no log may show: keys, the DSN and the password inside of it. */
export function secretsOf(settings: Settings): Secret[] {
  const { alpaca, polygon, finnhub, gemini, tradier, dsn } = settings;
  const secrets = [
    alpaca.keyId,
    alpaca.secretKey,
    polygon.apiKey,
    finnhub.apiKey,
    gemini.apiKey,
    gemini.secretKey,
    tradier.accountNumber,
    tradier.accessToken,
    dsn,
  ].filter((secret) => secret !== null);
  const password = dsn === null ? "" : new URL(dsn.reveal()).password;
  if (password === "") return secrets;
  return [...secrets, new Secret(password), new Secret(decodeURIComponent(password))];
}

/** Variables that nothing but `readEnvironment` should see: main takes them out of the process. */
export const SECRET_VARIABLES: readonly string[] = [
  "APCA_API_KEY_ID",
  "APCA_API_SECRET_KEY",
  "POLYGON_API_KEY",
  "FINNHUB_API_KEY",
  "GEMINI_API_KEY",
  "GEMINI_API_SECRET",
  "TRADIER_ACCOUNT_NUMBER",
  "TRADIER_ACCESS_TOKEN",
  "DSN",
];

const secret = z.string().transform((text) => new Secret(text)).optional();
const url = (protocols: string[]) =>
  must(
    z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol)),
    `an address that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`,
  );
const flag = must(z.enum(["0", "1"]).transform((text) => text === "1"), "0 or 1").default(false);
const wholeNumber = (min: number, max: number) =>
  must(
    z.string().regex(/^\d+$/).transform(Number).pipe(z.int().min(min).max(max)),
    `a whole number from ${min} to ${max}`,
  );
const oneOf = <const T extends string>(names: T[]) =>
  must(z.enum(names), `one of ${names.join(", ")}`);

const VARIABLES = z.object({
  DATA_CONNECTOR: oneOf(["alpaca", "polygon", "finnhub", "gemini", "tradier"]).default("alpaca"),
  LIU_BROKER: oneOf(["alpaca", "gemini", "tradier"]).default("alpaca"),
  APCA_API_KEY_ID: secret,
  APCA_API_SECRET_KEY: secret,
  APCA_API_BASE_URL: url(["https:", "http:"]).default("https://paper-api.alpaca.markets"),
  ALPACA_STREAM_URL: url(["wss:", "ws:", "https:", "http:"]).optional(),
  ALPACA_DATA_FEED: oneOf(["iex", "sip", "delayed_sip", "test"]).default("iex"),
  POLYGON_API_KEY: secret,
  FINNHUB_API_KEY: secret,
  FINNHUB_BASE_URL: url(["https:", "http:"]).optional(),
  GEMINI_API_KEY: secret,
  GEMINI_API_SECRET: secret,
  TRADIER_ACCOUNT_NUMBER: secret,
  TRADIER_ACCESS_TOKEN: secret,
  TRADIER_BASE_URL: url(["https:", "http:"]).optional(),
  TRADIER_WS_URL: url(["wss:", "ws:"]).optional(),
  // 0 is the original's word for "by symbols and processors".
  NUM_CONSUMERS: wholeNumber(0, 64).optional(),
  CPU_FACTOR: must(z.string().transform(Number).pipe(z.number().positive()), "a number > 0")
    .default(2),
  LIU_MAX_SYMBOLS: wholeNumber(1, 100_000).optional(),
  TRADEPLAN_DIR: z.string().optional(),
  DSN: must(
    z.string().refine((text) =>
      URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol)
    )
      .transform((text) => new Secret(text)),
    "an address of Postgres, postgres://user:password@host:5432/database",
    { isSecret: true },
  ).optional(),
  LIU_DATA: z.string().optional(),
  LIU_LOG: oneOf(["trace", "debug", "info", "warning", "error"]).optional(),
  LIU_TRACE_ENABLED: flag,
  LIU_DEBUG_ENABLED: flag,
  NO_COLOR: z.string().optional(),
});
