import { readFileSync } from 'node:fs';
import { type BarChart, barChart } from '../../../src/pages/components/bar-chart.ts';
import type { PageModel } from '../../../src/platform/web/pages.ts';

declare module '../../../src/platform/web/pages.ts' {
  interface Pages {
    /** All that pages are made of, for who works on them; no address shows it. */
    components: {
      page: 'components';
      rows: { name: string; icon: string }[];
      tiles: { name: string; slug: string; icon: string }[];
      chart: BarChart;
      marks: string[];
    };
  }
}

const drawn = readFileSync('src/platform/web/static/icons.svg', 'utf8');
const marks = [...drawn.matchAll(/<symbol id="([\w-]+)"/g)].map(([, id]) => id as string);
const services = marks.slice(0, marks.indexOf('check')).filter((id) => !/phone|screen/.test(id));

export const COMPONENT_PAGES: Record<string, PageModel> = {
  components: {
    page: 'components',
    rows: [
      { name: 'A row', icon: 'inbox' },
      { name: 'Another', icon: 'users' },
    ],
    tiles: services.map((icon) => ({ name: 'A service', slug: icon, icon })),
    chart: barChart(
      Array.from({ length: 30 }, (_, day) => ({
        day: `2026-11-${String(day + 1).padStart(2, '0')}`,
        count: (day * 7) % 13,
      })),
      (date) => `${date.getUTCDate()}/11`,
    ),
    marks,
  },
};
