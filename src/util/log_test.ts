import assert from "node:assert/strict";
import { getLogger } from "@logtape/logtape";
import { strategyLog } from "../engine/consumer/load_strategies.ts";
import { logger, type LogOptions, startLogging, startWorkerLogging } from "./log.ts";
import { Secret } from "./secret.ts";

function start(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const sink = startLogging({
    level: "info",
    format: "human",
    hasColors: false,
    secrets: [],
    write: (line) => lines.push(line),
    ...options,
  });
  return { lines, sink };
}

const withoutTime = (line: string) => line.replace(/^[\d:.]+ /, "");

Deno.test("a person reads level, part, message and the properties that the message does not name", () => {
  const { lines } = start();
  logger("gateway").info("Sent {symbol}.", { symbol: "AAPL", qty: "10", tags: ["a"] });
  logger("store").debug("not shown");
  logger("store").warn("away");
  assert.deepEqual(lines.map(withoutTime), [
    '[info] gateway: Sent AAPL. qty=10 tags=["a"]\n',
    "[warning] store: away\n",
  ]);
});

Deno.test("a program reads JSON lines", () => {
  const { lines } = start({ format: "json", level: "debug" });
  logger("gateway").debug("Sent {symbol}.", { symbol: "AAPL", error: new Error("why") });
  const record = JSON.parse(lines[0]!);
  assert.equal(record.message, "Sent AAPL.");
  assert.equal(record.level, "debug");
  assert.equal(record.part, "gateway");
  assert.equal(record.properties.symbol, "AAPL");
  assert.equal(record.properties.error.message, "why");
});

Deno.test("no secret is in a line, wherever it came from", () => {
  const secret = new Secret('key"with\\signs/+');
  for (const format of ["human", "json"] as const) {
    for (const hasColors of [false, true]) {
      const { lines } = start({ format, hasColors, secrets: [secret, new Secret('key"with')] });
      const log = logger("x");
      log.info(`raw ${secret.reveal()}`);
      log.info("named {key}", { key: secret.reveal() });
      log.info("deep", { request: { headers: [{ key: secret.reveal() }] } });
      log.info("thrown", { error: new Error(`401 for ${secret.reveal()}`) });
      log.info(`url https://x/?key=${encodeURIComponent(secret.reveal())}`);
      log.info`template ${secret.reveal()}`;
      log.info("itself {secret}", { secret });
      assert.equal(lines.length, 7);
      for (const line of lines) {
        assert.ok(line.includes("***"), line);
        assert.ok(!line.includes("with"), line);
      }
    }
  }
});

Deno.test("a secret that is part of another leaves nothing of it", () => {
  const { lines } = start({ secrets: [new Secret("abcd"), new Secret("abcdefgh")] });
  logger("x").info("abcdefgh");
  assert.equal(withoutTime(lines[0]!), "[info] x: ***\n");
});

Deno.test("a worker's records come out in main as if they had been made there", () => {
  const posted: unknown[][] = [];
  startWorkerLogging("info", (...record) => posted.push(structuredClone(record)));
  const log = logger("consumer", "0");
  log.info("Out of sync {symbol}.", {
    symbol: "AAPL",
    f: () => 1,
    big: 10n,
    secret: new Secret("s"),
  });
  log.info`braces {stay} ${"{too}"}`;
  log.error("Failed.", { error: new TypeError("why") });
  log.debug("not sent");
  const { lines, sink } = start();
  for (const record of posted) sink(...record as Parameters<typeof sink>);
  assert.deepEqual(lines.slice(0, 2).map(withoutTime), [
    "[info] consumer.0: Out of sync AAPL. big=10 secret=***\n",
    "[info] consumer.0: braces {stay} {too}\n",
  ]);
  assert.match(lines[2]!, /Failed\. error=TypeError: why\n +at /);
});

Deno.test("what a strategy writes is no template, on any level, from a worker too", () => {
  const texts = [
    `x ${JSON.stringify({ x: 1 })}`,
    `{symbol} {{a}} }} ${JSON.stringify({ a: { b: [{}] } })}`,
    "} }} no opening",
    "{",
    "{{",
  ];
  const posted: unknown[][] = [];
  startWorkerLogging("debug", (...record) => posted.push(structuredClone(record)));
  const inWorker = strategyLog("mine", ({ level, category, message, properties }) => {
    getLogger(category)[level](message, properties);
  });
  for (const text of texts) inWorker.info(text, { symbol: "AAPL" });
  const { lines, sink } = start({ level: "debug" });
  const log = strategyLog("mine", ({ level, category, message, properties }) => {
    sink(level, category, message, properties);
  });
  for (const level of ["debug", "info", "warning", "error"] as const) {
    for (const text of texts) {
      log[level](text, { symbol: "AAPL" });
      assert.equal(
        withoutTime(lines.at(-1)!),
        `[${level}] strategy.mine: ${text} symbol=AAPL\n`,
      );
    }
  }
  lines.length = 0;
  for (const record of posted) sink(...record as Parameters<typeof sink>);
  assert.deepEqual(
    lines.map(withoutTime),
    texts.map((text) => `[info] strategy.mine: ${text} symbol=AAPL\n`),
  );
});
