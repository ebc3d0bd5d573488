/** A picture of a count by day: the bars, drawn in a box of `width` by `height`. */
export type BarChart = {
  width: number;
  height: number;
  bars: { x: number; y: number; width: number; height: number }[];
  /** The same to be read: every day with its count. */
  rows: { day: string; count: number }[];
  total: number;
  most: number;
  first: string;
  last: string;
};

const WIDTH = 600;
const HEIGHT = 90;
const GAP = 4;

/** @param day writes a day for the reader */
export function barChart(
  counts: readonly { day: string; count: number }[],
  day: (date: Date) => string,
): BarChart {
  const most = Math.max(1, ...counts.map(({ count }) => count));
  const step = WIDTH / Math.max(1, counts.length);
  const rows = counts.map((one) => ({
    day: day(new Date(`${one.day}T12:00:00Z`)),
    count: one.count,
  }));
  return {
    width: WIDTH,
    height: HEIGHT,
    bars: counts.map(({ count }, index) => {
      // A day without any is a line, so that it is seen to be counted.
      const height = Math.max(1, Math.round((count / most) * HEIGHT));
      return { x: round(index * step), y: HEIGHT - height, width: round(step - GAP), height };
    }),
    rows,
    total: counts.reduce((sum, { count }) => sum + count, 0),
    most: Math.max(0, ...counts.map(({ count }) => count)),
    first: rows[0]?.day ?? '',
    last: rows.at(-1)?.day ?? '',
  };
}

const round = (value: number) => Math.round(value * 10) / 10;
