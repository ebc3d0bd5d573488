import { readFile } from 'node:fs/promises';
import { parse as parseHtml } from 'node-html-parser';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pageFrame } from '../../src/pages/page-frame.ts';
import { createRenderer } from '../../src/platform/web/render.ts';
import { loadStaticFiles } from '../../src/platform/web/static.ts';
import { applyText } from '../support/apply-text.ts';
import { cloneDatabase, type TestDatabase } from '../support/database.ts';
import { SAMPLE_PAGES, sampleChrome } from '../support/sample-pages.ts';

// docs/conformance.md tells how the suite is run: what it has to copy must be true.

let db: TestDatabase;
let page: string;

beforeAll(async () => {
  db = await cloneDatabase();
  page = await readFile(new URL('../../docs/conformance.md', import.meta.url), 'utf8');
});
afterAll(() => db.drop());

function block(language: string): string {
  const [, text] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(page) ?? [];
  return text as string;
}

it('the file for the suite’s member and clients applies', async () => {
  const plan = await applyText(db.database, block('yaml').replaceAll('SUITE', 'suite.example'));
  const services = plan.changes.filter(({ kind }) => kind === 'service');
  expect(services).toHaveLength(4);
});

it('the clients that the suite is given are those of the file', () => {
  const settings = JSON.parse(block('json')) as Record<string, Record<string, string>>;
  for (const name of ['client', 'client2', 'client_secret_post']) {
    expect(block('yaml')).toContain(`id: ${settings[name]?.client_id}\n`);
    expect(block('yaml')).toContain(`secret: ${settings[name]?.client_secret}\n`);
  }
});

it('the elements that the suite waits for, fills in and clicks are on our pages', () => {
  const renderer = createRenderer(loadStaticFiles(), pageFrame);
  const ids = new Set(
    Object.values(SAMPLE_PAGES).flatMap((model) =>
      parseHtml(renderer.render(model, sampleChrome('fr')))
        .querySelectorAll('[id]')
        .map((element) => element.id),
    ),
  );
  const named = [...block('json').matchAll(/"id", "([\w-]+)"/g)].map(([, id]) => id as string);
  expect(named.length).toBeGreaterThanOrEqual(7);
  for (const id of named) expect(ids).toContain(id);
});
