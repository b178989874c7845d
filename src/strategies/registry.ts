/** Liu's own strategies by the name that a plan uses: one file and one line each. */
export const strategies = {
  momentum_long: () => import("./momentum_long.ts"),
  sma_cross: () => import("./sma_cross.ts"),
  target_portfolio: () => import("./target_portfolio.ts"),
  vwap_reversion: () => import("./vwap_reversion.ts"),
};
