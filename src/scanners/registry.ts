/** Liu's own scanners by the name that a plan uses: one file and one line each. */
export const scanners = {
  momentum: () => import("./momentum.ts"),
  most_active: () => import("./most_active.ts"),
  symbols: () => import("./symbols.ts"),
};
