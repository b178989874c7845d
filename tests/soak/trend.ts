/** How much a figure grows, by a straight line through its samples (least squares). */
export interface Sample {
  minutes: number;
  value: number;
}

export interface Growth {
  /** In ten minutes; NaN for less than three samples. */
  growth: number;
  /** Its standard error, as far as the samples' distances from the line tell. */
  error: number;
}

export function growthIn10Minutes(samples: readonly Sample[]): Growth {
  const { length } = samples;
  if (length < 3) return { growth: NaN, error: NaN };
  const mean = (of: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / length;
  const [x, y] = [mean(({ minutes }) => minutes), mean(({ value }) => value)];
  let above = 0;
  let below = 0;
  for (const { minutes, value } of samples) {
    above += (minutes - x) * (value - y);
    below += (minutes - x) ** 2;
  }
  const slope = above / below;
  let off = 0;
  for (const { minutes, value } of samples) off += (value - y - slope * (minutes - x)) ** 2;
  return { growth: slope * 10, error: Math.sqrt(off / (length - 2) / below) * 10 };
}

/** The least of each minute: what is held, without what waits for a collection. */
export function leastByMinute(samples: readonly Sample[]): Sample[] {
  const least = new Map<number, Sample>();
  for (const sample of samples) {
    const minute = Math.floor(sample.minutes);
    const known = least.get(minute);
    if (known === undefined || sample.value < known.value) least.set(minute, sample);
  }
  return [...least.values()];
}
