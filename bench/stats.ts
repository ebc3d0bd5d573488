/** The value below which the given part of the sample lies; `part` from 0 to 1. */
export function quantile(sample: readonly number[], part: number): number {
  const sorted = [...sample].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function median(sample: readonly number[]): number {
  return quantile(sample, 0.5);
}

/** What one scenario gave at one number of users in one round. */
export type Measure = {
  rate: number;
  p50: number;
  p95: number;
  p99: number;
  count: number;
  /** Processor time by who used it, in milliseconds for each act. */
  cost?: Cost;
};
export type Cost = { provider: number; database: number; load: number };

/** @param latencies in milliseconds; `seconds` is how long they were gathered */
export function measure(latencies: readonly number[], seconds: number): Measure {
  return {
    rate: latencies.length / seconds,
    p50: quantile(latencies, 0.5),
    p95: quantile(latencies, 0.95),
    p99: quantile(latencies, 0.99),
    count: latencies.length,
  };
}

/** `1.10–1.31`: the least and the most over the rounds. */
export function range(values: readonly number[], digits = 2): string {
  return `${Math.min(...values).toFixed(digits)}–${Math.max(...values).toFixed(digits)}`;
}

/** `1.23 (1.10–1.31)`: the median with its spread over the rounds. */
export function spread(values: readonly number[], digits = 2): string {
  return `${median(values).toFixed(digits)} (${range(values, digits)})`;
}
