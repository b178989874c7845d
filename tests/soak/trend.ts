/** How much a figure grows, by a straight line through its samples (least squares). */
export interface Sample {
  minutes: number;
  value: number;
}

/** Growth in ten minutes; NaN for less than two samples. */
export function growthIn10Minutes(samples: readonly Sample[]): number {
  const { length } = samples;
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ value }) => value)];
  let above = 0;
  let below = 0;
  for (const { minutes, value } of samples) {
    above += (minutes - x) * (value - y);
    below += (minutes - x) ** 2;
  }
  return length < 2 ? NaN : above / below * 10;
}
