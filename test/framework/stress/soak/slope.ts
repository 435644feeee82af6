/**
 * Measures growth: the slope of a straight line through samples by least squares, with its confidence interval. Two samples would
 * not be sufficient to distinguish a leak from noise.
 */

export interface Sample {
  /** The independent variable, here the number of calls. */
  at: number;
  value: number;
}

export interface Slope {
  /** Growth of the value per unit of `at`. */
  slope: number;
  /** 95 % confidence interval of the slope. */
  low: number;
  high: number;
}

/**
 * Number of groups. Consecutive samples are similar, so treating them as independent would give a confidence interval that is too
 * narrow. They are combined into groups, each with its mean. Leaks are slower than a group.
 */
const GROUPS = 12;
/** Student's t for 95 %, two-sided, at GROUPS - 2 degrees of freedom. */
const T = 2.228;

/** Throws a RangeError for fewer samples than groups. */
export function slopeOf(samples: readonly Sample[]): Slope {
  if (samples.length < GROUPS) throw new RangeError(`${samples.length} samples are too few for a slope.`);
  const points = Array.from({ length: GROUPS }, (_, group) => {
    const from = Math.floor((group * samples.length) / GROUPS);
    const to = Math.floor(((group + 1) * samples.length) / GROUPS);
    const part = samples.slice(from, to);
    return { at: mean(part.map(({ at }) => at)), value: mean(part.map(({ value }) => value)) };
  });
  const center = { at: mean(points.map(({ at }) => at)), value: mean(points.map(({ value }) => value)) };
  const spread = sum(points.map(({ at }) => (at - center.at) ** 2));
  const slope = sum(points.map(({ at, value }) => (at - center.at) * (value - center.value))) / spread;
  const residual = sum(points.map(({ at, value }) => (value - center.value - slope * (at - center.at)) ** 2));
  const margin = T * Math.sqrt(residual / (GROUPS - 2) / spread);
  return { slope, low: slope - margin, high: slope + margin };
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
