import assert from "node:assert/strict";
import type { Environment } from "../contracts/store.ts";
import { ConfigError } from "../util/errors.ts";
import { checkMoney } from "./money.ts";

const LIVE = "https://api.alpaca.markets";
const PAPER = "https://paper-api.alpaca.markets";
const SIMULATED = "http://127.0.0.1:8080";

Deno.test("real money needs the plan and the live address, any mismatch is refused", () => {
  const cases: [environment: Environment, baseUrl: string, refused: RegExp | null][] = [
    ["PROD", LIVE, null],
    ["PROD", `${LIVE}/v2`, null],
    ["PAPER", PAPER, null],
    ["PAPER", SIMULATED, null],
    ["PAPER", LIVE, /live account.s address .*, but plan\.toml says environment = "PAPER"/],
    ["PAPER", "https://API.alpaca.markets.:443/", /live account.s address/],
    // No address of Alpaca's that is not known to be paper is taken for it.
    ["PAPER", "https://api-2.alpaca.markets", /live account.s address/],
    ["PAPER", "http://api.alpaca.markets", /live account.s address/],
    ["PROD", PAPER, /"PROD", but APCA_API_BASE_URL is https:\/\/paper-api\.alpaca\.markets, not/],
    ["PROD", SIMULATED, /not the live account's/],
    ["PROD", "https://api.alpaca.markets.example.com", /not the live account's/],
    // Keys would go over the wire in the clear.
    ["PROD", "http://api.alpaca.markets", /not the live account's/],
    ["PROD", "https://api-2.alpaca.markets", /not the live account's/],
    ["BACKTEST", PAPER, /environment = "BACKTEST"/],
    ["BACKTEST", LIVE, /environment = "BACKTEST"/],
  ];
  for (const [environment, baseUrl, refused] of cases) {
    const check = () => checkMoney({ environment, file: "plan.toml" }, { baseUrl });
    const told = `${environment} ${baseUrl}`;
    if (refused === null) {
      assert.doesNotThrow(check, told);
      continue;
    }
    const isTold = (error: unknown) => error instanceof ConfigError && refused.test(error.message);
    assert.throws(check, isTold, told);
  }
});
