/** Liu's own strategies by the name that a plan uses: one file and one line each. */
export const strategies = {
  momentum_long: () => import("./momentum_long.ts"),
};
