import type { BacktestSettings } from "../backtest/options.ts";
import type { Trial, TrialSetup } from "./trial_messages.ts";

/** What the trial's backtest is run with. */
export function settingsOf(
  settings: TrialSetup["settings"],
  { parameters, portfolio, batchId, fromUs, toUs }: Trial,
): BacktestSettings {
  return {
    ...settings,
    ...(portfolio === null ? {} : withPortfolio(settings, portfolio)),
    batchId,
    fromUs,
    toUs,
    strategies: settings.strategies.map((source) => ({
      ...source,
      parameters: { ...source.parameters, ...parameters[source.name] },
    })),
  };
}

/** A portfolio is what the account begins with, and what shares of it are shares of. */
function withPortfolio(settings: TrialSetup["settings"], portfolio: string) {
  return {
    cash: portfolio,
    portfolioValue: Number(portfolio),
    risk: { ...settings.risk, portfolioValue: Number(portfolio) },
  };
}
