import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { readEnvironment, SECRET_VARIABLES, secretsOf } from "./environment.ts";

const HOME = { HOME: "/home/liu" };

Deno.test("an empty environment means Alpaca's paper account and the embedded database", () => {
  const settings = readEnvironment(HOME, "/cwd");
  assert.equal(settings.dataConnector, "alpaca");
  assert.equal(settings.broker, "alpaca");
  assert.equal(settings.alpaca.baseUrl, "https://paper-api.alpaca.markets");
  assert.equal(settings.alpaca.keyId, null);
  assert.equal(settings.dsn, null);
  assert.equal(settings.dataFolder, "/home/liu/.liu");
  assert.equal(settings.planFolder, null);
  assert.equal(settings.consumers, null);
  assert.equal(settings.logLevel, "info");
  assert.equal(settings.hasColors, true);
});

Deno.test("each variable arrives, and an empty one counts as not given", () => {
  const settings = readEnvironment({
    ...HOME,
    DATA_CONNECTOR: "polygon",
    LIU_BROKER: "",
    APCA_API_KEY_ID: "PKID",
    APCA_API_SECRET_KEY: "sesame-street",
    APCA_API_BASE_URL: "http://127.0.0.1:8080",
    ALPACA_STREAM_URL: "ws://127.0.0.1:8080",
    ALPACA_DATA_FEED: "sip",
    NUM_CONSUMERS: "4",
    CPU_FACTOR: "1.5",
    LIU_MAX_SYMBOLS: "440",
    TRADEPLAN_DIR: "plans",
    DSN: "postgresql://liu:p%40ss-word@db/liu",
    LIU_DATA: "data",
    LIU_DEBUG_ENABLED: "1",
    NO_COLOR: "1",
  }, "/cwd");
  assert.equal(settings.dataConnector, "polygon");
  assert.equal(settings.broker, "alpaca");
  assert.equal(settings.alpaca.keyId?.reveal(), "PKID");
  assert.equal(settings.alpaca.baseUrl, "http://127.0.0.1:8080");
  assert.equal(settings.alpaca.streamUrl, "ws://127.0.0.1:8080");
  assert.equal(settings.alpaca.dataFeed, "sip");
  assert.equal(settings.consumers, 4);
  assert.equal(settings.cpuFactor, 1.5);
  assert.equal(settings.maxSymbols, 440);
  assert.equal(settings.planFolder, "/cwd/plans");
  assert.equal(settings.dataFolder, "/cwd/data");
  assert.equal(settings.logLevel, "debug");
  assert.equal(settings.hasColors, false);
  assert.deepEqual(secretsOf(settings).map((secret) => secret.reveal()), [
    "PKID",
    "sesame-street",
    "postgresql://liu:p%40ss-word@db/liu",
    "p%40ss-word",
    "p@ss-word",
  ]);
  const printed = Deno.inspect(settings, { depth: 9 }) + JSON.stringify(settings);
  for (const text of ["PKID", "sesame", "ss-word"]) assert.ok(!printed.includes(text), text);
});

Deno.test("all wrong variables are told at once, and no secret is", () => {
  const wrong = {
    DATA_CONNECTOR: "yahoo",
    APCA_API_BASE_URL: "paper-api.alpaca.markets",
    NUM_CONSUMERS: "many",
    DSN: "mysql://liu:sesame@db/liu",
    LIU_LOG: "loud",
    LIU_TRACE_ENABLED: "yes",
  };
  assert.throws(() => readEnvironment(wrong, "/cwd"), (error: Error) => {
    assert.ok(error instanceof ConfigError);
    assert.equal(
      error.message,
      `Cannot read the environment, 7 problems:
  DATA_CONNECTOR must be one of alpaca, polygon, finnhub, gemini, tradier, got "yahoo"
  APCA_API_BASE_URL must be an address that begins with https:// or http://, got "paper-api.alpaca.markets"
  NUM_CONSUMERS must be a whole number from 0 to 64, got "many"
  DSN must be an address of Postgres, postgres://user:password@host:5432/database
  LIU_LOG must be one of trace, debug, info, warning, error, got "loud"
  LIU_TRACE_ENABLED must be 0 or 1, got "yes"
  LIU_DATA is missing: the folder for Liu's data, because HOME is not set either`,
    );
    return true;
  });
});

Deno.test("the variables that hold secrets are the ones that main takes out of the process", () => {
  const dsn = "postgres://db/liu";
  for (const name of SECRET_VARIABLES) {
    const settings = readEnvironment({ ...HOME, [name]: dsn }, "/cwd");
    assert.deepEqual(secretsOf(settings).map((secret) => secret.reveal()), [dsn], name);
  }
});
