import type { Settings } from "../config/environment.ts";
import type { TradePlan } from "../config/tradeplan.ts";
import { ConfigError } from "../util/errors.ts";
import { alpacaUrls } from "../wire/alpaca_urls.ts";

const LIVE = "https://api.alpaca.markets";
const PAPER = "https://paper-api.alpaca.markets";

/**
 * Real money only on purpose: the plan and the address must both say so, or both not. Throws
 * ConfigError. The gateway looks once more, at the broker that it really has.
 */
export function checkMoney(
  { environment, file }: Pick<TradePlan, "environment" | "file">,
  { baseUrl }: Pick<Settings["alpaca"], "baseUrl">,
): void {
  if (environment === "BACKTEST") {
    throw new ConfigError(
      `Cannot start: ${file} says environment = "BACKTEST". To trade a paper account or the ` +
        `simulated exchange write environment = "PAPER"`,
    );
  }
  const { isRealMoney, trading } = alpacaUrls(baseUrl);
  if (environment === "PAPER") {
    if (!isRealMoney) return;
    throw new ConfigError(
      `Cannot start: APCA_API_BASE_URL is a live account's address (${trading}), but ${file} says ` +
        `environment = "PAPER". For real money write environment = "PROD", ` +
        `else set APCA_API_BASE_URL=${PAPER}`,
    );
  }
  if (isRealMoney && trading === LIVE) return;
  throw new ConfigError(
    `Cannot start: ${file} says environment = "PROD", but APCA_API_BASE_URL is ${trading}, not ` +
      `the live account's. Set APCA_API_BASE_URL=${LIVE}, or write environment = "PAPER"`,
  );
}
