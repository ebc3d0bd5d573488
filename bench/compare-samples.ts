/** What two tests say of whether two samples come from the same distribution: probabilities of chance. */
export type Comparison = { mannWhitney: number; kolmogorovSmirnov: number };

/** Two-sided; for samples of some dozens or more, by the usual approximations. */
export function compareSamples(a: readonly number[], b: readonly number[]): Comparison {
  return { mannWhitney: mannWhitney(a, b), kolmogorovSmirnov: kolmogorovSmirnov(a, b) };
}

/** Whether one sample tends to be larger: normal approximation with the correction for ties. */
function mannWhitney(a: readonly number[], b: readonly number[]): number {
  const all = [
    ...a.map((value) => ({ value, of: 'a' })),
    ...b.map((value) => ({ value, of: 'b' })),
  ];
  all.sort((left, right) => left.value - right.value);
  let rankSum = 0;
  let ties = 0;
  for (let begin = 0; begin < all.length; ) {
    let end = begin;
    while (end < all.length && all[end]?.value === all[begin]?.value) end += 1;
    const rank = (begin + 1 + end) / 2;
    for (const { of } of all.slice(begin, end)) if (of === 'a') rankSum += rank;
    ties += (end - begin) ** 3 - (end - begin);
    begin = end;
  }
  const [n, m, total] = [a.length, b.length, all.length];
  const mean = (n * (total + 1)) / 2;
  const variance = ((n * m) / 12) * (total + 1 - ties / (total * (total - 1)));
  return 2 * upperTail(Math.abs(rankSum - mean) / Math.sqrt(variance));
}

/** Whether the samples differ in any way: location, spread or shape. */
function kolmogorovSmirnov(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [[...a].sort(ascending), [...b].sort(ascending)];
  let [i, j, distance] = [0, 0, 0];
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] as number, y[j] as number);
    while (x[i] === value) i += 1;
    while (y[j] === value) j += 1;
    distance = Math.max(distance, Math.abs(i / x.length - j / y.length));
  }
  const size = Math.sqrt((x.length * y.length) / (x.length + y.length));
  const lambda = (size + 0.12 + 0.11 / size) * distance;
  if (lambda < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k += 1) sum += (-1) ** (k - 1) * Math.exp(-2 * (k * lambda) ** 2);
  return Math.min(1, Math.max(0, 2 * sum));
}

const ascending = (a: number, b: number) => a - b;

/** The standard normal's, by Abramowitz and Stegun 26.2.17 (absolute error under 1e-7). */
function upperTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series =
    t *
    (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
