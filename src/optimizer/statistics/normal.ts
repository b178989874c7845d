/** The normal distribution, by jstat. */
import jstat from "jstat";

interface Normal {
  cdf(x: number, mean: number, deviation: number): number;
  inv(p: number, mean: number, deviation: number): number;
}

const { normal } = (jstat as unknown as { jStat: { normal: Normal } }).jStat;

export function normalCdf(x: number): number {
  return normal.cdf(x, 0, 1);
}

/** The number that a share `p` of the distribution is below. */
export function normalInverse(p: number): number {
  return normal.inv(p, 0, 1);
}
