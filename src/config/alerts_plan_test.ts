import assert from "node:assert/strict";
import { ConfigError } from "../util/errors.ts";
import { alertSecrets, alertTargets } from "./alerts_plan.ts";
import { readTradePlan } from "./tradeplan.ts";

const STRATEGY = `[strategies.momentum_long]\n`;

function read(alerts: string) {
  return readTradePlan(`${STRATEGY}${alerts}`, "/plans/tradeplan.toml", "tradeplan.toml").alerts;
}

Deno.test("targets are read with the names of what is secret, which the environment has", () => {
  const plan = read(`
[alerts]
max_per_minute = 5
repeat_minutes = 1.5
[alerts.webhook]
url = "https://example.com/hook"
token_env = "HOOK_TOKEN"
[alerts.slack]
url_env = "SLACK_URL"
[alerts.telegram]
token_env = "TELEGRAM_TOKEN"
chat_id = -42
`);
  assert.deepEqual([plan.maxPerMinute, plan.repeatMinutes], [5, 1.5]);
  const env = { HOOK_TOKEN: "t1", SLACK_URL: "https://hooks.slack.com/x", TELEGRAM_TOKEN: "t2" };
  const targets = alertTargets(plan, "tradeplan.toml", env);
  assert.deepEqual(
    targets.map(({ kind, url, token, chatId }) => [kind, url.reveal(), token?.reveal(), chatId]),
    [
      ["webhook", "https://example.com/hook", "t1", ""],
      ["slack", "https://hooks.slack.com/x", undefined, ""],
      ["telegram", "https://api.telegram.org", "t2", "-42"],
    ],
  );
  const secrets = alertSecrets(plan, targets).map((secret) => secret.reveal());
  assert.deepEqual(secrets, ["t1", "https://hooks.slack.com/x", "t2"]);
  assert.deepEqual(read("").targets, []);
});

Deno.test("what is missing in the environment is told, without what is there", () => {
  const plan = read(`
[alerts.discord]
url_env = "DISCORD_URL"
[alerts.telegram]
token_env = "TELEGRAM_TOKEN"
chat_id = "@me"
`);
  assert.throws(() => alertTargets(plan, "tradeplan.toml", { DISCORD_URL: "hush" }), {
    name: "ConfigError",
    message: "Cannot send alerts as tradeplan.toml says: [alerts.discord] names DISCORD_URL, " +
      "which is no address (https://…); [alerts.telegram] names TELEGRAM_TOKEN, which is not set",
  });
});

Deno.test("a target that cannot be one is told with its line, a token in the plan without it", () => {
  const wrong: [alerts: string, message: RegExp][] = [
    ["[alerts.webhook]", /\[alerts\] line 2: "webhook" must have one of url and url_env/],
    ['[alerts.webhook]\nurl = "x"', /\[alerts\.webhook\] line 3: "url" must be an address/],
    ["[alerts.slack]", /"url_env" is missing: the name of an environment variable/],
    [
      '[alerts.telegram]\ntoken_env = "123:sesame"\nchat_id = 1',
      /^(?!.*sesame).*"token_env" must be the name of an environment variable, not what is in it$/,
    ],
    ['[alerts.telegram]\ntoken_env = "T"', /"chat_id" is missing/],
    ["[alerts.slak]", /"slak" is not known here; did you mean "slack"/],
    ["[alerts]\nmax_per_minute = 0", /"max_per_minute" must be a whole number > 0, got 0/],
  ];
  for (const [alerts, message] of wrong) {
    const isTold = (error: unknown) => error instanceof ConfigError && message.test(error.message);
    assert.throws(() => read(alerts), isTold, alerts);
  }
});
